// Runs statements against a server and judges it.
import { MqttxError } from '../errors.js'
import { Lab, type Target } from './lab.js'
import type { Record } from './record.js'
import type { Feature, Statement } from './statement.js'
import { Inconclusive, NotOffered, Violation } from './violation.js'

export type Verdict = 'kept' | 'violated' | 'skipped' | 'unclear'

export interface Judgement {
  readonly statement: Statement
  readonly verdict: Verdict
  /** What was seen, or why nothing was: one line; empty if the statement is kept. */
  readonly reason: string
  /** What passed on the connections; undefined if there were none. */
  readonly record: Record | undefined
  /** Milliseconds. */
  readonly took: number
}

export interface JudgeOptions {
  readonly target: Target
  /** Features that the server lacks, each with the reason. */
  readonly missing: ReadonlyMap<Feature, string>
  /** Exchanges at a time. */
  readonly jobs: number
  /** A statement whose exchange takes longer is unclear; milliseconds. */
  readonly limitMs: number
  readonly signal: AbortSignal
  /** Called for each judgement, in the order of `statements`. */
  judged(judgement: Judgement): void
}

/** @throws the reason of `signal` if it is aborted; what was created on the server is removed before */
export async function judge(statements: readonly Statement[], options: JudgeOptions): Promise<Judgement[]> {
  const judgements: Judgement[] = []
  let next = 0
  let reported = 0
  const work = async (): Promise<void> => {
    while (next < statements.length && !options.signal.aborted) {
      const index = next++
      judgements[index] = await judged(statements[index]!, options)
      for (; judgements[reported] !== undefined; reported++) options.judged(judgements[reported]!)
    }
  }
  await Promise.all(Array.from({ length: options.jobs }, work))
  options.signal.throwIfAborted()
  return judgements
}

async function judged(statement: Statement, options: JudgeOptions): Promise<Judgement> {
  const lacking = statement.needs?.find((feature) => options.missing.has(feature))
  if (lacking !== undefined) {
    const reason = `${lacking}: ${options.missing.get(lacking)}`
    return { statement, verdict: 'skipped', reason, record: undefined, took: 0 }
  }
  const start = performance.now()
  const lab = new Lab(options.target, statement.version, statement.id)
  const { verdict, reason } = await outcome(statement, lab, options)
  const took = performance.now() - start
  await lab.clean().catch(() => {}) // the server may refuse anything after an exchange that MQTT forbids
  return { statement, verdict, reason, record: lab.record, took }
}

async function outcome(
  statement: Statement,
  lab: Lab,
  { limitMs, signal }: JudgeOptions,
): Promise<Pick<Judgement, 'verdict' | 'reason'>> {
  let late: NodeJS.Timeout | undefined
  let aborted = () => {}
  const limit = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Inconclusive(`not done after ${limitMs} ms`)), limitMs)
    aborted = () => reject(signal.reason as Error)
    signal.addEventListener('abort', aborted)
  })
  try {
    await Promise.race([statement.check(lab), limit])
    return { verdict: 'kept', reason: '' }
  } catch (error) {
    const { message } = error as Error
    if (error instanceof Violation) return { verdict: 'violated', reason: message }
    if (error instanceof NotOffered) return { verdict: 'skipped', reason: message }
    if (error instanceof Inconclusive || error instanceof MqttxError || signal.aborted)
      return { verdict: 'unclear', reason: message }
    throw error
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', aborted)
  }
}
