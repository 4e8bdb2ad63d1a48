// A small gateway for tests of the client: it answers as MQTT-SN 1.2 says, or as a script says. One client; no server.
import { Buffer } from 'node:buffer'
import { createSocket, type Socket } from 'node:dgram'
import type { AddressInfo } from 'node:net'
import { decodeMessage, encodeMessage } from '../../src/codec/mqtt-sn.js'
import type { SnFilter, SnMessage, SnTopic } from '../../src/codec/mqtt-sn-messages.js'
import { Retransmission } from '../../src/sn/retransmission.js'

/** What the gateway has got from the client, as the server would. */
export interface Got {
  readonly topic: string
  readonly payload: string
  readonly qos: number
  readonly retain: boolean
}

interface ToClient {
  readonly topic: string
  readonly data: Uint8Array
  readonly qos: 0 | 1 | 2
  phase: 'register' | 'publish' | 'release'
  messageId: number
  dup: boolean
}

/** Messages in place of the answer; undefined: the answer of the specification. */
export type Script = (message: SnMessage, gateway: ScriptedGateway) => readonly SnMessage[] | undefined

export class ScriptedGateway {
  readonly received: SnMessage[] = []
  readonly got: Got[] = []
  readonly ids = new Map<string, number>()
  readonly predefined = new Map<number, string>()
  readonly filters: SnFilter[] = []
  will: { topic: string; payload: string } | undefined
  state: 'off' | 'active' | 'asleep' | 'awake' = 'off'
  readonly #send: (datagram: Buffer) => void
  readonly #script: Script
  readonly #retry: Retransmission
  readonly #known = new Set<string>()
  /** MsgIds at QoS 2. The client counts up: one that was released comes again only if it was delayed. */
  readonly #unreleased = new Set<number>()
  #queue: ToClient[] = []
  #current: ToClient | undefined
  #lastId = 0
  #now = 0

  constructor(
    send: (datagram: Buffer) => void,
    script: Script = () => undefined,
    retry = { retryMs: 1000, retries: 1_000_000 },
  ) {
    this.#send = send
    this.#script = script
    this.#retry = new Retransmission(retry)
  }

  get deadline(): number {
    return this.#retry.deadline
  }

  /** Messages for the client that it has not acknowledged. */
  get left(): number {
    return this.#queue.length + (this.#current === undefined ? 0 : 1)
  }

  tick(now: number): void {
    this.#now = now
    if (this.#retry.tick(now) === 'again' && this.#current !== undefined) this.#transmit(this.#current)
  }

  send(...messages: readonly SnMessage[]): void {
    for (const message of messages) this.#send(encodeMessage(message))
  }

  /** A message for the client, which must be subscribed. */
  publish(topic: string, payload: string, qos: 0 | 1 | 2, now: number): void {
    this.#now = now
    const isKnown = this.#known.has(topic) || this.#topicOf(topic).kind !== 'normal'
    const phase = isKnown ? 'publish' : 'register'
    this.#queue.push({ topic, data: Buffer.from(payload), qos, phase, messageId: 0, dup: false })
    this.#next()
  }

  receive(datagram: Uint8Array, now: number): void {
    this.#now = now
    const message = decodeMessage(datagram)
    if (message.type === undefined) throw new Error(message.fault)
    this.received.push(message)
    const scripted = this.#script(message, this)
    if (scripted !== undefined) return this.send(...scripted)
    this.#answer(message)
  }

  #answer(message: SnMessage): void {
    switch (message.type) {
      case 'searchgw':
        return this.send({ type: 'gwinfo', gatewayId: 5, gatewayAddress: Buffer.alloc(0) })
      case 'connect':
        this.state = 'active'
        if (message.cleanSession) {
          this.#known.clear()
          this.#unreleased.clear()
        }
        if (message.will) return this.send({ type: 'willtopicreq' })
        return this.#accept()
      case 'willtopic':
        this.will = { topic: message.willTopic, payload: '' }
        return this.send({ type: 'willmsgreq' })
      case 'willmsg':
        this.will = { topic: this.will?.topic ?? '', payload: Buffer.from(message.data).toString() }
        return this.#accept()
      case 'register': {
        const { messageId, name } = message
        return this.send({ type: 'regack', topicId: this.#idOf(name), messageId, returnCode: 0 })
      }
      case 'publish':
        return this.#onPublish(message)
      case 'pubrel':
        return this.send({ type: 'pubcomp', messageId: message.messageId })
      case 'subscribe':
        return this.#onSubscribe(message)
      case 'unsubscribe':
        return this.send({ type: 'unsuback', messageId: message.messageId })
      case 'pingreq':
        if (message.clientId === '') return this.send({ type: 'pingresp' })
        this.state = 'awake'
        this.#next()
        return this.#endWake()
      case 'disconnect':
        this.state = message.duration === undefined ? 'off' : 'asleep'
        this.#retry.stop()
        return this.send({ type: 'disconnect', duration: undefined })
      default:
        return this.#onAnswer(message)
    }
  }

  #accept(): void {
    this.send({ type: 'connack', returnCode: 0 })
    if (this.#current !== undefined) this.#start(this.#current)
    else this.#next()
  }

  #onPublish(message: Extract<SnMessage, { type: 'publish' }>): void {
    const { topic, messageId, qos, retain, data } = message
    const name = this.#nameOf(topic)
    const topicId = topic.kind === 'short' ? Buffer.from(topic.name).readUInt16BE() : topic.id
    if (name === undefined) {
      if (qos >= 0) this.send({ type: 'puback', topicId, messageId, returnCode: 2 })
      return
    }
    const isNew = qos !== 2 || !this.#unreleased.has(messageId)
    if (isNew) this.got.push({ topic: name, payload: Buffer.from(data).toString(), qos, retain })
    if (qos === 1) this.send({ type: 'puback', topicId, messageId, returnCode: 0 })
    if (qos !== 2) return
    this.#unreleased.add(messageId)
    this.send({ type: 'pubrec', messageId })
  }

  #onSubscribe(message: Extract<SnMessage, { type: 'subscribe' | 'unsubscribe' }>): void {
    const { topic, messageId, qos } = message
    this.filters.push(topic)
    const isName = topic.kind === 'name' && !/[+#]/.test(topic.name)
    const topicId = isName ? this.#idOf(topic.name) : 'id' in topic ? topic.id : 0
    if (isName) this.#known.add(topic.name)
    this.send({ type: 'suback', qos, topicId, messageId, returnCode: 0 })
  }

  #onAnswer(message: SnMessage): void {
    const current = this.#current
    if (current === undefined || !('messageId' in message) || message.messageId !== current.messageId) {
      if (message.type === 'pubrec') this.send({ type: 'pubrel', messageId: message.messageId })
      return
    }
    if (message.type === 'regack' && current.phase === 'register') {
      this.#known.add(current.topic)
      current.phase = 'publish'
      this.#start(current)
    } else if (message.type === 'puback' && message.returnCode === 2) {
      current.phase = 'register'
      this.#start(current)
    } else if (message.type === 'puback' && current.phase === 'publish' && current.qos === 1) this.#done()
    else if (message.type === 'pubrec' && current.phase === 'publish') {
      current.phase = 'release'
      this.#start(current)
    } else if (message.type === 'pubcomp' && current.phase === 'release') this.#done()
  }

  #done(): void {
    this.#current = undefined
    this.#retry.stop()
    this.#next()
    this.#endWake()
  }

  #endWake(): void {
    if (this.state !== 'awake' || this.left > 0) return
    this.state = 'asleep'
    this.send({ type: 'pingresp' })
  }

  #next(): void {
    while (this.#current === undefined && this.state !== 'asleep' && this.state !== 'off') {
      const next = this.#queue.shift()
      if (next === undefined) return
      this.#current = next
      this.#lastId = (this.#lastId % 65_535) + 1
      next.messageId = this.#lastId
      this.#start(next)
    }
  }

  #start(message: ToClient): void {
    this.#transmit(message)
    if (message.phase !== 'publish' || message.qos > 0) return this.#retry.start(this.#now)
    this.#current = undefined
    this.#retry.stop()
  }

  #transmit(message: ToClient): void {
    const { topic, data, qos, phase, messageId, dup } = message
    if (phase === 'register')
      return this.send({ type: 'register', topicId: this.#idOf(topic), messageId, name: topic })
    if (phase === 'release') return this.send({ type: 'pubrel', messageId })
    message.dup = qos > 0
    const target = this.#topicOf(topic)
    const id = qos > 0 ? messageId : 0
    this.send({ type: 'publish', dup, qos, retain: false, topic: target, messageId: id, data })
  }

  #topicOf(name: string): SnTopic {
    for (const [id, known] of this.predefined) if (known === name) return { kind: 'predefined', id }
    if (Buffer.byteLength(name) === 2) return { kind: 'short', name }
    return { kind: 'normal', id: this.#idOf(name) }
  }

  #idOf(name: string): number {
    const known = this.ids.get(name)
    if (known !== undefined) return known
    const id = this.ids.size + 1
    this.ids.set(name, id)
    return id
  }

  #nameOf(topic: SnTopic): string | undefined {
    if (topic.kind === 'short') return topic.name
    if (topic.kind === 'predefined') return this.predefined.get(topic.id)
    for (const [name, id] of this.ids) if (id === topic.id) return name
    return undefined
  }
}

/** A scripted gateway on UDP. */
export interface UdpGateway {
  readonly gateway: ScriptedGateway
  readonly port: number
  /** Arguments that name it. */
  readonly at: readonly string[]
  readonly socket: Socket
  close(): void
}

export async function udpGateway(script?: Script, host = '127.0.0.1'): Promise<UdpGateway> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  let peer = { port: 0, address: host }
  let isOpen = true
  const gateway = new ScriptedGateway((datagram) => {
    if (isOpen) socket.send(datagram, peer.port, peer.address)
  }, script)
  socket.on('message', (datagram, from) => {
    peer = from
    gateway.receive(datagram, performance.now())
  })
  await new Promise<void>((resolve) => socket.bind(0, host, resolve))
  const { port } = socket.address() as AddressInfo
  return {
    ...{ gateway, port, socket },
    at: ['-V', 'mqtt-sn', '-h', host, '-p', String(port)],
    close() {
      if (isOpen) socket.close()
      isOpen = false
    },
  }
}
