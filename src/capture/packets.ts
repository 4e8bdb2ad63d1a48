// Captures of packets, pcap and pcapng: the stages from records to connections, connected.
import type { Context } from './context.js'
import { Frame } from './frame.js'
import { IpStage } from './ip.js'
import { LinkStage } from './link.js'
import type { Capture } from './open.js'
import { PcapParser } from './pcap.js'
import { PcapngParser } from './pcapng.js'
import { TcpStage } from './tcp.js'
import { UdpStage } from './udp.js'
import { Units } from './units.js'

export class PacketCapture implements Capture {
  readonly #context: Context
  readonly #tcp: TcpStage
  readonly #udp: UdpStage
  readonly #ip: IpStage
  readonly #link: LinkStage
  readonly #frame = new Frame()
  readonly #parser: PcapParser | PcapngParser
  readonly #units: Units

  constructor(context: Context, format: 'pcap' | 'pcapng') {
    const { notes } = context
    this.#context = context
    this.#tcp = new TcpStage(context)
    this.#udp = new UdpStage(context)
    this.#ip = new IpStage({ tcp: this.#tcp, udp: this.#udp, notes })
    this.#link = new LinkStage(this.#ip, notes)
    const next = this.#link
    this.#parser =
      format === 'pcap'
        ? new PcapParser(this.#frame, next, notes)
        : new PcapngParser(this.#frame, { next, notes, secrets: (text) => context.keyLog.add(text) })
    this.#units = new Units(this.#parser)
  }

  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#units.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))
  }

  end(): void {
    const parser = this.#parser
    if (parser instanceof PcapParser) this.#units.finish((unit, base) => parser.finish(unit, base))
    const { position, waiting } = this.#units
    if (parser instanceof PcapngParser) parser.end(position)
    if (waiting > 0) this.#cut(position, waiting)
    this.#ip.end()
    this.#tcp.end()
    this.#udp.end()
    if (this.#tcp.segments + this.#udp.datagrams === 0) this.#nothing(position)
  }

  #cut(position: number, waiting: number): void {
    const { record } = this.#frame
    const { needed } = this.#parser
    const text =
      record === 0 && position < 24
        ? `the file ends inside its header, after ${position} bytes`
        : `the file ends inside record ${record + 1}: ${waiting} of ${needed} bytes are there; they were left out`
    this.#context.notes.say('truncated', text, position - waiting)
  }

  #nothing(position: number): void {
    const { record } = this.#frame
    const counts = this.#ip.passedOver()
    if (this.#link.notIp > 0) counts.push(`${this.#link.notIp} that are not IP`)
    const rest = counts.length === 0 ? '' : `: ${counts.join(', ')}`
    const text = `no TCP or UDP in the ${record} packets of this capture${rest}`
    this.#context.notes.say('no traffic', text, position)
  }
}
