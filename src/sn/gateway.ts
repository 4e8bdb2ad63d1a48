// A gateway of MQTT-SN 1.2 without sockets and clocks: datagrams and the time in, datagrams and a deadline out. What it
// wants of the server it asks of an Upstream.
import { decodeMessage, encodeMessage, maxDatagram } from '../codec/mqtt-sn.js'
import { SnCode, type SnConnect, type SnMessage, type SnPublish } from '../codec/mqtt-sn-messages.js'
import { Timer, Timers } from '../session/timers.js'
import { ClientAddress } from './gateway-address.js'
import { GatewayClient } from './gateway-client.js'
import type { ClientPorts } from './gateway-phase.js'
import { isTopicName } from './gateway-subscriptions.js'
import { ClientTable } from './gateway-table.js'
import type { GatewayOptions, Source } from './gateway-types.js'

/** An address behind a forwarder (5.5): the forwarder's, and the identifier of the node there. */
interface Node extends Source {
  readonly via: Source
  readonly radius: number
  readonly nodeId: Uint8Array
}

/** A sleeping client asks from another address, which has to show that it is right. */
interface Claim {
  readonly client: GatewayClient
  readonly address: ClientAddress
  readonly messageId: number
}

/** Bytes of a Client Identifier; the specification has 23 characters, MQTT servers take more. */
const longestClientId = 256
/** Bytes of a Wireless Node Id: the Length of what has it is one octet (5.5). */
const longestNodeId = 252
/** Claims, and addresses whose DISCONNECT is answered again. */
const mostRemembered = 1000

const disconnect = encodeMessage({ type: 'disconnect', duration: undefined })

/** What a client sends only to a gateway that knows it. */
const needsSession = new Set<SnMessage['type']>([
  ...(['willtopicupd', 'willmsgupd', 'register', 'publish', 'pubrel'] as const),
  ...(['subscribe', 'unsubscribe', 'pingreq'] as const),
])

export class Gateway {
  readonly #options: GatewayOptions
  readonly #timers = new Timers()
  readonly #table: ClientTable
  readonly #ports: ClientPorts<GatewayClient>
  readonly #claims = new Map<string, Claim>()
  /** Addresses that have said goodbye. */
  readonly #gone = new Set<string>()
  #stopped = false

  constructor(options: GatewayOptions) {
    const { limits, advertise } = options.settings
    this.#options = options
    this.#table = new ClientTable(limits.clients)
    this.#ports = {
      options,
      timers: this.#timers,
      waiting: { used: 0, limit: limits.allQueueBytes },
      names: { used: 0, limit: limits.allTopicBytes },
      send: (to, bytes) => this.#send(to, bytes),
      proved: (client) => this.#table.proved(client),
      left: (client, kept) => this.#left(client, kept),
    }
    if (advertise !== undefined) this.#advertise(advertise)
  }

  /** Clients, those included that are away. */
  get clients(): number {
    return this.#table.size
  }

  /** When to call `tick` next. */
  get deadline(): number {
    return this.#timers.deadline()
  }

  tick(now: number): void {
    this.#timers.run(now)
  }

  /** Handles a datagram. `bytes` is not kept. */
  receive(bytes: Uint8Array, source: Source, now: number): void {
    if (this.#stopped) return
    const message = decodeMessage(bytes)
    if (message.type === undefined) return this.#options.events.ignored(source, message.fault)
    if (message.type !== 'forwarded') return this.#handle(message, source, bytes.length, now)
    const inner = decodeMessage(message.message)
    if (inner.type === undefined) return this.#options.events.ignored(source, inner.fault)
    if (inner.type === 'forwarded') return this.#options.events.ignored(source, 'FORWARDED in FORWARDED')
    const { radius, nodeId } = message
    if (nodeId.length > longestNodeId)
      return this.#options.events.ignored(source, 'FORWARDED with a Wireless Node Id that is too long')
    const overhead = 3 + nodeId.length
    const key = `${source.key} ${Buffer.from(nodeId).toString('hex')}`
    const kept = Uint8Array.prototype.slice.call(nodeId)
    const node: Node = { key, overhead, via: source, radius, nodeId: kept }
    this.#handle(inner, node, message.message.length, now)
  }

  /** Ends all connections orderly: DISCONNECT to the clients and to the server. */
  stop(): void {
    this.#stopped = true
    for (const client of [...this.#table.all()]) client.leave('stopped')
  }

  #handle(message: SnMessage, source: Source, bytes: number, now: number): void {
    if (message.type === 'advertise' || message.type === 'gwinfo') return // of gateways, this one included
    if (message.type === 'connect') return this.#connect(message, source, bytes, now)
    if (message.type === 'searchgw') {
      const { gatewayId } = this.#options.settings
      return this.#send(
        source,
        encodeMessage({ type: 'gwinfo', gatewayId, gatewayAddress: new Uint8Array() }),
      )
    }
    const client = this.#table.at(source)
    if (message.type === 'publish' && message.qos === -1) {
      if (client?.phase !== 'active') return this.#publishUnconnected(message, source)
    }
    if (client === undefined) return this.#stranger(message, source, bytes, now)
    client.heard(bytes, now)
    this.#table.heard(client)
    client.receive(message, now)
  }

  #connect(message: SnConnect, source: Source, bytes: number, now: number): void {
    const { clientId, protocolId } = message
    const { events } = this.#options
    if (protocolId !== 1 || clientId === '' || Buffer.byteLength(clientId) > longestClientId) {
      events.refused(clientId, source, protocolId === 1 ? 'its Client Identifier' : `version ${protocolId}`)
      return this.#send(source, encodeMessage({ type: 'connack', returnCode: SnCode.notSupported }))
    }
    this.#gone.delete(source.key)
    let client = this.#table.withId(clientId)
    const other = this.#table.at(source)
    if (other !== undefined && other !== client) other.leave('replaced')
    if (client === undefined) {
      this.#table.oldest()?.leave('evicted')
      if (this.#table.isFull) {
        events.refused(clientId, source, 'there are too many clients')
        return this.#send(source, encodeMessage({ type: 'connack', returnCode: SnCode.congestion }))
      }
      client = new GatewayClient(clientId, source, this.#ports)
      this.#table.add(client)
    }
    const before = client.source
    client.connect(message, source, bytes, now)
    this.#table.placed(client, before)
  }

  /** PUBLISH of a client that never connects (6.8): only to topics of the file. It has no answer. */
  #publishUnconnected({ topic, retain, data }: SnPublish, source: Source): void {
    const { settings, upstream, events } = this.#options
    const { predefined } = settings
    let name: string | undefined
    if (topic.kind === 'predefined') name = predefined.nameOf(topic.id)
    else if (topic.kind === 'short' && predefined.idOf(topic.name) !== undefined) name = topic.name
    if (name === undefined || !isTopicName(name))
      return events.ignored(source, 'PUBLISH at QoS -1 to a topic that is not predefined')
    if (!upstream.publish(name, data, retain)) events.ignored(source, 'PUBLISH at QoS -1: no connection')
  }

  /** A message of an address that has no client. An answer is never longer than the message. */
  #stranger(message: SnMessage, source: Source, bytes: number, now: number): void {
    const { type } = message
    if (type === 'regack') return this.#onClaimed(message.messageId, source, now)
    if (type === 'disconnect') {
      if (this.#gone.delete(source.key)) this.#send(source, disconnect)
      return
    }
    if (type === 'pingreq' && message.clientId !== '') {
      const client = this.#table.withId(message.clientId)
      if (client?.phase === 'asleep') return this.#claim(client, source, bytes)
    }
    if (needsSession.has(type)) this.#send(source, disconnect)
    else this.#options.events.ignored(source, `${type.toUpperCase()} from an unknown address`)
  }

  /** The address has to answer a REGISTER with its identifier before it gets what waits for the client. */
  #claim(client: GatewayClient, source: Source, bytes: number): void {
    const address = new ClientAddress(source)
    address.received(bytes)
    const messageId = (this.#options.random() % 65_535) + 1
    const topicId = (this.#options.random() % 65_534) + 1
    const challenge = encodeMessage({ type: 'register', topicId, messageId, name: '-' })
    if (!address.may(challenge.length)) return this.#send(source, disconnect) // it connects anew then
    const [oldest] = this.#claims.keys()
    if (this.#claims.size >= mostRemembered) this.#claims.delete(oldest!)
    this.#claims.set(source.key, { client, address, messageId })
    this.#send(source, challenge)
  }

  #onClaimed(messageId: number, source: Source, now: number): void {
    const claim = this.#claims.get(source.key)
    this.#claims.delete(source.key)
    if (claim === undefined || claim.messageId !== messageId || claim.client.phase !== 'asleep') return
    const { client, address } = claim
    const before = client.source
    client.moved(address, now)
    this.#table.placed(client, before)
  }

  #left(client: GatewayClient, kept: boolean): void {
    this.#table.left(client, kept)
    const [oldest] = this.#gone
    if (this.#gone.size >= mostRemembered) this.#gone.delete(oldest!)
    this.#gone.add(client.source.key)
  }

  #advertise(seconds: number): void {
    const { gatewayId } = this.#options.settings
    const bytes = encodeMessage({ type: 'advertise', gatewayId, duration: seconds })
    const timer = new Timer((now) => {
      this.#options.broadcast(bytes)
      this.#timers.set(timer, now + seconds * 1000)
    })
    this.#timers.set(timer, this.#options.now())
  }

  #send(to: Source, bytes: Uint8Array): void {
    if (!('via' in to)) return this.#options.send(to, bytes)
    const { via, radius, nodeId, overhead = 0 } = to as Node
    if (bytes.length + overhead > maxDatagram) return // it was queued for another address of the client
    this.#options.send(via, encodeMessage({ type: 'forwarded', radius, nodeId, message: bytes }))
  }
}
