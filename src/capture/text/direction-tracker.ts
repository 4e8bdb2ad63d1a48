// Decides the direction of bytes in a log: by the text before them and by the packets.

import { countAre } from '../../text.js'
import type { Notes } from '../notes.js'
import type { RawFlow } from '../raw.js'
import { isConnect } from '../roles.js'
import type { Direction } from '../stream.js'

/** A direction from the point of view of the program that wrote the log. */
export type DirectionMark = 'out' | 'in'

export class DirectionTracker {
  readonly #flow: RawFlow
  readonly #notes: Notes
  /** The mark of bytes sent by the client. */
  #client: DirectionMark | undefined
  #last: Direction

  constructor(flow: RawFlow, notes: Notes, direction?: Direction) {
    this.#flow = flow
    this.#notes = notes
    this.#last = direction ?? 'c2s'
  }

  /** `begins`: these are the first bytes after other text, so that their packet type may decide the direction. */
  data(
    bytes: Buffer,
    mark: DirectionMark | undefined,
    begins: boolean,
    place: { record: number; fileOffset: number },
  ): void {
    if (bytes.length === 0) return
    this.#last = this.#direction(bytes, mark, begins)
    this.#flow.data(this.#last, bytes, place)
  }

  /** Bytes are missing after the last ones. */
  gap(length: number, why: string): void {
    if (length > 0) this.#flow.gap(this.#last, length, why)
  }

  /** The text says that it omits this many bytes. */
  leftOut(count: number, { number, fileOffset }: { number: number; fileOffset: number }): void {
    if (count === 0) return
    this.gap(Math.min(count, 2 ** 28), 'left out in the text')
    this.#notes.say('left out', `${countAre(count, 'byte')} left out in line ${number}`, fileOffset)
  }

  #direction(bytes: Buffer, mark: DirectionMark | undefined, begins: boolean): Direction {
    const byPacket = begins ? this.#flow.directionOf(bytes) : undefined
    if (mark === undefined) return byPacket ?? this.#last
    // In the log of a broker, the packets of clients are incoming. The first packet of a known direction decides; a CONNECT
    // always does.
    if (this.#client === undefined || isConnect(bytes))
      this.#client = byPacket === 's2c' ? opposite(mark) : byPacket === 'c2s' ? mark : this.#client
    return (this.#client ?? 'out') === mark ? 'c2s' : 's2c'
  }
}

function opposite(mark: DirectionMark): DirectionMark {
  return mark === 'out' ? 'in' : 'out'
}

const server = '(?:s|srv|server|broker)'
const client = '(?:c|cli|client|device)'
const outward = new RegExp(
  `\\b${client}(?: to |\\s*[-=]*>+\\s*)${server}\\b|\\b${server}\\s*<+[-=]*\\s*${client}\\b|\\bc2s\\b`,
  'i',
)
const inward = new RegExp(
  `\\b${server}(?: to |\\s*[-=]*>+\\s*)${client}\\b|\\b${client}\\s*<+[-=]*\\s*${server}\\b|\\bs2c\\b`,
  'i',
)
const ends = /([\w.:[\]-]+[:.]\d{1,5})\s*[-=]*>\s*([\w.:[\]-]+[:.]\d{1,5})/
const words =
  /\b(tx|transmit\w*|send\w*|sent|snd|writ\w+|wrote|out|outgoing|outbound|upstream|rx|receiv\w*|recv\w*|rcv\w*|read\w*|in|incoming|inbound|downstream|got)\b/gi
const outWord = /^(?:tx|trans|sen|snd|wr|out|up)/i
const arrows = /[-=]+>+|<+[-=]+|>+|<+|\xe2\x86[\x90\x92]/g
/** An arrow at the end of the text, before the bytes. */
const lastArrow = /(?:^|\s)([-=]+>+|<+[-=]+|>+|<+|\xe2\x86[\x90\x92])\s*$/
const outArrow = /^(?:[-=]*>|\xe2\x86\x92)/

/** The direction that a line gives for the bytes after it. */
export function directionMarkOf(text: string): DirectionMark | undefined {
  // Log levels such as `<inf>` are not arrows.
  const line = text.slice(0, 300).replace(/<\w+>/g, ' ')
  if (outward.test(line)) return 'out'
  if (inward.test(line)) return 'in'
  const between = ends.exec(line)
  if (between !== null) return between[1]! > between[2]! ? 'out' : 'in'
  const pointed = lastArrow.exec(line)?.[1]
  if (pointed !== undefined) return outArrow.test(pointed) ? 'out' : 'in'
  const word = [...line.matchAll(words)].at(-1)?.[0]
  if (word !== undefined) return outWord.test(word) ? 'out' : 'in'
  const arrow = line.match(arrows)?.at(-1)
  return arrow === undefined ? undefined : outArrow.test(arrow) ? 'out' : 'in'
}
