// --explain: shows the packets of a session, imaginary or real, and the steps of connecting.
import { type Duplex, Writable } from 'node:stream'
import { reasonText } from '../codec/reason-codes.js'
import { serverOf } from '../connection/ends.js'
import type { ConnectOptions } from '../connection/options.js'
import { type Step, StepLog } from '../connection/step-log.js'
import { ExitCode } from '../errors.js'
import type { Host } from '../host.js'
import type { Packet } from '../inspect/packet.js'
import type { ConnectionFacts, View } from '../inspect/views/view.js'
import { Output } from '../io/output.js'
import { count } from '../text.js'
import { AcceptingServer } from './accepting-server.js'
import type { ExplainArgs, Work } from './explain-args.js'
import { failedStep, reasonOf } from './failed-step.js'
import { bytesView, StreamTrace } from './trace.js'

/** @returns the exit status of `work`; 0 without --connect */
export async function explained(
  args: ExplainArgs,
  options: ConnectOptions,
  host: Host,
  work: Work,
): Promise<number> {
  const { stdout, env } = host
  const output = new Output(stdout)
  const unprinted = new Writable({ write: (_chunk, _encoding, done) => done() })
  unprinted.on('error', () => {})
  output.onFailure = (error) => void unprinted.destroy(error) // ends a command that would go on
  const page = new Page(output, await bytesView(output, args, { stream: stdout, env }))
  const session = args.connect ? new RealSession(host, page) : new ImaginarySession(options, page)
  const view = session.view
  const trace = new StreamTrace({ server: serverOf(options), view, print: () => page.flush() })
  const observe = (stream: Duplex): void => {
    options.observe?.(stream)
    trace.observe(stream)
  }
  const given = session.optionsFrom({ ...options, reconnects: 0, observe })
  const quiet = Object.create(host, { stdout: { value: unprinted } }) as Host
  let failure: unknown
  const status = await work(given, quiet).catch((error: unknown) => {
    failure = error
    return ExitCode.bug
  })
  await trace.end()
  output.text(session.closing(failure))
  await output.finish()
  if (failure === undefined || session.forgives) return failure === undefined ? status : ExitCode.ok
  throw failure
}

/** Standard output. */
class Page {
  readonly output: Output
  readonly view: View
  #taken: Promise<void> | undefined

  constructor(output: Output, view: View) {
    this.output = output
    this.view = view
  }

  /** True while the reader takes nothing. */
  get blocked(): boolean {
    return this.#taken !== undefined
  }

  /** Resolves when the reader has taken what is written; rejects with the failure of standard output. */
  taken(): Promise<void> | undefined {
    return this.#taken ?? this.output.flush()
  }

  /** A failure is thrown at the end, by `finish`. */
  flush(): void {
    if (this.blocked) return
    try {
      this.#taken = this.output.flush()?.finally(() => {
        this.#taken = undefined
      })
      this.#taken?.catch(() => {})
    } catch {}
  }
}

interface Session {
  readonly view: View
  optionsFrom(options: ConnectOptions): ConnectOptions
  /** What is printed at the end. `failure`: what the command has thrown. */
  closing(failure: unknown): string
  /** The failure is no failure of the command. */
  readonly forgives: boolean
}

/** Packets to a server that accepts everything; only those of the client are shown. */
class ImaginarySession implements Session {
  readonly view: View
  readonly #server: AcceptingServer

  constructor(options: ConnectOptions, page: Page) {
    this.#server = new AcceptingServer(options, () => page.taken())
    this.view = {
      packet(packet, connection) {
        if (packet.direction === 's2c') return
        packet.number = 0 // not one of a stream: without its time and its connection
        page.view.packet(packet, connection)
      },
      flush: () => page.view.flush?.(),
    }
  }

  optionsFrom(options: ConnectOptions): ConnectOptions {
    return { ...options, retries: 0, openStream: () => this.#server }
  }

  get forgives(): boolean {
    return this.#server.challenged
  }

  closing(): string {
    if (!this.#server.challenged) return 'Nothing was sent. --connect sends it and shows the answers.\n'
    return 'The next packet depends on what the server answers: --connect shows it. Nothing was sent.\n'
  }
}

/** A session with the server, and the steps of connecting to it. */
class RealSession implements Session {
  readonly view: View
  readonly forgives = false
  readonly #log: StepLog
  readonly #start: number
  #dropped = 0
  /** The first PUBACK or PUBREC that refuses a message. */
  #refusal: string | undefined

  constructor(host: Host, page: Page) {
    this.#log = new StepLog(() => host.now())
    this.#start = host.now()
    const { view } = page
    this.view = {
      opened: (connection: ConnectionFacts) => view.opened?.(connection),
      skipped: (...args) => view.skipped?.(...args),
      closed: (...args) => view.closed?.(...args),
      flush: () => view.flush?.(),
      packet: (packet, connection) => {
        this.#refusal ??= refusalIn(packet)
        if (page.blocked) this.#dropped++
        else view.packet(packet, connection)
      },
    }
  }

  optionsFrom(options: ConnectOptions): ConnectOptions {
    return { ...options, endpoint: { ...options.endpoint, steps: this.#log } }
  }

  closing(failure: unknown): string {
    const { attempts, count: made } = this.#log
    const dropped =
      this.#dropped === 0
        ? ''
        : `${count(this.#dropped, 'packet')} not shown: standard output was too slow.\n\n`
    const earlier = made - attempts.length
    const left = earlier === 0 ? '' : `${count(earlier, 'earlier attempt')} not shown.\n`
    const steps = attempts
      .map((steps, i) => {
        const title = made === 1 ? 'Steps' : `Steps of attempt ${earlier + i + 1}`
        return `${title} (begin and duration in ms):\n${steps.map((step) => this.#line(step)).join('')}`
      })
      .join('\n')
    return dropped + left + steps + this.#verdict(failure)
  }

  #verdict(failure: unknown): string {
    const failed = failedStep(this.#log, failure)
    if (failed !== undefined) {
      const hints = failed.hints.map((hint) => `hint: ${hint}\n`).join('')
      return `\nThe step that failed is ${failed.name}: ${failed.reason}.\n${hints}`
    }
    return this.#refusal === undefined ? '' : `\nThe step that failed is ${this.#refusal}.\n`
  }

  #line({ name, target, begin, end, detail, error }: Step): string {
    const at = (begin - this.#start).toFixed(1).padStart(9)
    const took = (end === undefined ? '-' : (end - begin).toFixed(1)).padStart(9)
    const result = error === undefined ? detail : `failed: ${reasonOf(error)}`
    const text = [target, result].filter((part) => part !== '').join(': ')
    return `${`${at} ${took}  ${name.padEnd(9)}  ${text}`.trimEnd()}\n`
  }
}

const [puback, pubrec] = [4, 5]

function refusalIn({ direction, type, reasonCode }: Packet): string | undefined {
  if (direction === 'c2s' || reasonCode < 0x80 || (type !== puback && type !== pubrec)) return undefined
  return `${type === puback ? 'PUBACK' : 'PUBREC'}: ${reasonText(reasonCode)}`
}
