// Reads the records of one packet file: pcap, pcapng, snoop or ERF.

import { count } from '../text.js'
import type { CaptureContext } from './context.js'
import { ErfParser } from './erf.js'
import { Frame, FrameSource } from './frame.js'
import type { FileReader } from './options.js'
import { type FrameStage, PcapParser } from './pcap.js'
import { PcapngParser } from './pcapng.js'
import { SnoopParser } from './snoop.js'
import { UnitReader } from './unit-reader.js'

export type PacketFormat = 'pcap' | 'pcapng' | 'snoop' | 'erf'

type Parser = PcapParser | PcapngParser | SnoopParser | ErfParser

export class PacketFile implements FileReader {
  readonly #context: CaptureContext
  readonly #frame = new Frame()
  readonly #parser: Parser
  readonly #units: UnitReader

  /** `label` becomes Origin.file. */
  constructor(
    context: CaptureContext,
    format: PacketFormat,
    { next, label }: { next: FrameStage; label?: string | undefined },
  ) {
    this.#context = context
    this.#frame.source = new FrameSource(label)
    this.#parser = this.#open(format, next)
    this.#units = new UnitReader(this.#parser)
  }

  #open(format: PacketFormat, next: FrameStage): Parser {
    const { notes, keyLog } = this.#context
    switch (format) {
      case 'pcap':
        return new PcapParser(this.#frame, next, notes)
      case 'snoop':
        return new SnoopParser(this.#frame, next, notes)
      case 'erf':
        return new ErfParser(this.#frame, next, notes)
      default:
        return new PcapngParser(this.#frame, { next, notes, secrets: (text) => keyLog.add(text) })
    }
  }

  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#units.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))
  }

  end(): void {
    const parser = this.#parser
    if (parser instanceof PcapParser) this.#units.finish((unit, base) => parser.finish(unit, base))
    this.#frame.source.ended = true
    const { position, waiting } = this.#units
    if (parser instanceof PcapngParser) parser.end(position)
    if (waiting > 0) this.#cut(position, waiting)
    const { network } = this.#context
    network.records += this.#frame.record
    network.position = position
  }

  #cut(position: number, waiting: number): void {
    const { record } = this.#frame
    const { needed } = this.#parser
    const text =
      record === 0 && position < 24
        ? `the file ends inside its header, after ${count(position, 'byte')}`
        : `the file ends inside record ${record + 1}: it has ${waiting} of ${needed} bytes; they were ignored`
    this.#context.notes.say('truncated', text, position - waiting)
  }
}
