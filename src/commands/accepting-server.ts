// The network connection of --explain without --connect: a server in memory that accepts everything.
import { Duplex } from 'node:stream'
import { encodePacket } from '../codec/encoder.js'
import { Framer } from '../codec/framing.js'
import { decodePublish } from '../codec/publish.js'
import { Reader } from '../codec/reader.js'
import type { ConnectOptions } from '../connection/options.js'

const [connect, publish, pubrel, subscribe, unsubscribe, pingreq] = [1, 3, 6, 8, 10, 12]
const [puback, pubrec, pubcomp] = [0x40, 0x50, 0x70]

export class AcceptingServer extends Duplex {
  readonly #options: ConnectOptions
  readonly #taken: () => Promise<void> | undefined
  readonly #framer = new Framer()
  /** The client waits for a challenge (MQTT 5.0, 4.12), which nobody can invent: no further packet is known. */
  challenged = false

  /** `taken` delays the next write. */
  constructor(options: ConnectOptions, taken: () => Promise<void> | undefined) {
    super()
    this.#options = options
    this.#taken = taken
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    const framer = this.#framer
    try {
      framer.push(Buffer.from(chunk)) // the buffer of a batch is used again
      while (framer.next()) this.#answer(framer)
      const taken = this.#taken()
      if (taken === undefined) done()
      else taken.then(() => done(), done)
    } catch (error) {
      done(error as Error)
    }
  }

  override _final(done: () => void): void {
    this.push(null)
    done()
  }

  #answer({ header, bytes, start, end }: Framer): void {
    switch (header >> 4) {
      case connect:
        return this.#accept()
      case publish: {
        const { qos, messageId } = decodePublish(header, bytes, start, end)
        if (qos > 0) this.push(Buffer.of(qos === 1 ? puback : pubrec, 2, messageId >> 8, messageId & 0xff))
        return
      }
      case pubrel:
        this.push(Buffer.of(pubcomp, 2, bytes[start]!, bytes[start + 1]!))
        return
      case subscribe:
        return this.#grant(bytes, start, end)
      case unsubscribe: {
        const granted = this.#filters(bytes, start, end, () => 0)
        this.#send({ cmd: 'unsuback', messageId: bytes.readUInt16BE(start), granted })
        return
      }
      case pingreq:
        this.push(Buffer.of(0xd0, 0))
    }
  }

  #accept(): void {
    const { version, clientId, properties } = this.#options
    if (version === 5 && properties.connect?.authenticationMethod !== undefined) {
      this.challenged = true
      setImmediate(() => this.destroy()) // with a mere end of what it sends, the client would wait for its CONNACK
      return
    }
    const granted = {
      topicAliasMaximum: 65_535,
      ...(clientId === '' && { assignedClientIdentifier: 'assigned' }),
    }
    this.#send({ cmd: 'connack', returnCode: 0, reasonCode: 0, sessionPresent: false, properties: granted })
  }

  #grant(bytes: Buffer, start: number, end: number): void {
    const granted = this.#filters(bytes, start, end, (reader) => reader.byte('Subscription Options') & 3)
    this.#send({ cmd: 'suback', messageId: bytes.readUInt16BE(start), granted })
  }

  /** `after` reads what follows each Topic Filter. */
  #filters(bytes: Buffer, start: number, end: number, after: (reader: Reader) => number): number[] {
    const reader = new Reader(bytes, { start: start + 2, end, packet: 'SUBSCRIBE', remark: () => {} })
    if (this.#options.version === 5) {
      const length = reader.variable('Property Length')
      reader.at += length
    }
    const codes: number[] = []
    while (reader.left > 0) {
      reader.text('Topic Filter')
      codes.push(after(reader))
    }
    return codes
  }

  #send(packet: Parameters<typeof encodePacket>[0]): void {
    this.push(encodePacket(packet, this.#options.version))
  }
}
