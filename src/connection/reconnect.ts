// When to try again after a connection was lost or could not be made.
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectionError, ConnectRefused, type MqttxError } from '../errors.js'

const firstDelayMs = 250
const maxDelayMs = 30_000

/**
 * The pause in milliseconds before attempt `attempt` (from 1): doubling from a quarter of a second to half a
 * minute, each shortened or lengthened by up to a fifth so that the clients of a restarted server do not come all at
 * once. `random` is in [0, 1).
 */
export function delayMs(attempt: number, random: number): number {
  const delay = Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(attempt - 1, 20))
  return Math.round(delay * (0.8 + 0.4 * random))
}

/** CONNACK codes that may be gone a moment later: server unavailable, busy, quota, connection rate. */
const passing = new Set([3, 0x88, 0x89, 0x97, 0x9f])

/**
 * True for a failure that another attempt may not meet: the network's, or a server that is not ready.
 * @param again there was a connection before
 */
export function isPassing(error: unknown, again: boolean): error is MqttxError {
  if (error instanceof ConnectRefused) return passing.has(error.reasonCode)
  return error instanceof ConnectionError && (again || !error.onlyReconnect)
}

export interface Attempts {
  /** How many pauses with an attempt after each. */
  readonly retries: number
  /** Attempts that were made before, to no avail. */
  readonly made: number
  /** Ends the pause; its reason is thrown. */
  readonly signal: AbortSignal
  /** Why the attempt before failed, and when the next comes. */
  retrying(error: MqttxError, delayMs: number): void
}

/**
 * Makes `attempt` until it succeeds. `lost` is the loss to recover from: then a pause comes first.
 * @throws what the last attempt threw, or the first failure that another attempt would only meet again
 */
export async function persist(
  attempt: () => Promise<void>,
  attempts: Attempts,
  lost?: MqttxError,
): Promise<void> {
  let failure: Error | undefined = lost ?? (await outcome(attempt))
  for (let made = attempts.made + 1; failure !== undefined; made++) {
    if (attempts.signal.aborted || !isPassing(failure, lost !== undefined) || made > attempts.retries)
      throw failure
    const delay = delayMs(made, Math.random())
    attempts.retrying(failure, delay)
    await sleep(delay, undefined, { signal: attempts.signal })
    failure = await outcome(attempt)
  }
}

/** The error that `attempt` ends with; undefined for success. */
function outcome(attempt: () => Promise<void>): Promise<Error | undefined> {
  return attempt().then(
    () => undefined,
    (error: Error) => error,
  )
}

/** A connection that held so long was of use, even if nothing came. */
const steadyMs = 30_000

/** Connects, and connects again, with pauses that grow until a connection has been of use. */
export class Redial {
  readonly #attempt: (signal: AbortSignal, again: boolean) => Promise<void>
  readonly #retrying: Attempts['retrying']
  #fruitless = 0
  #attempts = 0
  #upSince = Number.POSITIVE_INFINITY
  #stopped = false
  /** Only while there is something to stop: a connection that is up needs none. */
  #abort: AbortController | undefined

  /** `attempt` is given a signal that says when to give up, and whether it is not the first. */
  constructor(
    attempt: (signal: AbortSignal, again: boolean) => Promise<void>,
    retrying: Attempts['retrying'],
  ) {
    this.#attempt = attempt
    this.#retrying = retrying
  }

  /**
   * @param lost the loss to recover from, at `now`; undefined for the first connection
   * @throws what the last attempt threw
   */
  connect(retries: number, lost?: { error: MqttxError; now: number }): Promise<void> {
    if (lost !== undefined && this.upFor(lost.now) > steadyMs) this.#fruitless = 0
    const retrying: Attempts['retrying'] = (error, delay) => {
      this.#fruitless++
      this.#retrying(error, delay)
    }
    const abort = new AbortController()
    const { signal } = abort
    if (this.#stopped) abort.abort()
    this.#abort = abort
    return persist(
      () => this.#attempt(signal, this.#attempts++ > 0),
      { retries, made: this.#fruitless, signal, retrying },
      lost?.error,
    ).finally(() => {
      if (this.#abort === abort) this.#abort = undefined
    })
  }

  /** Gives up the attempt or pause under way, and makes no other. */
  stop(): void {
    this.#stopped = true
    this.#abort?.abort()
  }

  /** The server has accepted the connection. */
  up(now: number): void {
    this.#upSince = now
  }

  /** How long the connection has been up, in milliseconds. */
  upFor(now: number): number {
    return now - this.#upSince
  }

  /** Something has been delivered over this connection, one way or the other. */
  useful(): void {
    this.#fruitless = 0
  }
}
