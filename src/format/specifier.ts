// The grammar of a `%` field of -F: %[-|0][width][.precision][separator]letter.
import { UsageError } from '../errors.js'

/** The part between `%` and the letter. */
export interface Layout {
  /** `-`: left-justified, padded with spaces. */
  readonly left: boolean
  /** `0`: pads with zeros instead of spaces if the letter allows it. Never together with `left`. */
  readonly zero: boolean
  /** Minimum width in bytes, or in hexadecimal digits for %x; 0 if not given. */
  readonly width: number
  readonly precision: number | undefined
  /** The separator of digit groups for %x and %X, if given. */
  readonly separator: string | undefined
}

export interface Specifier {
  readonly letter: string
  readonly layout: Layout
  /** Index of the first character after the letter. */
  readonly end: number
}

const grammar = /([-0]?)(\d*)(?:\.(\d*))?([!"#$&'()*+,\-./:;<=>?@[\\\]^_`{|}~ ]?)/y
const maxNumber = 268_435_455 // the largest Remaining Length of MQTT: no value is longer

/** Parses the specifier after the `%` at `start - 1`. @throws UsageError if it is incomplete */
export function parseSpecifier(format: string, start: number): Specifier {
  grammar.lastIndex = start
  const [all = '', flag, width = '', precision, separator = ''] = grammar.exec(format) ?? []
  const letter = characterAt(format, start + all.length)
  if (letter === '') throw new UsageError('Incomplete format specifier.')
  return {
    letter,
    layout: {
      left: flag === '-',
      zero: flag === '0',
      width: parseNumber(width),
      precision: precision === undefined ? undefined : parseNumber(precision),
      separator: separator === '' ? undefined : separator,
    },
    end: start + all.length + letter.length,
  }
}

/** The character at `index`, which may have two code units; '' at the end. */
export function characterAt(text: string, index: number): string {
  const codePoint = text.codePointAt(index)
  return codePoint === undefined ? '' : String.fromCodePoint(codePoint)
}

function parseNumber(digits: string): number {
  const value = Number(digits)
  if (value <= maxNumber) return value
  throw new UsageError(`Invalid format specifier: ${digits} is larger than ${maxNumber}.`)
}
