// Decides the direction of bytes in a log, from the text before them (`-->`, "sent") and their packet types.

import { countAre } from '../../text.js'
import type { Notes } from '../notes.js'
import type { RawFlow } from '../raw.js'
import { isConnect } from '../roles.js'
import type { Direction } from '../stream.js'

/** Longest gap, in bytes: about the longest packet. A text may claim any number. */
const maxGap = 2 ** 28
/** Characters of a line that are searched for a direction. */
const maxSearched = 300

/** A direction from the point of view of the program that wrote the log. */
export type DirectionMark = 'out' | 'in'

/** Passes the bytes of a log to a flow, each with its direction. */
export class DirectionTracker {
  readonly #flow: RawFlow
  readonly #notes: Notes
  /** The mark of bytes sent by the client; undefined while unknown. */
  #clientMark: DirectionMark | undefined
  #last: Direction

  /** `direction` is assumed until the text or a packet shows another. Default: from the client. */
  constructor(flow: RawFlow, notes: Notes, direction?: Direction) {
    this.#flow = flow
    this.#notes = notes
    this.#last = direction ?? 'c2s'
  }

  /**
   * Passes on `bytes`. `mark` is what the log says about them. `begins`: a packet may begin here, so its type
   * may decide the direction.
   */
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

  /** Reports that `length` bytes are missing after the last ones, in the same direction. */
  gap(length: number, why: string): void {
    if (length > 0) this.#flow.gap(this.#last, length, why)
  }

  /** Reports that the text itself says that it omits `count` bytes, at line `number`. */
  leftOut(count: number, { number, fileOffset }: { number: number; fileOffset: number }): void {
    if (count === 0) return
    this.gap(Math.min(count, maxGap), 'left out in the text')
    this.#notes.say('left out', `${countAre(count, 'byte')} left out in line ${number}`, fileOffset)
  }

  #direction(bytes: Buffer, mark: DirectionMark | undefined, begins: boolean): Direction {
    const byPacket = begins ? this.#flow.directionOf(bytes) : undefined
    if (mark === undefined) return byPacket ?? this.#last
    // The packets of clients are outgoing in the log of a client and incoming in that of a broker. The first
    // packet whose type reveals its sender decides which log this is; each later CONNECT decides again.
    if (byPacket !== undefined && (this.#clientMark === undefined || isConnect(bytes)))
      this.#clientMark = byPacket === 'c2s' ? mark : opposite(mark)
    return (this.#clientMark ?? 'out') === mark ? 'c2s' : 's2c'
  }
}

function opposite(mark: DirectionMark): DirectionMark {
  return mark === 'out' ? 'in' : 'out'
}

// The patterns match text read as latin1: `\xe2\x86\x90` and `\xe2\x86\x92` are the UTF-8 bytes of the arrows
// U+2190 (left) and U+2192 (right).
const server = '(?:s|srv|server|broker)'
const client = '(?:c|cli|client|device)'
/** `client -> server`, `server <- client`, `c2s`. */
const clientToServer = new RegExp(
  `\\b${client}(?: to |\\s*[-=]*>+\\s*)${server}\\b|\\b${server}\\s*<+[-=]*\\s*${client}\\b|\\bc2s\\b`,
  'i',
)
const serverToClient = new RegExp(
  `\\b${server}(?: to |\\s*[-=]*>+\\s*)${client}\\b|\\b${client}\\s*<+[-=]*\\s*${server}\\b|\\bs2c\\b`,
  'i',
)
/** `10.0.0.1:51000 -> 10.0.0.2:1883`. */
const endpoints = /([\w.:[\]-]+[:.]\d{1,5})\s*[-=]*>\s*([\w.:[\]-]+[:.]\d{1,5})/
const directionWords =
  /\b(tx|transmit\w*|send\w*|sent|snd|writ\w+|wrote|out|outgoing|outbound|upstream|rx|receiv\w*|recv\w*|rcv\w*|read\w*|in|incoming|inbound|downstream|got)\b/gi
/** Which of `directionWords` mean "out". */
const outWord = /^(?:tx|trans|sen|snd|wr|out|up)/i
const arrows = /[-=]+>+|<+[-=]+|>+|<+|\xe2\x86[\x90\x92]/g
/** An arrow at the end of the text, before the bytes. */
const lastArrow = /(?:^|\s)([-=]+>+|<+[-=]+|>+|<+|\xe2\x86[\x90\x92])\s*$/
const outArrow = /^(?:[-=]*>|\xe2\x86\x92)/

/** The direction that `text`, the line before bytes, gives for them; undefined if none. */
export function directionMarkOf(text: string): DirectionMark | undefined {
  // Log levels such as `<inf>` are not arrows.
  const line = text.slice(0, maxSearched).replace(/<\w+>/g, ' ')
  if (clientToServer.test(line)) return 'out'
  if (serverToClient.test(line)) return 'in'
  // Nothing shows which endpoint wrote the log. Comparing them gives the two directions different marks; the
  // packets decide which of the marks is the client's.
  const [, source, target] = endpoints.exec(line) ?? []
  if (source !== undefined && target !== undefined) return source > target ? 'out' : 'in'
  const final = lastArrow.exec(line)?.[1]
  if (final !== undefined) return outArrow.test(final) ? 'out' : 'in'
  // Of several words or arrows, the one nearest to the bytes.
  const word = [...line.matchAll(directionWords)].at(-1)?.[0]
  if (word !== undefined) return outWord.test(word) ? 'out' : 'in'
  const arrow = line.match(arrows)?.at(-1)
  return arrow === undefined ? undefined : outArrow.test(arrow) ? 'out' : 'in'
}
