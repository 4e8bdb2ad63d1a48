// SUBSCRIBE of MQTT-SN has one topic: the answers of several are collected for one event.
import type { ConnectionEvents } from './events.js'

interface Group {
  readonly event: 'suback' | 'unsuback'
  readonly ids: readonly number[]
  readonly codes: number[]
  left: number
  reason: string | undefined
}

export class SubscribeGroups {
  readonly #events: ConnectionEvents
  readonly #groups = new Map<number, Group>()

  constructor(events: ConnectionEvents) {
    this.#events = events
  }

  /** `ids`: MsgIds that await answers, at least one. @returns the first of them, by which the event names the group */
  add(event: Group['event'], ids: readonly number[]): number {
    const group: Group = { event, ids, codes: ids.map(() => 0x80), left: ids.length, reason: undefined }
    for (const id of ids) this.#groups.set(id, group)
    return ids[0]!
  }

  /** `code` is the granted QoS, or a Reason Code from 0x80 on. */
  answered(id: number, code: number, reason: string | undefined): void {
    const group = this.#groups.get(id)
    if (group === undefined) return
    this.#groups.delete(id)
    group.codes[group.ids.indexOf(id)] = code
    group.reason ??= reason
    if (--group.left > 0) return
    this.#events[group.event]?.(group.codes, { messageId: group.ids[0]!, reason: group.reason })
  }

  /** The connection is lost: there will be no answers. */
  clear(): void {
    this.#groups.clear()
  }
}
