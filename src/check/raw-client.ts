// A client that sends whatever it is told to, also what MQTT forbids, and takes the answers one by one.
import type { Duplex } from 'node:stream'
import type { IConnackPacket, IDisconnectPacket, IPublishPacket, Packet } from 'mqtt-packet'
import { publish } from '../codec/control-packets.js'
import { Framer } from '../codec/framing.js'
import { readProperties } from '../codec/property-reader.js'
import { decodePublish, type ProtocolVersion } from '../codec/publish.js'
import { Reader } from '../codec/reader.js'
import { reasonText } from '../codec/reason-codes.js'
import { readServerPacket } from '../codec/server-packets.js'
import { shown } from '../text.js'
import { encode } from './encode.js'
import type { Record } from './record.js'
import { Violation } from './violation.js'

/** A packet from the server with its bytes, the Fixed Header included. */
export type Answer = Packet & { readonly bytes: Buffer }
export type AnswerOf<Cmd extends Packet['cmd']> = Extract<Packet, { cmd: Cmd }> & { readonly bytes: Buffer }

export interface RawClientOptions {
  readonly version: ProtocolVersion
  /** Number of the connection in the record. */
  readonly number: number
  readonly record: Record
  /** How long an answer may take, in milliseconds. */
  readonly patienceMs: number
}

/** The largest packet that is taken from the server, in bytes. */
const largest = 1024 * 1024
/** Bytes of answers that nobody has taken; the server is read no further until some are taken. */
const mostUntaken = 4 * largest

/** How long the server may take to close after DISCONNECT, in milliseconds. */
const longestFarewellMs = 1000

type Waiting = (answer: Answer | Violation | undefined) => void

export class RawClient {
  readonly version: ProtocolVersion
  readonly number: number
  readonly patienceMs: number
  /** Of the CONNACK that accepted it; empty before that. */
  connack: IConnackPacket | undefined
  readonly #stream: Duplex
  readonly #record: Record
  readonly #framer = new Framer(largest)
  readonly #untaken: (Answer | Violation)[] = []
  #untakenBytes = 0
  #ended = false
  #waiting: Waiting | undefined
  #identifier = 0
  /** Takes the bytes instead of `#framer`. */
  #refusing: ((bytes: Buffer) => void) | undefined

  constructor(stream: Duplex, { version, number, record, patienceMs }: RawClientOptions) {
    this.version = version
    this.number = number
    this.patienceMs = patienceMs
    this.#stream = stream
    this.#record = record
    stream.on('data', (chunk: Buffer) => this.#received(chunk))
    for (const end of ['end', 'error', 'close'] as const) stream.on(end, () => this.#end())
  }

  /** The server has ended the connection, and all it sent before has been taken. */
  get isOver(): boolean {
    return this.#ended && this.#untaken.length === 0
  }

  /** A Packet Identifier that this client has not used, from 1. */
  nextIdentifier(): number {
    return ++this.#identifier
  }

  /** Sends packets, or any bytes. */
  send(...packets: readonly (Packet | Uint8Array)[]): void {
    if (this.#stream.destroyed) return
    const bytes = packets.map((one) => (one instanceof Uint8Array ? one : encode(one, this.version)))
    const all = Buffer.concat(bytes)
    this.#record.add(this.number, 'c2s', all)
    this.#stream.write(all)
  }

  /** Takes the next packet; undefined: the server has ended the connection. @throws Violation after `patienceMs`, or for an invalid packet */
  async next(patienceMs: number = this.patienceMs): Promise<Answer | undefined> {
    const answer = await this.#take(patienceMs)
    if (answer instanceof Violation) throw answer
    return answer
  }

  /** Takes the next packet, which must be a `cmd`. @throws Violation */
  async expect<Cmd extends Packet['cmd']>(cmd: Cmd, patienceMs?: number): Promise<AnswerOf<Cmd>> {
    const answer = await this.next(patienceMs)
    if (answer?.cmd !== cmd) throw new Violation(`${nameOf(cmd)} was expected, ${described(answer)} came`)
    return answer as AnswerOf<Cmd>
  }

  /** Takes packets up to the first `cmd`. @returns those before it, and it. @throws Violation if the connection ends */
  async until<Cmd extends Packet['cmd']>(
    cmd: Cmd,
    patienceMs?: number,
  ): Promise<{ before: Answer[]; found: AnswerOf<Cmd> }> {
    const before: Answer[] = []
    for (;;) {
      const answer = await this.next(patienceMs)
      if (answer?.cmd === cmd) return { before, found: answer as AnswerOf<Cmd> }
      if (answer === undefined) throw new Violation(`${nameOf(cmd)} was expected, ${described(answer)}`)
      before.push(answer)
    }
  }

  /**
   * Sends PINGREQ, and takes everything up to PINGRESP: what the server had to send on this connection is there then.
   * @throws Violation if the connection ends
   */
  async sync(): Promise<Answer[]> {
    this.send({ cmd: 'pingreq' })
    return (await this.until('pingresp')).before
  }

  /** Sends PINGREQ, and expects nothing but PINGRESP. `rule`: what the server does wrong if something else comes. @throws Violation */
  async quiet(rule: string): Promise<void> {
    const [first] = await this.sync()
    if (first !== undefined) throw new Violation(`${rule}: ${described(first)} came`)
  }

  /**
   * Expects that the server ends the connection. In MQTT 5 a DISCONNECT may come first.
   * @returns that DISCONNECT
   * @throws Violation if another packet comes, or nothing within `patienceMs`
   */
  async closed(patienceMs?: number): Promise<IDisconnectPacket | undefined> {
    const first = await this.next(patienceMs)
    if (first === undefined) return undefined
    if (first.cmd !== 'disconnect')
      throw new Violation(`the end of the connection was expected, ${described(first)} came`)
    const second = await this.next(patienceMs)
    if (second !== undefined) throw new Violation(`${described(second)} came after DISCONNECT`)
    return first
  }

  /**
   * Sends what must end the connection, and PINGREQ, to which no answer may come.
   * @throws Violation with `what`, the name of the bytes, if the server goes on
   */
  async ends(what: string, ...bytes: readonly (Packet | Uint8Array)[]): Promise<void> {
    this.send(...bytes, { cmd: 'pingreq' })
    for (;;) {
      const answer = await this.next()
      if (answer === undefined) return
      if (answer.cmd === 'pingresp') throw new Violation(`the connection goes on after ${what}`)
    }
  }

  /**
   * Takes what comes after a CONNECT that the server must not accept: bytes of any form.
   * @returns how it ends: with the connection, with a CONNACK that accepts, or with nothing for `patienceMs`
   */
  refusal(patienceMs: number = this.patienceMs): Promise<'ended' | 'accepted' | 'open'> {
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve('open'), patienceMs)
      const done = (outcome: 'ended' | 'accepted'): void => {
        clearTimeout(late)
        resolve(outcome)
      }
      this.#waiting = () => done('ended')
      this.#refusing = (bytes) => bytes[0] === 0x20 && bytes[3] === 0 && done('accepted')
      if (this.#ended) done('ended')
    })
  }

  /** Ends the sending side, and resolves when the server has closed, or after `limitMs`. Answers are dropped. */
  async gone(limitMs: number = this.patienceMs): Promise<void> {
    this.#stream.end()
    this.#stream.resume()
    if (!this.#stream.destroyed) await this.#gone(limitMs)
    this.drop()
  }

  /** Ends the connection without DISCONNECT. */
  drop(): void {
    this.#stream.destroy()
  }

  /** Sends DISCONNECT and ends the connection. Resolves when the server has closed, or after a second. */
  async leave(): Promise<void> {
    this.send({ cmd: 'disconnect' } as Packet)
    await this.gone(Math.min(this.patienceMs, longestFarewellMs))
  }

  #gone(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const late = setTimeout(resolve, limitMs)
      this.#stream.once('close', () => {
        clearTimeout(late)
        resolve()
      })
    })
  }

  #take(patienceMs: number): Promise<Answer | Violation | undefined> {
    const first = this.#untaken.shift()
    if (first !== undefined) {
      this.#untakenBytes -= first instanceof Violation ? 0 : first.bytes.length
      if (this.#untakenBytes < mostUntaken) this.#stream.resume()
      return Promise.resolve(first)
    }
    if (this.#ended) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const late = setTimeout(
        () => this.#settle(new Violation(`nothing came within ${patienceMs} ms`)),
        patienceMs,
      )
      this.#waiting = (answer) => {
        clearTimeout(late)
        resolve(answer)
      }
    })
  }

  #settle(answer: Answer | Violation | undefined): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.(answer)
  }

  #received(chunk: Buffer): void {
    this.#record.add(this.number, 's2c', chunk)
    if (this.#refusing) return this.#refusing(chunk)
    const framer = this.#framer
    try {
      framer.push(Buffer.from(chunk))
      while (framer.next()) {
        const { header, bytes, origin, start, end } = framer
        this.#arrived(
          Object.assign(this.#decoded(header, { bytes, start, end }), { bytes: bytes.subarray(origin, end) }),
        )
      }
    } catch (error) {
      this.#arrived(new Violation(`the server sent an invalid packet: ${shown((error as Error).message)}`))
      this.#end()
      this.drop()
    }
  }

  #decoded(header: number, body: { bytes: Buffer; start: number; end: number }): Packet {
    const { version } = this
    if (header >> 4 !== publish) return readServerPacket(header, body, { version, remark: () => {} })
    const propertiesOf = (bytes: Buffer, start: number, end: number) =>
      readProperties(new Reader(bytes, { start, end, packet: 'PUBLISH', remark: () => {} }), 'publish')
    const { topic, payload, qos, retain, dup, messageId, properties } = decodePublish(
      header,
      body.bytes,
      body.start,
      body.end,
      version === 5 ? propertiesOf : undefined,
    )
    const packet: IPublishPacket = { cmd: 'publish', topic, payload, qos, retain, dup }
    return { ...packet, ...(qos > 0 && { messageId }), ...(properties && { properties }) }
  }

  #arrived(answer: Answer | Violation): void {
    if (this.#waiting !== undefined) return this.#settle(answer)
    this.#untaken.push(answer)
    this.#untakenBytes += answer instanceof Violation ? 0 : answer.bytes.length
    if (this.#untakenBytes >= mostUntaken) this.#stream.pause()
  }

  #end(): void {
    this.#ended = true
    this.#settle(undefined)
  }
}

const nameOf = (cmd: Packet['cmd']): string => cmd.toUpperCase()

/** In words: `PUBLISH on topic a`, `CONNACK 0x87 (Not authorized)`, `the connection ended`. */
export function described(answer: Packet | undefined): string {
  if (answer === undefined) return 'the connection ended'
  const name = nameOf(answer.cmd)
  if (answer.cmd === 'publish') return `${name} on topic ${shown(answer.topic)}`
  const code = 'reasonCode' in answer ? answer.reasonCode : undefined
  return code === undefined || code === 0 ? name : `${name} (${reasonText(code)})`
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
