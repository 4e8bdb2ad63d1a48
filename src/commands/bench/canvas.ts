// Draws dots with characters: eight per braille character, two per ASCII character.
import type { PlotForm } from '../../cli/options/bench-values.js'

export type Characters = Exclude<PlotForm, 'none'>

/** The bit of each dot, row by row from the top, and the character for a set of bits. */
const sets = {
  braille: {
    bits: [
      [0x01, 0x08],
      [0x02, 0x10],
      [0x04, 0x20],
      [0x40, 0x80],
    ],
    draw: (bits: number) => (bits === 0 ? ' ' : String.fromCharCode(0x2800 + bits)),
  },
  ascii: {
    bits: [[1], [2]],
    draw: (bits: number) => " '.:"[bits]!,
  },
} as const

export class Canvas {
  /** In dots. */
  readonly width: number
  readonly height: number
  readonly #columns: number
  readonly #cells: Uint8Array
  readonly #set: (typeof sets)[Characters]

  constructor(characters: Characters, columns: number, rows: number) {
    this.#set = sets[characters]
    this.#columns = columns
    this.#cells = new Uint8Array(columns * rows)
    this.width = columns * this.#set.bits[0].length
    this.height = rows * this.#set.bits.length
  }

  /** Sets all dots of a column from `y1` to `y2`; 0 is the bottom. */
  column(x: number, y1: number, y2: number): void {
    const { bits } = this.#set
    for (let y = Math.min(y1, y2); y <= Math.max(y1, y2); y++) {
      const down = this.height - 1 - y
      const row = Math.floor(down / bits.length)
      const column = Math.floor(x / bits[0].length)
      this.#cells[row * this.#columns + column]! |= bits[down % bits.length]![x % bits[0].length]!
    }
  }

  /** From the top, without trailing blanks. */
  rows(): string[] {
    const rows: string[] = []
    for (let at = 0; at < this.#cells.length; at += this.#columns) {
      const cells = this.#cells.subarray(at, at + this.#columns)
      rows.push(Array.from(cells, this.#set.draw).join('').trimEnd())
    }
    return rows
  }
}
