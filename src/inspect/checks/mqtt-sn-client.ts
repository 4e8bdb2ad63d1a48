// Stateful checks of MQTT-SN for one client (MQTT-SN 1.2, 6): its connection, its sleep, its will, its silence. A message
// that is missing in the capture must not make another a violation: what one lost message explains is not reported.
import type { InspectedConnection } from '../connection.js'
import type { Packet } from '../packet.js'
import { violation } from '../rules.js'
import { typeName } from '../views/text.js'
import type { LateViolation } from '../views/view.js'
import { type Evidence, type Sent, SnExchanges, sent, setAnswer } from './mqtt-sn-exchanges.js'
import { SnTopics } from './mqtt-sn-topics.js'
import { report } from './state.js'

/** MsgType (5.2.2). */
const code = {
  ...{ advertise: 0x00, searchgw: 0x01, gwinfo: 0x02, connect: 0x04, connack: 0x05, willTopicReq: 0x06 },
  ...{ willTopic: 0x07, willMsgReq: 0x08, willMsg: 0x09, register: 0x0a, publish: 0x0c, subscribe: 0x12 },
  ...{ unsubscribe: 0x14, pingreq: 0x16, pingresp: 0x17, disconnect: 0x18, willTopicUpd: 0x1a },
  ...{ willTopicResp: 0x1b, willMsgUpd: 0x1c, willMsgResp: 0x1d },
} as const

/** Types that only a client sends, and only a gateway. */
const ofClients: readonly number[] = [0x01, 0x04, 0x07, 0x09, 0x12, 0x14, 0x16, 0x1a, 0x1c]
const ofGateways: readonly number[] = [0x00, 0x05, 0x06, 0x08, 0x13, 0x15, 0x17, 0x1b, 0x1d]

/** Requests without a MsgId, by the type of their answer. */
const requestOf: Readonly<Record<number, number>> = {
  ...{ [code.gwinfo]: code.searchgw, [code.connack]: code.connect, [code.willTopic]: code.willTopicReq },
  ...{ [code.willMsg]: code.willMsgReq, [code.pingresp]: code.pingreq },
  ...{ [code.willTopicResp]: code.willTopicUpd, [code.willMsgResp]: code.willMsgUpd },
}

const requests = new Set<number>(Object.values(requestOf))

/** Messages of a client that need a connection. */
const needConnection: readonly number[] = [
  ...[code.register, code.publish, code.subscribe, code.unsubscribe, code.pingreq],
  ...[code.willTopicUpd, code.willMsgUpd],
]

/** The steps between CONNECT and CONNACK if there is a will (6.2), from 1. */
const willSteps: readonly number[] = [
  ...[code.connect, code.willTopicReq, code.willTopic, code.willMsgReq, code.willMsg, code.connack],
]

/** Grace for what a client has announced, in seconds: one lost message doubles a silence. */
const [silenceFactor, grace] = [2.1, 1]

type State =
  /** Not captured. */
  | 'unknown'
  /** CONNECT. */
  | 'connecting'
  | 'active'
  /** CONNACK with an error. */
  | 'refused'
  /** DISCONNECT with a duration, not answered yet. */
  | 'falling asleep'
  | 'asleep'
  /** PINGREQ with the ClientId, until PINGRESP. */
  | 'awake'
  | 'disconnected'

export class SnClientChecks {
  readonly #topics = new SnTopics()
  /** Requests of the client, and of the gateway. */
  readonly #up = new SnExchanges(true)
  readonly #down = new SnExchanges(false)
  #state: State = 'unknown'
  /** When the state began, in seconds. */
  #since = -1
  /** The CONNECT was captured, and its flags. */
  #connect: { readonly clean: boolean; readonly will: boolean } | undefined
  #accepted = false
  #keepAlive = 0
  #sleep = 0
  /** When the client sent its last message. */
  #last = -1
  /** The gateway has answered in a way that shows a connection. */
  #isAlive = false
  /** Index in `willSteps` of the last that was captured. */
  #willStep = 0
  /** Any message of a will dialogue was captured. */
  #hasWill = false
  /** Requests without MsgId that were not answered, by type. */
  readonly #waiting = new Map<number, Sent>()
  /** A message of the gateway to the sleeping client. */
  #disturbing: { readonly message: Sent; readonly name: string } | undefined
  readonly #connection: InspectedConnection

  constructor(connection: InspectedConnection) {
    this.#connection = connection
  }

  packet(packet: Packet): void {
    const isOfClient = packet.direction === 'c2s'
    if (this.#connect !== undefined) this.#checkDirection(packet)
    if (isOfClient) this.#checkSilence(packet)
    this.#checkState(packet)
    if (isOfClient) this.#ofClient(packet)
    else this.#ofGateway(packet)
    this.#answer(packet)
    this.#topics.packet(packet)
    this.#checkTopic(packet)
    const { evidence } = this
    const [own, others] = isOfClient ? [this.#up, this.#down] : [this.#down, this.#up]
    own.request(packet, evidence)
    others.answer(packet, evidence)
    if (isOfClient) this.#last = packet.seconds
  }

  /** Violations that show when the capture ends. */
  *closed(): Generator<LateViolation> {
    const found = this.#disturbing
    const told = found && violation('sn-to-sleeping', 1, 0)
    if (told !== undefined) yield { ...told, packet: found!.message.number, direction: 's2c' }
  }

  get evidence(): Evidence {
    return {
      connected: this.#connect !== undefined && this.#accepted,
      clean: this.#connect?.clean === true,
      lossless: this.#connection.isLossless,
    }
  }

  #checkDirection(packet: Packet): void {
    const { type, direction, topicAlias } = packet
    const wrong = direction === 'c2s' ? ofGateways : ofClients
    if (wrong.includes(type)) report(packet, 'sn-direction')
    if (type !== code.register) return
    if (direction === 'c2s' && topicAlias !== 0)
      report(packet, 'sn-register-id', 'the topic id of a REGISTER from a client is 0', bodyOf(packet))
    if (direction === 's2c' && topicAlias === 0)
      report(packet, 'sn-register-id', 'a gateway registers a topic id other than 0', bodyOf(packet))
  }

  #checkSilence(packet: Packet): void {
    const isAsleep = this.#state === 'asleep'
    const limit = isAsleep ? this.#sleep : this.#state === 'active' && this.#accepted ? this.#keepAlive : 0
    if (limit === 0 || this.#last < 0 || packet.second < 0) return
    const silence = packet.seconds - this.#last
    if (silence <= limit * silenceFactor + grace) return
    const announced = isAsleep ? `it wanted to sleep for ${limit} s` : `Duration in CONNECT is ${limit} s`
    report(packet, 'sn-keepalive', `silent for ${silence.toFixed(1)} s, ${announced}`)
  }

  /** What a client may send in its state, and what the gateway may send to it. */
  #checkState(packet: Packet): void {
    const { type, direction, qos, seconds, second } = packet
    const isLater = second < 0 || seconds >= this.#since
    if (direction === 's2c') {
      const isNew = (type === code.publish && !packet.dup) || type === code.register
      if (this.#state === 'asleep' && isNew && isLater && !this.#down.isKnown(packet))
        this.#disturbing ??= { message: sent(packet), name: typeName(packet) }
      return
    }
    if (!needConnection.includes(type) || !isLater || (type === code.publish && qos === 3)) return
    if (this.#up.isKnown(packet)) return // sent before: the network may have held it back
    switch (this.#state) {
      case 'refused':
        return report(packet, 'sn-not-connected')
      case 'disconnected':
        return report(packet, 'sn-after-disconnect')
      case 'asleep':
        if (type !== code.pingreq) report(packet, 'sn-from-sleeping')
        else if (packet.sn?.clientId === undefined)
          report(packet, 'sn-from-sleeping', 'PINGREQ of a client that sleeps needs its ClientId')
    }
  }

  #ofClient(packet: Packet): void {
    const { type, sn } = packet
    const known = this.#waiting.get(type)
    switch (type) {
      case code.connect:
        this.#awakes(packet)
        if (this.#state !== 'connecting' || known === undefined) this.#willStep = 0
        this.#connect = { clean: sn?.cleanSession === true, will: sn?.will === true }
        this.#keepAlive = sn?.duration ?? 0
        this.#accepted = false
        return this.#enter('connecting', packet)
      case code.pingreq:
        this.#awakes(packet)
        if (this.#state === 'asleep' && sn?.clientId !== undefined) this.#enter('awake', packet)
        return
      case code.disconnect:
        this.#sleep = sn?.duration ?? 0
        if (sn?.duration === undefined) this.#enter('disconnected', packet)
        // Sleeping for 0 s is in no table of the standard.
        else this.#enter(this.#sleep > 0 ? 'falling asleep' : 'unknown', packet)
        return
      case code.willTopic:
        this.#will(packet)
        // Without a topic there is no message.
        if (packet.topic === undefined && this.#state === 'connecting') this.#willStep = willSteps.length - 2
        return
      case code.willMsg:
        return this.#will(packet)
    }
  }

  #ofGateway(packet: Packet): void {
    switch (packet.type) {
      case code.willTopicReq:
      case code.willMsgReq:
        return this.#will(packet)
      case code.connack:
        return this.#connack(packet)
      case code.pingresp:
        this.#disturbing = undefined // a PINGREQ was missing in the capture
        if (this.#state === 'awake') this.#enter('asleep', packet)
        this.#isAlive = true
        return
      case code.disconnect:
        return this.#disconnected(packet)
      case code.advertise:
      case code.gwinfo:
        return
      default:
        this.#isAlive = true
    }
  }

  #connack(packet: Packet): void {
    if (this.#state === 'connecting') {
      if (packet.reasonCode === 0) this.#will(packet)
      else {
        this.#enter('refused', packet)
        return
      }
    }
    if (packet.reasonCode !== 0) return
    this.#isAlive = true
    if (this.#state === 'active') return // sent again
    this.#accepted = this.#connect !== undefined && this.#state === 'connecting'
    if (this.#accepted) for (const exchanges of [this.#up, this.#down]) exchanges.begin(packet.seconds)
    this.#enter('active', packet)
  }

  /** DISCONNECT of the gateway: the answer to that of the client, or it does not know the client. */
  #disconnected(packet: Packet): void {
    if (this.#state === 'falling asleep') {
      this.#setAnswerOf(code.disconnect, packet)
      return this.#enter('asleep', packet)
    }
    if (this.#state === 'disconnected') return this.#setAnswerOf(code.disconnect, packet)
    if (this.#state === 'asleep') return // sent again
    const ping = this.#waiting.get(code.pingreq)
    if (this.#state === 'unknown' && !this.#isAlive && ping !== undefined && packet.seconds >= ping.seconds)
      report(packet, 'sn-not-connected', `#${ping.number} PINGREQ is from a client that is not connected`)
    this.#accepted = false
    this.#enter('unknown', packet)
  }

  /** The client is up: what came while it slept came too early. */
  #awakes(packet: Packet): void {
    const found = this.#disturbing
    this.#disturbing = undefined
    if (found === undefined) return
    report(
      packet,
      'sn-to-sleeping',
      `#${found.message.number} ${found.name} was sent to the client while it slept`,
    )
  }

  /** A message between CONNECT and CONNACK. Two that are missing are no loss of the capture. */
  #will(packet: Packet): void {
    const isDialogue = packet.type !== code.connack
    if (isDialogue && this.#state === 'connecting' && this.#connect?.will === false)
      report(packet, 'sn-will', 'CONNECT does not have the Will flag')
    else if (this.#state === 'connecting' && this.#connect?.will === true) {
      const step = willSteps.indexOf(packet.type)
      const missing = willSteps.slice(this.#willStep + 1, step)
      const isAgain = !isDialogue && this.#hasWill && this.#willStep === 0 // CONNECT was sent again
      if (missing.length > 1 && !isAgain)
        report(
          packet,
          'sn-will',
          `the dialogue about the will is not complete: ${missing.length} messages are missing`,
        )
      this.#willStep = Math.max(this.#willStep, step)
    }
    if (isDialogue) this.#hasWill = true
  }

  #answer(packet: Packet): void {
    const { type, direction } = packet
    const request = requestOf[type]
    if (request !== undefined) this.#setAnswerOf(request, packet)
    if (requests.has(type) || (type === code.disconnect && direction === 'c2s'))
      this.#waiting.set(type, sent(packet))
  }

  #setAnswerOf(request: number, packet: Packet): void {
    const waiting = this.#waiting.get(request)
    if (waiting === undefined) return
    this.#waiting.delete(request)
    setAnswer(packet, waiting)
  }

  #checkTopic(packet: Packet): void {
    const { connected, clean } = this.evidence
    if (packet.type !== code.publish || packet.sn?.topicIdType !== 0 || packet.qos === 3) return
    if (!connected || !clean || this.#topics.mayBeKnown(packet.topicAlias)) return
    report(packet, 'sn-topicid-unknown', undefined, bodyOf(packet) + 1)
  }

  #enter(state: State, { seconds }: Packet): void {
    this.#state = state
    this.#since = seconds
  }
}

/** Offset of the first byte after the MsgType. */
function bodyOf({ body, start, sn }: Packet): number {
  return sn?.node === undefined ? body - start : 0
}
