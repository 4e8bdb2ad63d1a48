// Reassembles IP fragments (RFC 791, 3.2; RFC 8200, 4.5). If fragments overlap, the first bytes are kept.
import { count } from '../text.js'
import type { Frame } from './frame.js'
import type { Notes } from './notes.js'

/** Incomplete datagrams; beyond this the oldest is dropped. */
const maxDatagrams = 256
/** Fragments of one datagram. 64 KiB at the minimum MTU of IPv6 are 53 fragments; at 8 bytes, as in an attack, 8,192. */
const maxFragments = 1024
/** The largest IP datagram. */
const maxDatagram = 65_535
/** RFC 8200 says 60 seconds, operating systems use 30. After that the Identification may be reused. */
const maxWaitSeconds = 30

export interface Fragment {
  /** Start and end of the IP header in the frame. */
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
  /** Sorted, without overlap. */
  readonly pieces: Piece[]
  readonly header: Buffer
  /** -1 until the last fragment is known. */
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

  /** Returns true if the datagram is complete. `frame` then holds its header, and its payload from `frame.start`. */
  add(frame: Frame, fragment: Fragment): boolean {
    const end = fragment.offset + frame.wireEnd - frame.start
    if (frame.end < frame.wireEnd || frame.start > frame.end || end > maxDatagram) {
      this.#lost(frame.fileOffset, 'a fragment that was not fully captured')
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
    const { pieces, fileOffset } = datagram
    this.#lost(fileOffset, `an incomplete datagram of ${count(pieces.length, 'captured fragment')}`)
  }

  #lost(fileOffset: number, what: string): void {
    this.#notes.say('missing fragment', `${what} was ignored`, fileOffset)
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
    // A copy, so that the chunk of the fragment can be freed.
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
