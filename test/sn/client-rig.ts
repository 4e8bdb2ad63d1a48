// An SnClient whose calls are recorded.
import { Buffer } from 'node:buffer'
import { decodeMessage, encodeMessage } from '../../src/codec/mqtt-sn.js'
import type { SnMessage } from '../../src/codec/mqtt-sn-messages.js'
import { SnClient } from '../../src/sn/client.js'
import type { SnClientSettings, SnClientSink, SnPublication, SnTarget } from '../../src/sn/client-types.js'
import { PredefinedTopics } from '../../src/sn/predefined.js'

export const named = (name: string): SnTarget => ({ kind: 'name', name })

export const publication = (
  target: SnTarget,
  payload = 'x',
  rest: Partial<SnPublication> = {},
): SnPublication => ({ target, qos: 1, retain: false, data: Buffer.from(payload), ...rest })

export const settingsOf = (given: Partial<SnClientSettings> = {}): SnClientSettings => ({
  ...{
    clientId: 'c',
    cleanSession: true,
    keepAlive: 60,
    will: undefined,
    predefined: new PredefinedTopics(),
  },
  ...{ retryMs: 10_000, retries: 3, sleep: undefined },
  ...given,
})

export interface Rig {
  readonly client: SnClient
  /** What was sent since the last call. */
  sent(): SnMessage[]
  /** What the client has reported since the last call: `settled 1 0`. */
  events(): string[]
  /** The gateway sends a message at this time. */
  gateway(message: SnMessage, now?: number): void
}

export function rig(given: Partial<SnClientSettings> = {}): Rig {
  let sent: SnMessage[] = []
  let events: string[] = []
  const note = (name: keyof SnClientSink) =>
    ((...args: unknown[]) => void events.push([name, ...args].join(' '))) as never
  const client = new SnClient(settingsOf(given), {
    send: (datagram) => void sent.push(decodeMessage(datagram) as SnMessage),
    message: ({ topic, data, qos }) =>
      void events.push(`message ${topic} ${Buffer.from(data).toString()} ${qos}`),
    ...{ connected: note('connected'), refused: note('refused'), lost: note('lost'), closed: note('closed') },
    ...{ settled: note('settled'), answered: note('answered'), dropped: note('dropped') },
    ...{ congested: note('congested'), asleep: note('asleep') },
  })
  return {
    client,
    sent() {
      const all = sent
      sent = []
      return all
    },
    events() {
      const all = events
      events = []
      return all
    },
    gateway(message, now = 0) {
      client.receive(encodeMessage(message), now)
      client.acknowledge(now)
    },
  }
}

/** A rig whose client is connected, and has sent nothing since. */
export function connected(given: Partial<SnClientSettings> = {}): Rig {
  const made = rig(given)
  made.client.connect(0)
  made.gateway({ type: 'connack', returnCode: 0 })
  made.sent()
  made.events()
  return made
}
