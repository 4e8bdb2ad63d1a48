// Finds out what a server can, by doing it.
import type { ProtocolVersion, QoS } from '../../codec/publish.js'
import { refusalText } from '../../codec/reason-codes.js'
import { ConnectRefused, ExitCode, MqttxError } from '../../errors.js'
import { Lab, type Target } from '../lab.js'
import type { Feature } from '../statement.js'
import { Inconclusive, Violation } from '../violation.js'
import { declaredNo, type Finding, Lacking, no, Refusal, unknown } from './finding.js'
import type { Group, Known, Probe } from './probe.js'
import { speaks } from './probes/connection.js'
import { basics, probes } from './probes/index.js'

export interface Capability extends Finding {
  /** Its name in JSON. */
  readonly key: string
  /** Its name in a table. */
  readonly label: string
  readonly group: Group
}

export interface DiscoverOptions {
  readonly target: Target
  readonly signal: AbortSignal
  /** Of MQTT, for all but the versions themselves. Default: the newest that the server speaks. */
  readonly version?: ProtocolVersion
  /** Probes at a time. */
  readonly jobs: number
  /** Which probes are run, by key. Default: all. */
  wanted?(key: string): boolean
  /** Called after each probe. */
  progress(done: number, all: number): void
}

export interface Discovery {
  /** In the order of the table. */
  readonly capabilities: readonly Capability[]
  /** Why something may be left on the server: a line for each probe that could not clean up. */
  readonly leftovers: readonly string[]
}

/** A probe that takes longer has no result; milliseconds. */
const limitMs = 60_000

const versions = [
  { version: 3, key: 'mqtt-3.1', label: 'MQTT 3.1' },
  { version: 4, key: 'mqtt-3.1.1', label: 'MQTT 3.1.1' },
  { version: 5, key: 'mqtt-5', label: 'MQTT 5' },
] as const

/**
 * @throws MqttxError if the server cannot be reached or accepts no version of MQTT; the reason of `signal` if it is
 * aborted, after what was created on the server is removed
 */
export async function discover(options: DiscoverOptions): Promise<Discovery> {
  const { wanted = () => true } = options
  const run = new Run(options)
  const spoken = await Promise.all(versions.map(({ version }) => run.version(version)))
  const usable = spoken.filter((one) => options.version === undefined || one.version === options.version)
  const best = usable.findLast(({ finding }) => finding.value === true)
  if (best === undefined) throw refused(usable)
  const capabilities = await run.all(best.version, best.window, ({ key }) => wanted(key))
  return {
    capabilities: [
      ...versions.map(({ key, label }, index) => ({
        ...{ key, label, group: 'Connection' as const },
        ...spoken[index]!.finding,
      })),
      ...capabilities,
    ],
    leftovers: run.leftovers,
  }
}

/**
 * Features that the server says it lacks in `version`, and before MQTT 5, in which it cannot say so, those that do not
 * work, each with the reason.
 * @throws as `discover`
 */
export async function missingFeatures(
  version: ProtocolVersion,
  options: DiscoverOptions,
): Promise<Map<Feature, string>> {
  const run = new Run(options)
  const spoken = await run.version(version)
  if (spoken.finding.value !== true) throw refused([spoken])
  const missing = new Map<Feature, string>()
  const isMissing = ({ isDeclared }: Finding) => version < 5 || isDeclared === true
  const capabilities = await run.all(
    version,
    spoken.window,
    ({ feature, since }) => feature !== undefined && since <= version,
  )
  for (const { feature, key, value, detail, ...rest } of capabilities) {
    if (key === 'maximum-qos' && isMissing({ value, detail, ...rest })) {
      for (const qos of [1, 2] as const) if (Number(value ?? 2) < qos) missing.set(`qos ${qos}`, detail)
    } else if (feature !== undefined && (value === false || value === 0)) {
      if (isMissing({ value, detail, ...rest })) missing.set(feature, detail)
    }
  }
  return missing
}

type Spoken = Awaited<ReturnType<typeof speaks>> & { version: ProtocolVersion }

class Run {
  readonly leftovers: string[] = []
  readonly #options: DiscoverOptions
  readonly #aborted: Promise<never>

  constructor(options: DiscoverOptions) {
    this.#options = options
    const { signal } = options
    this.#aborted = new Promise((_, reject) => {
      if (signal.aborted) reject(signal.reason as Error)
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    })
    this.#aborted.catch(() => {})
  }

  async version(version: ProtocolVersion): Promise<Spoken> {
    const none = { code: 0, window: 0, version }
    return this.#within(version, 'version', async (lab) => ({ ...(await speaks(lab)), version })).catch(
      (error: unknown) => {
        if (error instanceof Violation) return { ...none, finding: no(error.message) }
        throw error
      },
    )
  }

  /** Runs the basics, and then the others that `wanted` selects. */
  async all(
    version: ProtocolVersion,
    window: number,
    wanted: (probe: Probe) => boolean,
  ): Promise<(Capability & Pick<Probe, 'feature'>)[]> {
    const { jobs, signal, progress } = this.#options
    const list = probes.filter((probe) => basics.includes(probe) || wanted(probe))
    const findings = new Map<Probe, Finding>()
    const known: Known = { qos: 0, window }
    const run = async (probe: Probe, more: Known): Promise<Finding> => {
      const finding = await this.#finding(probe, version, more)
      findings.set(probe, finding)
      progress(findings.size, list.length)
      return finding
    }
    const delivery = await run(basics[0]!, known)
    const why = delivery.value === true ? undefined : delivery.detail
    const qos = why === undefined ? ((await run(basics[1]!, known)).value as QoS | undefined) : undefined
    const queue = list
      .filter((probe) => !basics.includes(probe) && (why === undefined || probe.hasNoTopic === true))
      .sort((a, b) => Number(b.isSlow === true) - Number(a.isSlow === true))
    const work = async () => {
      for (let probe = queue.shift(); probe !== undefined && !signal.aborted; probe = queue.shift())
        await run(probe, { qos: qos ?? 0, window })
    }
    await Promise.all(Array.from({ length: jobs }, work))
    signal.throwIfAborted()
    return list.map((probe) => {
      const { key, label, group, feature } = probe
      const finding = findings.get(probe) ?? unknown('no message gets through')
      return { key, label, group, ...(feature && { feature }), ...finding }
    })
  }

  async #finding(probe: Probe, version: ProtocolVersion, known: Known): Promise<Finding> {
    if (probe.since > version) return declaredNo(probe.since === 5 ? 'MQTT 5 only' : 'not in MQTT 3.1')
    try {
      return await this.#within(version, probe.key, (lab) => probe.run(lab, known))
    } catch (error) {
      const { message } = error as Error
      if (error instanceof Refusal) return error.finding
      if (error instanceof Lacking) return declaredNo(message)
      if (error instanceof Violation) return no(message)
      if (error instanceof Inconclusive || error instanceof MqttxError) return unknown(message)
      throw error
    }
  }

  /** Runs `work`, and cleans up. */
  async #within<T>(version: ProtocolVersion, name: string, work: (lab: Lab) => Promise<T>): Promise<T> {
    const lab = new Lab(this.#options.target, version, name.replaceAll('.', '-'))
    let late: NodeJS.Timeout | undefined
    const limit = new Promise<never>((_, reject) => {
      late = setTimeout(() => reject(new Inconclusive(`not done after ${limitMs / 1000} s`)), limitMs)
    })
    try {
      return await Promise.race([work(lab), this.#aborted, limit])
    } finally {
      clearTimeout(late)
      await lab.clean().catch((error: Error) => this.leftovers.push(`${lab.prefix}: ${error.message}`))
    }
  }
}

/** The error for a server that accepts none of the versions. */
function refused(spoken: readonly Spoken[]): MqttxError {
  const first = spoken.findLast(({ code, finding }) => code !== 0 && finding.isDeclared !== true)
  const other = first ?? spoken.findLast(({ code }) => code !== 0)
  if (other !== undefined) return new ConnectRefused(refusalText(other.code, other.version), other.code)
  const { detail } = spoken.at(-1)!.finding
  const failed = spoken.length === 1 ? 'does not accept this version of MQTT' : 'accepts no version of MQTT'
  return new MqttxError(`The server ${failed}: ${detail}`, {
    exitCode: ExitCode.protocol,
    hint: 'mqttx check URL shows at which step it fails',
  })
}
