// The probe: connects, subscribes, publishes a unique message and waits for it, and for fresh messages.
import { randomBytes } from 'node:crypto'
import type { Fresh } from '../../cli/options/check.js'
import type { QoS } from '../../codec/publish.js'
import { preparePublish } from '../../codec/publish-properties.js'
import { reasonText } from '../../codec/reason-codes.js'
import { Connection } from '../../connection/connection.js'
import type { ConnectOptions } from '../../connection/options.js'
import { PublishRefused } from '../../connection/server-limits.js'
import { type Step, StepLog, stalledHint } from '../../connection/step-log.js'
import { ExitCode, MqttxError } from '../../errors.js'
import { matches } from '../../session/topic-filter.js'
import { shown } from '../../text.js'
import { type FailedStep, failedStep } from '../failed-step.js'

export interface ProbeSettings {
  readonly topic?: string | undefined
  readonly qos: QoS
  readonly noRoundTrip: boolean
  readonly fresh: readonly Fresh[]
  /** Milliseconds for everything. */
  readonly timeoutMs: number
}

export interface ProbeResult {
  readonly steps: readonly Step[]
  /** Undefined: everything succeeded. */
  readonly failure: { readonly step: FailedStep | undefined; readonly error: MqttxError } | undefined
}

/** How long the server may take to close after DISCONNECT, in milliseconds. */
const farewellMs = 500
/** Reason Code. */
const qosNotSupported = 0x9b

/** `signal` ends it; its reason is then the failure. `now`: a monotonic clock in milliseconds. */
export async function probe(
  options: ConnectOptions,
  settings: ProbeSettings,
  { signal, now }: { signal: AbortSignal; now: () => number },
): Promise<ProbeResult> {
  const log = new StepLog(now)
  const run = new Probe(options, settings, log)
  const limit = new AbortController()
  const late = setTimeout(() => limit.abort(tooLate(settings.timeoutMs)), settings.timeoutMs)
  signal.addEventListener('abort', () => limit.abort(signal.reason), { once: true })
  const stopped = new Promise<never>((_, reject) => {
    limit.signal.addEventListener('abort', () => reject(limit.signal.reason as Error), { once: true })
  })
  try {
    await Promise.race([run.all(), stopped])
    return { steps: log.attempts.at(-1) ?? [], failure: undefined }
  } catch (error) {
    if (!(error instanceof MqttxError)) throw error
    const failure = { step: failedStep(log, error), error }
    return { steps: log.attempts.at(-1) ?? [], failure }
  } finally {
    clearTimeout(late)
    run.end()
  }
}

function tooLate(timeoutMs: number): MqttxError {
  return new MqttxError(`Timed out after ${timeoutMs / 1000} s`, { exitCode: ExitCode.timeout })
}

/** A message that is waited for. */
interface Awaited {
  readonly filter: string
  arrived(): void
}

class Probe {
  readonly #settings: ProbeSettings
  readonly #log: StepLog
  readonly #connection: Connection
  readonly #version: ConnectOptions['version']
  readonly #topic: string
  readonly #content = randomBytes(16)
  readonly #fresh = new Set<Awaited>()
  #granted = (_codes: readonly number[]): void => {}
  #returned = (): void => {}
  #refused = (_error: MqttxError): void => {}

  constructor(options: ConnectOptions, settings: ProbeSettings, log: StepLog) {
    this.#settings = settings
    this.#log = log
    this.#version = options.version
    this.#topic = settings.topic ?? `mqttx-check/${randomBytes(8).toString('hex')}`
    this.#connection = new Connection(
      { ...options, endpoint: { ...options.endpoint, steps: log }, retries: 0, reconnects: 0 },
      {
        message: ({ topic, payload, retain }) => {
          if (topic === this.#topic && this.#content.equals(payload)) this.#returned()
          if (!retain) this.#arrived(topic)
        },
        suback: (codes) => this.#granted(codes),
        settled: (code, { reason }) => {
          if (code >= 0x80) this.#refused(publishRefused(this.#topic, code, reason))
        },
      },
    )
  }

  /** @throws MqttxError at the first step that fails */
  async all(): Promise<void> {
    const { noRoundTrip, fresh } = this.#settings
    await this.#connection.connect()
    const ended = this.#connection.ended()
    const work = async (): Promise<void> => {
      const waits = fresh.map((one) => this.#message(one)) // before the round trip: their time begins now
      await this.#subscribe(fresh.map(({ filter }) => filter))
      if (!noRoundTrip) await this.#roundTrip()
      await Promise.all(waits)
    }
    await Promise.race([work(), ended])
    await this.#connection.close(0, farewellMs)
  }

  end(): void {
    this.#connection.destroy()
  }

  /** @throws MqttxError if the server refuses one of the filters */
  async #subscribe(filters: readonly string[]): Promise<void> {
    if (filters.length === 0) return
    const { qos } = this.#settings
    const granted = new Promise<readonly number[]>((resolve) => {
      this.#granted = resolve
    })
    this.#connection.subscribe(filters, { qos })
    this.#connection.flush()
    const codes = await granted
    const refused = codes.findIndex((code) => code >= 0x80)
    if (refused === -1) return
    const code = codes[refused]!
    throw new MqttxError(`Subscription to ${shown(filters[refused]!)} refused: ${reasonText(code)}`, {
      exitCode: code,
      hint: "check the server's access control list for this user",
    })
  }

  async #roundTrip(): Promise<void> {
    await this.#subscribe([this.#topic])
    const end = this.#log.begin('round trip', shown(this.#topic))
    try {
      const back = new Promise<void>((resolve, reject) => {
        this.#returned = resolve
        this.#refused = reject
      })
      const qos = this.#publish(this.#settings.qos)
      this.#connection.flush()
      await back
      end({ detail: `QoS ${qos}` })
    } catch (error) {
      end({ error: error as Error })
      throw error
    }
  }

  /** @returns the QoS, which is lower than `qos` if CONNACK demands it */
  #publish(qos: QoS): QoS {
    try {
      const template = preparePublish(this.#topic, { qos, retain: false, version: this.#version })
      this.#connection.publish(template, this.#content)
      return qos
    } catch (error) {
      if (!(error instanceof PublishRefused) || error.reasonCode !== qosNotSupported || qos === 0) throw error
      return this.#publish((qos - 1) as QoS)
    }
  }

  /** Resolves when a message has come that is not retained; rejects after its time. */
  #message({ filter, within }: Fresh): Promise<void> {
    const end = this.#log.begin('message', shown(filter))
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        const error = new MqttxError(`No message on ${shown(filter)} within ${within / 1000} s`, {
          exitCode: ExitCode.check,
          hint: stalledHint('message'),
        })
        end({ error })
        reject(error)
      }, within)
      late.unref()
      const awaited = {
        filter,
        arrived: () => {
          this.#fresh.delete(awaited)
          clearTimeout(late)
          end({ detail: '' })
          resolve()
        },
      }
      this.#fresh.add(awaited)
    })
  }

  #arrived(topic: string): void {
    for (const awaited of this.#fresh) if (matches(awaited.filter, topic)) awaited.arrived()
  }
}

function publishRefused(topic: string, code: number, reason: string | undefined): MqttxError {
  return new MqttxError(`Message on ${shown(topic)} refused: ${reason ?? reasonText(code)}`, {
    exitCode: code,
    hint: "check the server's access control list for this user",
  })
}
