// The TLS layer of a captured connection: reads the unencrypted part of the handshake, takes the keys from a key log, and
// passes on the plaintext (RFC 8446 for TLS 1.3, RFC 5246 for TLS 1.2).
import type { CaptureContext } from '../context.js'
import type { RecordOrigin } from '../frame.js'
import { Segment } from '../segment.js'
import type { Direction, FlowFact } from '../stream.js'
import type { StreamLayer } from '../stream-layer.js'
import { HandshakeReader } from './handshake.js'
import { type ClientHello, readClientHello, readServerHello, type ServerHello } from './hello.js'
import { keyBlock } from './keys.js'
import { RecordDecryptor } from './record-decryptor.js'
import { RecordReader, type TlsRecord } from './records.js'
import { type Suite, suiteOf } from './suites.js'

const changeCipherSpec = 20
const handshake = 22
const applicationData = 23
const finished = 20
const keyUpdate = 24

const versionNames: Record<number, string> = {
  769: 'TLS 1.0',
  770: 'TLS 1.1',
  771: 'TLS 1.2',
  772: 'TLS 1.3',
}

/** One direction. */
interface SideState {
  readonly records: RecordReader
  readonly messages: HandshakeReader
  decryptor: RecordDecryptor | undefined
  /** The key after the Finished of this side (TLS 1.3) or its ChangeCipherSpec (TLS 1.2). */
  next: RecordDecryptor | undefined
  isProtected: boolean
  offset: number
}

export class TlsLayer implements StreamLayer {
  readonly #context: CaptureContext
  readonly #next: StreamLayer
  readonly #sides: Record<Direction, SideState>
  #client: ClientHello | undefined
  #server: ServerHello | undefined
  /** Nothing can be decrypted, which was reported. */
  #isUnreadable = false
  /** Bytes of the handshake were not captured. */
  #isCut = false
  #last: RecordOrigin | undefined
  #isReported = false
  #held = 0

  constructor(context: CaptureContext, next: StreamLayer) {
    this.#context = context
    this.#next = next
    this.#sides = { c2s: this.#side('c2s'), s2c: this.#side('s2c') }
  }

  #side(direction: Direction): SideState {
    const records = new RecordReader({
      record: (record) => this.#record(direction, record),
      missing: (count, why) => this.#missing(direction, count, why),
    })
    const messages = new HandshakeReader()
    return { records, messages, decryptor: undefined, next: undefined, isProtected: false, offset: 0 }
  }

  data(direction: Direction, segment: Segment): void {
    if (this.#isUnreadable) return
    this.#last = segment.origin
    this.#sides[direction].records.push(segment)
    const { c2s, s2c } = this.#sides
    const waiting = [c2s.records, c2s.messages, s2c.records, s2c.messages].map((reader) => reader.waiting)
    const now = this.#isUnreadable ? 0 : waiting.reduce((sum, bytes) => sum + bytes, 0)
    this.#held = this.#context.budget.change(this.#held, now)
    if (now > 0 && this.#context.budget.isSpent) this.#giveUp('too many bytes are buffered', segment.origin)
  }

  gap(direction: Direction, _offset: number, length: number | undefined, why: string): void {
    if (!this.#isUnreadable) this.#sides[direction].records.gap(length, why)
  }

  fact(fact: FlowFact): void {
    this.#next.fact(fact)
  }

  end(): void {
    this.#held = this.#context.budget.change(this.#held, 0)
    if (this.#isCut && this.#server === undefined && this.#last !== undefined && !this.#isUnreadable) {
      this.#giveUp('its handshake was only partly captured', this.#last)
    }
    this.#next.end()
  }

  #missing(direction: Direction, count: number | undefined, why: string): void {
    const side = this.#sides[direction]
    side.decryptor?.missing(count)
    side.next?.missing(undefined) // the records may have used the next key
    side.messages.reset()
    if (this.#server === undefined) this.#isCut = true
    else this.#next.gap(direction, side.offset, undefined, why)
  }

  #record(direction: Direction, record: TlsRecord): void {
    if (this.#isUnreadable) return
    const side = this.#sides[direction]
    const { type, bytes, origin } = record
    if (type === changeCipherSpec) {
      if (this.#server !== undefined && this.#server.version < 0x0304) this.#protect(side)
    } else if (side.isProtected || (type === applicationData && !this.#isEarly(origin))) {
      this.#protected(direction, record)
    } else if (type === handshake) this.#handshake(direction, side.messages, bytes.subarray(5), origin)
  }

  /** Data before the ServerHello: 0-RTT data, or a capture that starts in mid-stream. */
  #isEarly(origin: RecordOrigin): boolean {
    if (this.#server !== undefined) return false
    if (this.#client === undefined) this.#giveUp('its handshake was not captured', origin)
    return true
  }

  #protect(side: SideState): void {
    side.isProtected = true
    side.decryptor = side.next
    side.next = undefined
  }

  #handshake(direction: Direction, messages: HandshakeReader, fragment: Buffer, origin: RecordOrigin): void {
    for (const { type, body } of messages.push(fragment)) {
      if (type === 1 && direction === 'c2s') this.#client = readClientHello(body) ?? this.#client
      if (type === 2 && direction === 's2c') {
        const hello = readServerHello(body)
        if (hello !== undefined) this.#agreed(hello, origin)
      }
    }
  }

  #agreed(server: ServerHello, origin: RecordOrigin): void {
    this.#server = server
    const client = this.#client
    if (client === undefined) return this.#giveUp('its ClientHello was not captured', origin)
    const suite = suiteOf(server.suite)
    if (suite === undefined || server.version < 0x0303) {
      return this.#giveUp(
        `its cipher suite (0x${server.suite.toString(16).padStart(4, '0')}) is not supported`,
        origin,
      )
    }
    const { crypto, keyLog } = this.#context.options
    if (crypto === undefined || (keyLog === undefined && this.#context.keyLog.isEmpty))
      return this.#giveUp('there is no key log (--keylog)', origin)
    const found =
      server.version === 0x0304 ? this.#keys13(suite, client) : this.#keys12(suite, client, server)
    if (!found) this.#giveUp('the key log has no secrets for it', origin)
  }

  #keys13(suite: Suite, { random }: ClientHello): boolean {
    const { options, keyLog } = this.#context
    const crypto = options.crypto!
    const open = (label: string) => {
      const secret = keyLog.find(label, random.toString('hex'))
      return secret && new RecordDecryptor(crypto, suite, { secret })
    }
    for (const [direction, name] of [
      ['c2s', 'CLIENT'],
      ['s2c', 'SERVER'],
    ] as const) {
      const side = this.#sides[direction]
      side.decryptor = open(`${name}_HANDSHAKE_TRAFFIC_SECRET`)
      side.next = open(`${name}_TRAFFIC_SECRET_0`)
      side.isProtected = true
      side.messages.reset()
      if (side.next === undefined) return false
    }
    return true
  }

  #keys12(suite: Suite, client: ClientHello, server: ServerHello): boolean {
    const { options, keyLog } = this.#context
    const crypto = options.crypto!
    const master = keyLog.find('CLIENT_RANDOM', client.random.toString('hex'))
    if (master === undefined) return false
    const keys = keyBlock(crypto, suite, { master, clientRandom: client.random, serverRandom: server.random })
    for (const direction of ['c2s', 's2c'] as const) {
      this.#sides[direction].next = new RecordDecryptor(crypto, suite, { key: keys[direction] })
    }
    return true
  }

  #protected(direction: Direction, record: TlsRecord): void {
    const side = this.#sides[direction]
    const is13 = this.#server?.version === 0x0304
    if (is13 && record.type !== applicationData) return // an unencrypted alert, or a compatibility ChangeCipherSpec
    let opened = side.decryptor?.open(record)
    if (opened === undefined && is13 && side.next !== undefined) {
      // Finished was missed, or the key log has no handshake secrets: this may be the first record of the next key.
      opened = side.next.open(record)
      if (opened !== undefined) this.#protect(side)
    }
    if (opened === undefined) return this.#unopened(direction, record)
    const { type, content } = opened
    if (type === applicationData) this.#emit(direction, content, record.origin)
    else if (type === handshake && is13) this.#protectedHandshake(side, content)
  }

  #protectedHandshake(side: SideState, content: Buffer): void {
    for (const { type } of side.messages.push(content)) {
      if (type === finished && side.next !== undefined) this.#protect(side)
      if (type === keyUpdate) side.decryptor?.update()
    }
  }

  #unopened(direction: Direction, { origin }: TlsRecord): void {
    const side = this.#sides[direction]
    if (side.next !== undefined) return // a handshake record without a secret, or rejected early data
    this.#context.notes.say(
      'TLS record',
      'a TLS record could not be decrypted; it was ignored',
      origin.fileOffset,
    )
    side.decryptor?.missing(undefined)
    this.#next.gap(direction, side.offset, undefined, 'a TLS record could not be decrypted')
  }

  #emit(direction: Direction, content: Buffer, origin: RecordOrigin): void {
    if (!this.#isReported) {
      this.#isReported = true
      this.#next.fact({ kind: 'tls', version: this.#version(), serverName: this.#client?.serverName })
    }
    if (content.length === 0) return
    const side = this.#sides[direction]
    const segment = new Segment(content, side.offset, origin)
    side.offset += content.length
    this.#next.data(direction, segment)
  }

  #version(): string {
    return versionNames[this.#server?.version ?? 0] ?? 'TLS'
  }

  #giveUp(why: string, origin: RecordOrigin): void {
    this.#isUnreadable = true
    this.#held = this.#context.budget.change(this.#held, 0)
    const name = this.#client?.serverName
    const protocols = this.#client?.protocols ?? []
    const to = name === undefined ? '' : ` to ${name}`
    const alpn = protocols.length === 0 ? '' : ` (ALPN ${protocols.slice(0, 5).join(', ')})`
    const text = `record ${origin.record}: this ${this.#version()} connection${to}${alpn} was not decrypted: ${why}`
    this.#context.notes.say('TLS', text, origin.fileOffset)
  }
}
