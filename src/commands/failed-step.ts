// Says which step of connecting has failed, why, and what to try.
import { type Step, type StepLog, stalledHint } from '../connection/step-log.js'
import { clause, ExitCode, MqttxError } from '../errors.js'
import { shownLine } from '../text.js'

export interface FailedStep {
  readonly name: Step['name']
  /** One line. */
  readonly reason: string
  readonly hints: readonly string[]
}

/** `failure`: what the work has thrown; undefined if it reports the failure otherwise. Undefined if no step has failed. */
export function failedStep({ failed }: StepLog, failure: unknown): FailedStep | undefined {
  if (failed === undefined) return undefined
  const { name, error } = failed
  const known = failure instanceof MqttxError ? failure : undefined
  if (!(error instanceof MqttxError) || error.exitCode === ExitCode.timeout)
    return { name, reason: noResult, hints: [stalledHint(name)] }
  return { name, reason: reasonOf(known ?? error), hints: (known?.hints ?? []).map(shownLine) }
}

const noResult = 'no result in time'

export function reasonOf(error: Error): string {
  return error instanceof MqttxError ? shownLine(clause(error)) : noResult
}
