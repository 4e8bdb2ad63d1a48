// Connects the stages from frames to connections. All files of a capture share it: connections continue across files.

import { count } from '../text.js'
import type { Context } from './context.js'
import { IpStage } from './ip.js'
import { Carrier } from './layers/carrier.js'
import { LinkStage } from './link.js'
import type { FrameStage } from './pcap.js'
import { TcpStage } from './tcp.js'
import { UdpStage } from './udp.js'

export class Network {
  /** Takes every frame. */
  readonly link: FrameStage
  /** Records of all files, and the size of the last: for the note at the end. */
  records = 0
  position = 0
  readonly #context: Context
  readonly #carrier = new Carrier()
  readonly #tcp: TcpStage
  readonly #udp: UdpStage
  readonly #ip: IpStage

  constructor(context: Context) {
    const { notes, options } = context
    const carrier = this.#carrier
    this.#context = context
    this.#tcp = new TcpStage(context)
    this.#udp = new UdpStage(context)
    const ports = new Set(options.ports)
    this.#ip = new IpStage({ tcp: this.#tcp, udp: this.#udp, notes, carrier, ports })
    this.link = new LinkStage(this.#ip, { carrier, notes })
    carrier.packet = (frame) => this.#ip.push(frame)
  }

  end(): void {
    this.#ip.end()
    this.#tcp.end()
    this.#udp.end()
    const isEmpty = this.#tcp.segments + this.#udp.datagrams === 0
    if (isEmpty) this.#nothing()
    this.#carrier.end(this.#context.notes)
  }

  #nothing(): void {
    const counts = this.#ip.passedOver()
    const { notIp } = this.#carrier
    if (notIp > 0) counts.push(`${notIp} that are not IP`)
    const rest = counts.length === 0 ? '' : `: ${counts.join(', ')}`
    const text = `no TCP or UDP in the ${count(this.records, 'packet')} of this capture${rest}`
    this.#context.notes.say('no traffic', text, this.position)
  }
}
