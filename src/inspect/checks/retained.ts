// Checks of RETAIN in messages to a subscriber (MQTT 5.0, 3.3.1.3): without Retain As Published it is 1 only on retained
// messages sent because of a SUBSCRIBE, one per topic for each SUBSCRIBE that requests them.

import { boundedKey, payloadHash } from '../content-hash.js'
import type { Packet } from '../packet.js'
import { type RuleKey, violation } from '../rules.js'
import type { LateViolation } from '../views/view.js'
import { type ConnectionState, report } from './state.js'

/** Seconds after the last SUBSCRIBE or retained message in which more retained messages may arrive. */
const settled = 60
const mostTopics = 10_000
const mostLate = 20

/** The properties of a subscription that its retained messages depend on. */
export interface RetainRequest {
  /** Subscription Options of all SUBSCRIBEs, or-ed. */
  readonly anyOptions: number
  readonly times: number
  /** Number of SUBSCRIBEs that request retained messages. */
  readonly triggers: number
  /** Time of the second and the last of these; -1 if there is none. */
  readonly secondTrigger: number
  readonly lastTrigger: number
  readonly shared: boolean
}

interface Retained {
  count: number
  readonly firstTime: number
  lastTime: number
  /** Content hash; 0 if the content changed, or came at QoS 0. */
  hash: number
  number: number
  asking: RetainRequest | undefined
}

const retainAsPublished = 8

export class RetainedChecks {
  readonly #state: ConnectionState
  readonly #topics = new Map<string, Retained>()
  #last = -1

  constructor(state: ConnectionState) {
    this.#state = state
  }

  /** Checks a message with RETAIN 1. */
  delivered(
    packet: Packet,
    topic: string,
    { matching, lastSubscribe }: { matching: readonly RetainRequest[]; lastSubscribe: number },
  ): void {
    const { connect } = this.#state
    // A bridge requests RETAIN as published by a bit of its protocol level.
    if (connect === undefined || connect.level >= 0x80 || packet.dup) return
    if (
      matching.some(
        ({ anyOptions, shared }) => shared || (packet.version === 5 && anyOptions & retainAsPublished),
      )
    ) {
      return
    }
    const before = lastSubscribe > this.#last ? lastSubscribe : this.#last
    this.#last = packet.seconds
    const count = this.#count(packet, topic, matching)
    const triggers = matching.reduce((sum, asking) => sum + asking.triggers, 0)
    if (count > triggers) return this.#tooMany(packet, matching, triggers)
    const said = this.#state.lastTime.s2c
    if (packet.seconds >= 0 && before >= 0 && said - before > settled) report(packet, 'retain-on-live')
  }

  #tooMany(packet: Packet, matching: readonly RetainRequest[], triggers: number): void {
    const key: RuleKey = matching.some((asking) => asking.times > asking.triggers)
      ? 'retain-handling'
      : 'retain-on-live'
    const asked =
      triggers === 0
        ? 'no retained messages were requested'
        : `retained messages were requested ${triggers} times and have all arrived`
    report(
      packet,
      key,
      key === 'retain-handling' ? `${asked} (Retain Handling)` : `RETAIN is 1, and ${asked}`,
    )
  }

  #count(packet: Packet, topic: string, matching: readonly RetainRequest[]): number {
    const hash = packet.qos === 0 ? 0 : payloadHash(packet)
    const key = boundedKey(topic)
    const known = this.#topics.get(key)
    if (known === undefined) {
      if (this.#topics.size >= mostTopics) return 0
      const { seconds, number } = packet
      const asking = matching.length === 1 ? matching[0] : undefined
      this.#topics.set(key, { count: 1, firstTime: seconds, lastTime: seconds, hash, number, asking })
      return 1
    }
    if (known.hash !== hash) known.hash = 0
    if (matching.length !== 1) known.asking = undefined
    known.lastTime = packet.seconds
    known.number = packet.number
    return ++known.count
  }

  /** Retained messages that came first and last, but not for every SUBSCRIBE between, as [MQTT-3.3.1-9] requires. */
  *missing(current: (asking: RetainRequest) => RetainRequest | undefined): Generator<LateViolation> {
    if (this.#state.version !== 5 || !this.#state.fresh) return
    let reported = 0
    for (const [topic, { count, firstTime, lastTime, hash, number, asking }] of this.#topics) {
      const now = asking === undefined ? undefined : current(asking)
      if (now === undefined || hash === 0 || count < 2 || count >= now.triggers || reported === mostLate)
        continue
      if (firstTime < 0 || firstTime >= now.secondTrigger || lastTime <= now.lastTrigger) continue
      const times = `requested ${now.triggers} times and sent ${count} times [MQTT-3.3.1-9]`
      const found = violation(
        'retain-handling',
        5,
        0,
        `the retained message of ${topic.slice(0, 100)} was ${times}`,
      )
      reported++
      if (found !== undefined) yield { ...found, packet: number, direction: 's2c' }
    }
  }
}
