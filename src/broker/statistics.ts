// The counters under $SYS/broker, under the names that mosquitto gives them.

/** What is counted as it happens. All of them only grow. */
export interface Totals {
  messagesReceived: number
  messagesSent: number
  publishReceived: number
  publishSent: number
  publishDropped: number
  publishBytesReceived: number
  publishBytesSent: number
  bytesReceived: number
  bytesSent: number
  sockets: number
  connections: number
}

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

export const zeroTotals = (): Totals => ({
  messagesReceived: 0,
  messagesSent: 0,
  publishReceived: 0,
  publishSent: 0,
  publishDropped: 0,
  publishBytesReceived: 0,
  publishBytesSent: 0,
  bytesReceived: 0,
  bytesSent: 0,
  sockets: 0,
  connections: 0,
})

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
  #before: Totals
  #at: number
  readonly #values = new Map<string, number>()

  constructor(totals: Totals, now: number) {
    this.#before = { ...totals }
    this.#at = now
  }

  update(totals: Totals, now: number): void {
    const elapsed = now - this.#at
    if (elapsed <= 0) return
    for (const [topic, name] of loadRows) {
      const perMinute = ((totals[name] - this.#before[name]) * 60_000) / elapsed
      for (const [window, length] of windows) {
        const key = `${topic}/${window}`
        const decay = Math.exp(-elapsed / length)
        this.#values.set(key, perMinute + decay * ((this.#values.get(key) ?? 0) - perMinute))
      }
    }
    this.#before = { ...totals }
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
export function* sysTopics(totals: Totals, levels: Levels): Generator<[topic: string, value: string]> {
  yield ['version', `mqttx ${levels.version}`]
  yield ['uptime', `${levels.uptimeSeconds} seconds`]
  yield ['clients/total', String(levels.connected + levels.disconnected)]
  yield ['clients/connected', String(levels.connected)]
  yield ['clients/disconnected', String(levels.disconnected)]
  yield ['clients/maximum', String(levels.maximum)]
  for (const [topic, name] of rows) yield [topic, String(totals[name])]
  yield ['subscriptions/count', String(levels.subscriptions)]
  yield ['retained messages/count', String(levels.retained)]
  yield ['store/messages/count', String(levels.stored)]
  yield ['heap/current', String(levels.heapUsed)]
}
