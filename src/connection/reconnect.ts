// Attempts to connect, and to connect again after a loss.
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectionError, ConnectRefused, type MqttxError } from '../errors.js'

const firstDelayMs = 250
const maxDelayMs = 30_000

/**
 * The pause in milliseconds before attempt `attempt` (from 1). It doubles from 250 ms to 30 s, and varies by up to 20%
 * so that the clients of a restarted server do not all reconnect at once. `random` is in [0, 1).
 */
export function delayMs(attempt: number, random: number): number {
  const delay = Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(attempt - 1, 20))
  return Math.round(delay * (0.8 + 0.4 * random))
}

/** CONNACK codes that may be temporary: server unavailable, busy, quota, connection rate. */
const transientCodes = new Set([3, 0x88, 0x89, 0x97, 0x9f])

/**
 * True for a failure that another attempt may not meet: of the network, or a server that is not ready.
 * @param reconnect there was a connection before
 */
export function isTransient(error: unknown, reconnect: boolean): error is MqttxError {
  if (error instanceof ConnectRefused) return transientCodes.has(error.reasonCode)
  return error instanceof ConnectionError && (reconnect || !error.onlyReconnect)
}

export interface RetryOptions {
  /** Attempts after the first, or after a loss. */
  readonly retries: number
  /** Attempts of these that have been made and have failed. */
  readonly failed: number
  /** Ends a pause and prevents further attempts. */
  readonly signal: AbortSignal
  /** Reports the last failure, and the pause before the next attempt in milliseconds. */
  retrying(error: MqttxError, delayMs: number): void
}

/**
 * Repeats `attempt` until it succeeds. After the loss `lost`, the first attempt comes after a pause.
 * @throws the last failure, or the first that is not transient
 */
export async function retry(
  attempt: () => Promise<void>,
  options: RetryOptions,
  lost?: MqttxError,
): Promise<void> {
  const { retries, signal } = options
  let failure: Error | undefined = lost ?? (await outcome(attempt))
  for (let next = options.failed + 1; failure !== undefined; next++) {
    if (signal.aborted || !isTransient(failure, lost !== undefined) || next > retries) throw failure
    const delay = delayMs(next, Math.random())
    options.retrying(failure, delay)
    await sleep(delay, undefined, { signal })
    failure = await outcome(attempt)
  }
}

/** The error of `attempt`; undefined if it succeeds. */
function outcome(attempt: () => Promise<void>): Promise<Error | undefined> {
  return attempt().then(
    () => undefined,
    (error: Error) => error,
  )
}

/** After a connection of this length the count of failed attempts starts again, even if nothing was delivered. */
const stableMs = 30_000

/** Connects and reconnects. The pauses grow until a connection has delivered something or has been stable. */
export class Reconnector {
  readonly #attempt: (signal: AbortSignal, again: boolean) => Promise<void>
  readonly #retrying: RetryOptions['retrying']
  /** Attempts since the last connection that was of use. */
  #failed = 0
  #attempts = 0
  /** Set only while an attempt or a pause is under way: idle connections keep no controller. */
  #abort: AbortController | undefined

  /** `attempt` receives a signal that aborts it, and whether there was an attempt before. */
  constructor(
    attempt: (signal: AbortSignal, again: boolean) => Promise<void>,
    retrying: RetryOptions['retrying'],
  ) {
    this.#attempt = attempt
    this.#retrying = retrying
  }

  /**
   * @param lost the loss to recover from, and how long the connection was up; undefined for the first connection
   * @throws the last failure
   */
  connect(retries: number, lost?: { error: MqttxError; upMs: number }): Promise<void> {
    if (lost !== undefined && lost.upMs > stableMs) this.#failed = 0
    const retrying: RetryOptions['retrying'] = (error, delay) => {
      this.#failed++
      this.#retrying(error, delay)
    }
    const abort = new AbortController()
    const { signal } = abort
    this.#abort = abort
    return retry(
      () => this.#attempt(signal, this.#attempts++ > 0),
      { retries, failed: this.#failed, signal, retrying },
      lost?.error,
    ).finally(() => {
      if (this.#abort === abort) this.#abort = undefined
    })
  }

  /** Aborts the attempt or pause that is under way. */
  stop(): void {
    this.#abort?.abort()
  }

  /** The connection has delivered a message, one way or the other. */
  delivered(): void {
    this.#failed = 0
  }
}
