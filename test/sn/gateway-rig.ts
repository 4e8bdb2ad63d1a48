// A gateway core with a server that does what a test says, and clients that are datagrams.
import { decodeMessage, encodeMessage } from '../../src/codec/mqtt-sn.js'
import type { SnMessage } from '../../src/codec/mqtt-sn-messages.js'
import { Gateway } from '../../src/sn/gateway.js'
import {
  defaultLimits,
  type GatewayLimits,
  type GatewaySettings,
  type Incoming,
  type Source,
  type Upstream,
  type UpstreamEvents,
  type UpstreamLink,
  type UpstreamRequest,
} from '../../src/sn/gateway-types.js'
import { parsePredefined } from '../../src/sn/predefined.js'

export const retryMs = 1000
export const retries = 3

/** The server's side of a client. */
export class FakeLink implements UpstreamLink {
  up = false
  writable = true
  readonly request: UpstreamRequest
  readonly events: UpstreamEvents
  readonly calls: string[] = []
  readonly published: { token: number; topic: string; payload: string; qos: number; retain: boolean }[] = []
  #token = 0

  constructor(request: UpstreamRequest, events: UpstreamEvents) {
    this.request = request
    this.events = events
  }

  accept(sessionPresent = false): void {
    this.up = true
    this.events.accepted(sessionPresent)
  }

  publish(topic: string, payload: Uint8Array, qos: 0 | 1 | 2, retain: boolean): number {
    const token = ++this.#token
    this.published.push({ token, topic, payload: Buffer.from(payload).toString(), qos, retain })
    return token
  }

  subscribe(filter: string, qos: 0 | 1 | 2): number {
    this.calls.push(`subscribe ${filter} ${qos}`)
    return ++this.#token
  }

  unsubscribe(filter: string): number {
    this.calls.push(`unsubscribe ${filter}`)
    return ++this.#token
  }

  hold(full: boolean): void {
    this.calls.push(full ? 'hold' : 'go on')
  }

  close(): void {
    this.calls.push('close')
    this.up = false
  }

  cut(): void {
    this.calls.push('cut')
    this.up = false
  }

  /** A message from the server. */
  message(topic: string, payload: string, more: Partial<Incoming> = {}): { done: boolean } {
    const state = { done: false }
    const message = {
      topic,
      payload: Buffer.from(payload),
      qos: 0,
      retain: false,
      dup: false,
      ...more,
    } as const
    this.events.message(
      message,
      message.qos === 0
        ? undefined
        : () => {
            state.done = true
          },
    )
    return state
  }

  /** The last token that was given. */
  get token(): number {
    return this.#token
  }
}

export interface Datagram {
  readonly to: string
  readonly bytes: Buffer
  readonly message: SnMessage
}

export interface RigOptions {
  readonly limits?: Partial<GatewayLimits>
  readonly settings?: Partial<GatewaySettings>
  readonly predefined?: string
  /** The server accepts each connection at once. */
  readonly accepting?: boolean
}

export class Rig {
  now = 1000
  readonly links: FakeLink[] = []
  readonly sent: Datagram[] = []
  readonly broadcasts: SnMessage[] = []
  readonly log: string[] = []
  readonly unconnected: string[] = []
  readonly gateway: Gateway
  #seed = 7

  constructor({ limits, settings, predefined = '', accepting = true }: RigOptions = {}) {
    const upstream: Upstream = {
      open: (request, events) => {
        const link = new FakeLink(request, events)
        this.links.push(link)
        if (accepting) queueMicrotask(() => link.calls.includes('cut') || link.accept())
        return link
      },
      publish: (topic, payload) => {
        this.unconnected.push(`${topic} ${Buffer.from(payload)}`)
        return true
      },
    }
    this.gateway = new Gateway({
      settings: {
        ...{ gatewayId: 9, retryMs, retries, predefined: parsePredefined(predefined, 'topics') },
        limits: { ...defaultLimits, ...limits },
        ...settings,
      },
      upstream,
      events: {
        connected: ({ clientId }) => this.log.push(`connected ${clientId}`),
        refused: (clientId, _, why) => this.log.push(`refused ${clientId} ${why}`),
        left: (clientId, how) => this.log.push(`${how} ${clientId}`),
        slept: (clientId, seconds) => this.log.push(`slept ${clientId} ${seconds}`),
        moved: (clientId, { key }) => this.log.push(`moved ${clientId} ${key}`),
        dropped: (clientId, why) => this.log.push(`dropped ${clientId} ${why}`),
        ignored: ({ key }, why) => this.log.push(`ignored ${key} ${why}`),
      },
      now: () => this.now,
      random: () => {
        this.#seed = (Math.imul(this.#seed, 1103515245) + 12345) & 0x7fffffff
        return (this.#seed >> 8) & 0xffff
      },
      send: ({ key }, bytes) => {
        const copy = Buffer.from(bytes)
        this.sent.push({ to: key, bytes: copy, message: decodeMessage(copy) as SnMessage })
      },
      broadcast: (bytes) => this.broadcasts.push(decodeMessage(bytes) as SnMessage),
    })
  }

  /** The last connection to the server. */
  get link(): FakeLink {
    return this.links.at(-1)!
  }

  raw(bytes: Uint8Array, from = 'a'): void {
    const source: Source = { key: from }
    this.gateway.receive(bytes, source, this.now)
  }

  /** Lets `ms` pass. */
  pass(ms: number): void {
    const end = this.now + ms
    while (this.gateway.deadline <= end) {
      this.now = Math.max(this.now, this.gateway.deadline)
      this.gateway.tick(this.now)
    }
    this.now = end
  }

  /** What has been sent to an address since the last call. */
  take(to = 'a'): SnMessage[] {
    const found = this.sent.filter((datagram) => datagram.to === to)
    for (const datagram of found) this.sent.splice(this.sent.indexOf(datagram), 1)
    return found.map(({ message }) => message)
  }

  /** Sends a message and returns what was sent to its address. */
  ask(message: Ask, from = 'a'): SnMessage[] {
    this.take(from)
    this.raw(encodeMessage(whole(message)), from)
    return this.take(from)
  }

  async connect(clientId = 'sensor-one', more: Partial<Ask> = {}, from = 'a'): Promise<FakeLink> {
    this.ask({ type: 'connect', clientId, ...more } as Ask, from)
    await Promise.resolve()
    this.take(from)
    return this.link
  }

  /** Answers what is asked of the address until it is proved. */
  async prove(from = 'a'): Promise<void> {
    const [regack] = this.ask({ type: 'register', name: 'proof' } as Ask, from)
    const { topicId } = regack as { topicId: number }
    this.ask({ type: 'publish', topic: { kind: 'normal', id: topicId } } as Ask, from)
    this.link.published.length = 0
  }
}

type Ask = Partial<Record<string, unknown>> & { readonly type: SnMessage['type'] }

const defaults: Readonly<Record<string, unknown>> = {
  protocolId: 1,
  will: false,
  cleanSession: true,
  duration: 60,
  clientId: '',
  dup: false,
  qos: 0,
  retain: false,
  messageId: 0,
  topicId: 0,
  returnCode: 0,
  radius: 0,
  data: Buffer.from('x'),
}

function whole(message: Ask): SnMessage {
  const forType = message.type === 'disconnect' ? { duration: undefined } : {}
  return { ...defaults, ...forType, ...message } as unknown as SnMessage
}

export function messageBytes(message: Ask): Buffer {
  return encodeMessage(whole(message))
}
