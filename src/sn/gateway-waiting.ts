// Messages that wait for a client of a gateway, and what the Outbox that has them is given.
import { maxDatagram } from '../codec/mqtt-sn.js'
import type { SnMessage } from '../codec/mqtt-sn-messages.js'
import type { ClientAddress } from './gateway-address.js'
import type { Budget, ClientTopics } from './gateway-topics.js'
import type { GatewayLimits, Incoming, Source } from './gateway-types.js'
import type { RetrySettings } from './retransmission.js'

export interface OutboxPorts {
  readonly topics: ClientTopics
  readonly limits: GatewayLimits
  /** Bytes that wait for all clients. */
  readonly waiting: Budget
  readonly retry: RetrySettings
  address(): ClientAddress
  /** The identifier by which the client has subscribed to the name. */
  predefinedId(name: string): number | undefined
  random(): number
  send(bytes: Uint8Array): void
  /** The client has shown that it receives what is sent to its address. */
  proved(): void
  dropped(why: string): void
  hold(full: boolean): void
  /** What waited when the client woke has been delivered. */
  emptied(): void
  /** No answer after N_retry times. */
  silent(): void
}

export interface Item extends Incoming {
  readonly done: (() => void) | undefined
}

/** What the client has to answer next. */
export type Step = 'idle' | 'register' | 'publish' | 'pubrel' | 'challenge'

/** An answer from the client with a message identifier. */
export interface ClientAnswer {
  /** Only REGACK, PUBACK, PUBREC and PUBCOMP answer something. */
  readonly type: SnMessage['type']
  readonly messageId: number
  readonly topicId?: number
  readonly returnCode?: number
}

/** Beside its payload and its topic, what a message costs. */
const itemOverhead = 150

/** What answers each step. */
export const answers: Readonly<Record<Step, readonly ClientAnswer['type'][]>> = {
  idle: [],
  register: ['regack'],
  challenge: ['regack'],
  publish: ['puback', 'pubrec'],
  pubrel: ['pubcomp', 'pubrec'],
}

/** Beside the data, what PUBLISH has at most. */
export const publishOverhead = 9
/** Beside the name, what REGISTER has at most. */
const registerOverhead = 8

/** True if datagrams to `source` carry the message and the REGISTER of its topic. */
export function fits({ topic, payload }: Incoming, { overhead = 0 }: Source): boolean {
  const room = maxDatagram - overhead
  if (payload.length + publishOverhead > room) return false
  const isShort = topic.length * 3 + registerOverhead <= room
  return isShort || Buffer.byteLength(topic) + registerOverhead <= room
}

/** Bytes that a message costs while it waits, about. */
export function sizeOf({ topic, payload }: Incoming): number {
  return itemOverhead + topic.length * 2 + payload.length
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
