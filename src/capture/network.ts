// Connects the stages from frames to connections. All files of a capture share it: connections continue across files.

import { count } from '../text.js'
import type { CaptureContext, NetworkStages } from './context.js'
import { Nesting } from './encapsulation/nesting.js'
import { IpStage } from './ip.js'
import { LinkStage } from './link.js'
import type { FrameStage } from './pcap.js'
import { TcpStage } from './tcp.js'
import { UdpStage } from './udp.js'

export class Network implements NetworkStages {
  readonly link: FrameStage
  records = 0
  position = 0
  readonly #context: CaptureContext
  readonly #nesting = new Nesting()
  readonly #tcp: TcpStage
  readonly #udp: UdpStage
  readonly #ip: IpStage

  constructor(context: CaptureContext) {
    const { notes, options } = context
    const nesting = this.#nesting
    this.#context = context
    this.#tcp = new TcpStage(context)
    this.#udp = new UdpStage(context)
    const ports = new Set(options.ports)
    this.#ip = new IpStage({ tcp: this.#tcp, udp: this.#udp, notes, nesting, ports })
    this.link = new LinkStage(this.#ip, { nesting, notes })
    nesting.packet = (frame) => this.#ip.push(frame)
  }

  end(): void {
    this.#ip.end()
    this.#tcp.end()
    this.#udp.end()
    const isEmpty = this.#tcp.segments + this.#udp.datagrams === 0
    if (isEmpty) this.#reportNoTraffic()
    this.#nesting.end(this.#context.notes)
  }

  #reportNoTraffic(): void {
    const counts = this.#ip.skippedProtocols()
    const { notIpCount } = this.#nesting
    if (notIpCount > 0) counts.push(`${notIpCount} that are not IP`)
    const rest = counts.length === 0 ? '' : `: ${counts.join(', ')}`
    const text = `no TCP or UDP in the ${count(this.records, 'packet')} of this capture${rest}`
    this.#context.notes.say('no traffic', text, this.position)
  }
}
