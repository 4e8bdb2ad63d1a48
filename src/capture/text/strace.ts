// Reads and writes printed by strace: strings with escapes, cut to the length of -s, and full dumps with `-e read` and
// `-e write`.

import { count } from '../../text.js'
import type { CaptureContext } from '../context.js'
import { couldBePacket, looksLikePackets } from '../mqtt-packets.js'
import { RawFlow } from '../raw.js'
import { senderOf } from '../roles.js'
import { DirectionTracker } from './direction-tracker.js'
import type { TextLine, TextLineReader } from './line.js'
import { bytesOfLiteral } from './literals.js'
import { hexRowOf } from './rows.js'

const names = 'read|readv|pread64|recv|recvfrom|recvmsg|write|writev|pwrite64|send|sendto|sendmsg'
const call = new RegExp(
  String.raw`^(?:\[pid +(\d+)\] +|(\d+) +)?(?:[\d:.]+ +)*(${names})\((\d+)(?:<[^>]*>)?,`,
)
const resumed = new RegExp(
  String.raw`^(?:\[pid +(\d+)\] +|(\d+) +)?(?:[\d:.]+ +)*<\.\.\. (?:${names}) resumed>,? ?`,
)
const result = /\)\s*=\s*(-?\d+)/
const string = /(iov_base=)?"((?:\\.|[^"\\])*)(?:"|$)(\.\.\.)?(?:, iov_len=(\d+))?/g
const closing = /\bclose\((\d+)/
const dumpRow = /^\s*\|\s[0-9a-f]{5,}\s/i

/** Descriptors that are followed, and unfinished calls. */
const maxOpen = 256

export function isStrace(lines: readonly string[]): boolean {
  return lines.some((line) => call.test(line) && (result.test(line) || line.includes('<unfinished')))
}

interface FinishedCall {
  readonly descriptor: number
  readonly isOut: boolean
  /** Bytes, or the number of bytes that are not in the text. */
  readonly parts: (Buffer | number)[]
  readonly line: TextLine
}

export class StraceReader implements TextLineReader {
  readonly #context: CaptureContext
  /** By file descriptor; null if it does not carry MQTT. */
  readonly #open = new Map<number, { flow: RawFlow; tracker: DirectionTracker } | null>()
  readonly #unfinished = new Map<string, string>()
  /** Held until it is known whether a full dump follows. */
  #call: FinishedCall | undefined
  #dump: Buffer[] = []

  constructor(context: CaptureContext) {
    this.#context = context
  }

  line(line: TextLine): void {
    const { text } = line
    if (dumpRow.test(text) && this.#call !== undefined) {
      const row = hexRowOf(text.replace(/^\s*\|\s/, ''))
      if (row !== undefined) this.#dump.push(row.bytes)
      return
    }
    this.#release()
    const closed = closing.exec(text)?.[1]
    if (closed !== undefined) return this.#close(Number(closed))
    const begun = resumed.exec(text)
    const thread =
      begun?.[1] ??
      begun?.[2] ??
      call
        .exec(text)
        ?.slice(1, 3)
        .find((id) => id !== undefined) ??
      ''
    let whole = text
    if (begun !== null) {
      const before = this.#unfinished.get(thread)
      if (before === undefined) return
      this.#unfinished.delete(thread)
      whole = `${before} ${text.slice(begun[0].length)}`
    }
    const match = call.exec(whole)
    if (match === null) return
    const cut = whole.indexOf('<unfinished')
    if (cut !== -1) {
      if (this.#unfinished.size < maxOpen) this.#unfinished.set(thread, whole.slice(0, cut))
      return
    }
    const count = Number(result.exec(whole.slice(whole.lastIndexOf(')')))?.[1] ?? -1)
    if (count <= 0) return
    const isOut = /^(?:p?writ|send)/.test(match[3]!)
    this.#call = { descriptor: Number(match[4]), isOut, parts: partsOf(whole, count), line }
  }

  #release(): void {
    const finished = this.#call
    if (finished === undefined) return
    this.#call = undefined
    const dump = Buffer.concat(this.#dump)
    this.#dump = []
    const parts = dump.length > 0 ? [dump] : finished.parts
    const [first] = parts
    let stream = this.#open.get(finished.descriptor)
    if (stream === undefined) {
      const isMqtt = Buffer.isBuffer(first) && first.length > 0 && isPlausible(first)
      if (this.#open.size >= maxOpen) return
      const flow = isMqtt ? new RawFlow(this.#context, ['client', 'server']) : undefined
      stream = flow === undefined ? null : { flow, tracker: new DirectionTracker(flow, this.#context.notes) }
      this.#open.set(finished.descriptor, stream)
    }
    if (stream === null) return
    const place = { record: finished.line.number, fileOffset: finished.line.fileOffset }
    for (const part of parts) {
      if (Buffer.isBuffer(part))
        stream.tracker.data(part, finished.isOut ? 'out' : 'in', part === first, place)
      else stream.tracker.gap(part, 'left out by strace (-s)')
    }
    const missing = parts.reduce((sum: number, part) => (Buffer.isBuffer(part) ? sum : sum + part), 0)
    if (missing === 0) return
    const text = `strace omitted ${count(missing, 'byte')} in line ${place.record}: run it with -s 65536`
    this.#context.notes.say('left out by strace', text, place.fileOffset)
  }

  /** The number will be reused. */
  #close(descriptor: number): void {
    this.#open.get(descriptor)?.flow.end()
    this.#open.delete(descriptor)
  }

  end(): void {
    this.#release()
    for (const stream of this.#open.values()) stream?.flow.end()
  }
}

/** Whether this is the start of MQTT (perhaps one byte, as some programs read), TLS or WebSocket. */
function isPlausible(bytes: Buffer): boolean {
  if (senderOf(bytes) !== undefined) return true
  return bytes.length === 1 ? couldBePacket(bytes[0]!) : looksLikePackets(bytes)
}

/** The bytes that were read or written: the first string, or all strings of an I/O vector. */
function partsOf(text: string, count: number): (Buffer | number)[] {
  const all = [...text.matchAll(string)]
  const isVector = all.some(([, base]) => base !== undefined)
  const parts: (Buffer | number)[] = []
  let left = count
  for (const [, base, literal = '', more, length] of all) {
    if (isVector && base === undefined) continue
    const bytes = bytesOfLiteral(literal).subarray(0, left)
    const last = parts.at(-1)
    if (Buffer.isBuffer(last)) parts[parts.length - 1] = Buffer.concat([last, bytes])
    else parts.push(bytes)
    left -= bytes.length
    const cut =
      more === undefined ? 0 : Math.min(left, length === undefined ? left : Number(length) - bytes.length)
    if (cut > 0) parts.push(cut)
    left -= cut
    if (!isVector || left <= 0) break
  }
  if (left > 0 && parts.length > 0) parts.push(left)
  return parts
}
