// Records the steps of attempts to connect, and finds the one that failed.
import { silenceHint } from '../transport/dial.js'
import type { StepName, StepObserver, StepOutcome } from '../transport/steps.js'
import { tlsCause } from '../transport/tls-failures.js'
import { noAnswerHint } from './failures.js'

export interface Step {
  readonly name: StepName
  readonly target: string
  /** Milliseconds on the clock of the log. */
  readonly begin: number
  /** Undefined while it runs. */
  end: number | undefined
  detail: string
  /** When the certificate of TLS expires, in milliseconds since 1970. */
  expires: number | undefined
  error: Error | undefined
}

/** Attempts whose steps are kept: the last ones. */
const keptAttempts = 20

export class StepLog implements StepObserver {
  readonly #now: () => number
  /** Attempts so far. */
  count = 0
  /** The steps of the last attempts, in the order in which they began. */
  readonly attempts: Step[][] = []

  /** `now`: a monotonic clock in milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  attempt(): void {
    this.count++
    this.attempts.push([])
    if (this.attempts.length > keptAttempts) this.attempts.shift()
  }

  begin(name: StepName, target: string): (outcome: StepOutcome) => void {
    const result = { end: undefined, detail: '', expires: undefined, error: undefined }
    const step: Step = { name, target, begin: this.#now(), ...result }
    this.attempts.at(-1)?.push(step)
    return (outcome) => {
      step.end = this.#now()
      if ('error' in outcome) step.error = outcome.error
      else {
        step.detail = outcome.detail
        step.expires = outcome.expires
      }
    }
  }

  /**
   * The step at which the last attempt failed: the last one begun that failed or still runs; undefined if there is none. A
   * TLS error is one of TLS whenever it comes: a server of TLS 1.3 rejects a client certificate after the handshake.
   */
  get failed(): Pick<Step, 'name' | 'error'> | undefined {
    const last = this.attempts.at(-1)?.findLast(({ end, error }) => end === undefined || error !== undefined)
    const cause = last?.error?.cause
    const isTls = cause instanceof Error && tlsCause(cause) !== undefined
    return isTls ? { name: 'TLS', error: last?.error } : last
  }
}

/** What it means that a step of this name has no result when the time is up, and what to try. */
export function stalledHint(name: StepName): string {
  switch (name) {
    case 'DNS':
      return 'the DNS does not answer: try the address of the server with -h'
    case 'TCP':
    case 'socket':
      return silenceHint
    case 'proxy':
      return 'the proxy does not answer: is it a proxy of this kind, and can it reach the server?'
    case 'TLS':
      return 'the server does not answer the TLS handshake: is it a port for TLS?'
    case 'WebSocket':
      return 'the server does not answer the WebSocket upgrade: is it a WebSocket port?'
    case 'CONNACK':
      return noAnswerHint
    case 'SUBACK':
      return 'the server does not answer SUBSCRIBE: its log may have the reason'
    case 'round trip':
      return 'the server does not deliver the message: may this user publish and receive on this topic? See -t'
    case 'message':
      return 'nothing is published there, or this user may not receive it'
    case 'session':
      return 'the connection is up, but what the command waits for has not come'
    default:
      return name satisfies never
  }
}
