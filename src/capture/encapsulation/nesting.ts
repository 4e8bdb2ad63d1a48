// State of the stages below TCP and UDP: the nesting depth of the current packet, and counts of skipped packets.
import type { Frame } from '../frame.js'
import type { Notes } from '../notes.js'

/** Levels of encapsulation. Provider networks use four or five; more is an attack on the reader. */
const maxDepth = 12
/** Kinds of skipped packets that are counted separately. */
const maxKinds = 64

/** Removes a header: moves `frame.start` to the IP packet inside. Returns false if there is none. */
export type Unwrap = (frame: Frame, nesting: Nesting) => boolean

export class Nesting {
  /** Frames without IP (ARP, LLDP). These are normal: reported only if the capture has nothing else. */
  notIpCount = 0
  /** Takes each IP packet of a frame that holds several. */
  packet: (frame: Frame) => void = () => {}
  #depth = 0
  readonly #skipped = new Map<string, { count: number; fileOffset: number }>()

  /** Call for each captured frame. */
  begin(): void {
    this.#depth = 0
  }

  /** Enters one more level. Returns false if that is too deep; the packet is counted as skipped. */
  enter(frame: Frame): boolean {
    this.#depth += 1
    if (this.#depth <= maxDepth) return true
    return this.skip(frame, `packets nested in more than ${maxDepth} others: not read`)
  }

  /** Counts a packet that cannot be read. `what` is printed after the count: what it is, and why. Returns false. */
  skip({ fileOffset }: Frame, what: string): false {
    const known = this.#skipped.get(what)
    if (known !== undefined) known.count += 1
    else if (this.#skipped.size < maxKinds) this.#skipped.set(what, { count: 1, fileOffset })
    return false
  }

  /** Counts a frame without IP. Returns false. */
  notIp(): false {
    this.notIpCount += 1
    return false
  }

  /** Reports the skipped packets, one note for each kind. */
  end(notes: Notes): void {
    for (const [what, { count, fileOffset }] of this.#skipped) notes.say(what, `${count} ${what}`, fileOffset)
    this.#skipped.clear()
  }
}
