// Puts IP fragments together (RFC 791, 3.2; RFC 8200, 4.5). Where two overlap the bytes that came first stay.
import type { Frame } from './frame.js'
import type { Notes } from './notes.js'

/** Datagrams that wait for fragments at a time; the one that has waited longest makes room. */
const maxDatagrams = 256
/** Fragments of one datagram. 64 KiB through the smallest MTU of IPv6 are 53; an attacker's 8-byte pieces are 8,192. */
const maxFragments = 1024
/** What an IP datagram can hold. */
const maxDatagram = 65_535
/** RFC 8200 gives 60 seconds, systems give 30; longer and the identification may have come round. */
const maxWaitSeconds = 30

export interface Fragment {
  /** Where the IP header begins and ends in the frame. */
  readonly header: number
  readonly headerEnd: number
  readonly identification: number
  readonly protocol: number
  readonly offset: number
  readonly more: boolean
}

interface Piece {
  readonly start: number
  readonly bytes: Buffer
}

interface Datagram {
  /** In order, without overlap. */
  readonly pieces: Piece[]
  readonly header: Buffer
  /** Known from the last fragment; -1 before. */
  length: number
  readonly since: number
  readonly fileOffset: number
}

export class Fragments {
  readonly #notes: Notes
  readonly #datagrams = new Map<string, Datagram>()

  constructor(notes: Notes) {
    this.#notes = notes
  }

  /** True when a datagram is complete: `frame` then holds its header and, from `frame.start` on, its payload. */
  add(frame: Frame, fragment: Fragment): boolean {
    const end = fragment.offset + frame.wireEnd - frame.start
    if (frame.end < frame.wireEnd || frame.start > frame.end || end > maxDatagram) {
      this.#lost(frame.fileOffset, 'a fragment that was not captured whole')
      return false
    }
    const key = keyOf(frame, fragment)
    const datagram = this.#find(key, frame, fragment)
    insert(datagram, fragment.offset, frame.bytes.subarray(frame.start, frame.end))
    if (!fragment.more) datagram.length = end
    if (datagram.pieces.length > maxFragments) {
      this.#datagrams.delete(key)
      this.#lost(datagram.fileOffset, `a datagram of more than ${maxFragments} fragments`)
      return false
    }
    if (datagram.length === -1 || !isWhole(datagram)) return false
    this.#datagrams.delete(key)
    return this.#join(frame, datagram)
  }

  #find(key: string, frame: Frame, fragment: Fragment): Datagram {
    const found = this.#datagrams.get(key)
    if (found !== undefined && frame.seconds - found.since <= maxWaitSeconds) return found
    if (found !== undefined) this.#drop(key, found)
    else if (this.#datagrams.size >= maxDatagrams) {
      for (const [oldest, datagram] of this.#datagrams) {
        this.#drop(oldest, datagram)
        break
      }
    }
    const header = Buffer.from(frame.bytes.subarray(fragment.header, fragment.headerEnd))
    const { seconds: since, fileOffset } = frame
    const datagram: Datagram = { pieces: [], header, length: -1, since, fileOffset }
    this.#datagrams.set(key, datagram)
    return datagram
  }

  #join(frame: Frame, { header, pieces, length }: Datagram): boolean {
    const bytes = Buffer.concat([header, ...pieces.map((piece) => piece.bytes)])
    const end = header.length + length
    frame.addresses = frame.addressLength === 4 ? 12 : 8
    frame.base = frame.fileOffset
    frame.isJoined = true
    frame.bytes = bytes
    frame.start = header.length
    frame.end = end
    frame.wireEnd = end
    return true
  }

  #drop(key: string, datagram: Datagram): void {
    this.#datagrams.delete(key)
    this.#lost(
      datagram.fileOffset,
      `a datagram of which only ${datagram.pieces.length} fragments were captured`,
    )
  }

  #lost(fileOffset: number, what: string): void {
    this.#notes.say('missing fragment', `${what} was left out`, fileOffset)
  }

  end(): void {
    for (const [key, datagram] of this.#datagrams) this.#drop(key, datagram)
  }
}

function keyOf(frame: Frame, fragment: Fragment): string {
  const { identification, protocol } = fragment
  const pair = frame.bytes.toString('latin1', frame.addresses, frame.addresses + 2 * frame.addressLength)
  return `${identification}/${protocol}/${pair}`
}

function isWhole({ pieces, length }: Datagram): boolean {
  let end = 0
  for (const { start, bytes } of pieces) {
    if (start > end) return false
    end = start + bytes.length
  }
  return end >= length
}

function insert(datagram: Datagram, offset: number, bytes: Buffer): void {
  const { pieces } = datagram
  let at = offset
  const end = offset + bytes.length
  let index = 0
  const put = (until: number) => {
    if (until <= at) return
    // A copy: a fragment that waits must not keep the chunk that it came in.
    pieces.splice(index, 0, { start: at, bytes: Buffer.from(bytes.subarray(at - offset, until - offset)) })
    index += 1
  }
  for (; index < pieces.length && at < end; index++) {
    const { start, bytes: own } = pieces[index]!
    put(Math.min(end, start))
    at = Math.max(at, start + own.length)
  }
  put(end)
}
