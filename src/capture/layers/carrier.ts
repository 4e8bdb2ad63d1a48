// What the stages below TCP and UDP share: how deep the packet at hand is nested, and what was passed over.
import type { Frame } from '../frame.js'
import type { Notes } from '../notes.js'

/** Headers that hold a whole frame or packet again. Provider networks stack four or five; more is made to cost time. */
const maxDepth = 12
/** Kinds of unread packets that are counted one by one. */
const maxKinds = 64

/** Follows one header: moves `frame.start` to the IP packet that it leads to; false where there is none. */
export type Unwrap = (frame: Frame, carrier: Carrier) => boolean

export class Carrier {
  /** Frames that carry no IP (ARP, LLDP): normal, reported only where nothing else is there. */
  notIp = 0
  /** Takes an IP packet of a frame that holds several. */
  packet: (frame: Frame) => void = () => {}
  #depth = 0
  readonly #skipped = new Map<string, { count: number; fileOffset: number }>()

  /** A frame as it was captured. */
  begin(): void {
    this.#depth = 0
  }

  /** One header further in; false where it goes too deep, which is counted. */
  enter(frame: Frame): boolean {
    this.#depth += 1
    if (this.#depth <= maxDepth) return true
    return this.skip(frame, `packets within more than ${maxDepth} others: not read`)
  }

  /** Counts a packet that cannot be read. `what` follows its number: what it is, and why. Returns false. */
  skip({ fileOffset }: Frame, what: string): false {
    const known = this.#skipped.get(what)
    if (known !== undefined) known.count += 1
    else if (this.#skipped.size < maxKinds) this.#skipped.set(what, { count: 1, fileOffset })
    return false
  }

  /** The frame holds something else than IP. Returns false. */
  other(): false {
    this.notIp += 1
    return false
  }

  /** Reports what was counted, one line for each kind. */
  end(notes: Notes): void {
    for (const [what, { count, fileOffset }] of this.#skipped) notes.say(what, `${count} ${what}`, fileOffset)
    this.#skipped.clear()
  }
}
