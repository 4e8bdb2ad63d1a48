// The counters under $SYS/broker, under the names that mosquitto gives them.

import type { Counters } from './core/counters.js'

/** What is true at the moment. */
export interface Levels {
  version: string
  uptimeSeconds: number
  connected: number
  disconnected: number
  maximum: number
  retained: number
  subscriptions: number
  /** Retained, and waiting for clients with a persistent session. */
  stored: number
  heapUsed: number
}

const rows = [
  ['messages/received', 'messagesReceived'],
  ['messages/sent', 'messagesSent'],
  ['publish/messages/received', 'publishReceived'],
  ['publish/messages/sent', 'publishSent'],
  ['publish/messages/dropped', 'publishDropped'],
  ['publish/bytes/received', 'publishBytesReceived'],
  ['publish/bytes/sent', 'publishBytesSent'],
  ['bytes/received', 'bytesReceived'],
  ['bytes/sent', 'bytesSent'],
] as const

const loadRows = [
  ['load/messages/received', 'messagesReceived'],
  ['load/messages/sent', 'messagesSent'],
  ['load/publish/received', 'publishReceived'],
  ['load/publish/sent', 'publishSent'],
  ['load/publish/dropped', 'publishDropped'],
  ['load/bytes/received', 'bytesReceived'],
  ['load/bytes/sent', 'bytesSent'],
  ['load/sockets', 'sockets'],
  ['load/connections', 'connections'],
] as const

const windows = [
  ['1min', 60_000],
  ['5min', 300_000],
  ['15min', 900_000],
] as const

/** Moving averages of the counters per minute, over 1, 5 and 15 minutes, as the load average of Unix is made. */
export class Loads {
  #before: Counters
  #at: number
  readonly #values = new Map<string, number>()

  constructor(counters: Counters, now: number) {
    this.#before = { ...counters }
    this.#at = now
  }

  update(counters: Counters, now: number): void {
    const elapsed = now - this.#at
    if (elapsed <= 0) return
    for (const [topic, name] of loadRows) {
      const perMinute = ((counters[name] - this.#before[name]) * 60_000) / elapsed
      for (const [window, length] of windows) {
        const key = `${topic}/${window}`
        const decay = Math.exp(-elapsed / length)
        this.#values.set(key, perMinute + decay * ((this.#values.get(key) ?? 0) - perMinute))
      }
    }
    this.#before = { ...counters }
    this.#at = now
  }

  *topics(): Generator<[topic: string, value: string]> {
    for (const [topic] of loadRows) {
      for (const [window] of windows) {
        const key = `${topic}/${window}`
        yield [key, (this.#values.get(key) ?? 0).toFixed(2)]
      }
    }
  }
}

/** Every topic below $SYS/broker/ with its value. */
export function* sysTopics(counters: Counters, levels: Levels): Generator<[topic: string, value: string]> {
  yield ['version', `mqttx ${levels.version}`]
  yield ['uptime', `${levels.uptimeSeconds} seconds`]
  yield ['clients/total', String(levels.connected + levels.disconnected)]
  yield ['clients/connected', String(levels.connected)]
  yield ['clients/disconnected', String(levels.disconnected)]
  yield ['clients/maximum', String(levels.maximum)]
  for (const [topic, name] of rows) yield [topic, String(counters[name])]
  yield ['subscriptions/count', String(levels.subscriptions)]
  yield ['retained messages/count', String(levels.retained)]
  yield ['store/messages/count', String(levels.stored)]
  yield ['heap/current', String(levels.heapUsed)]
}
