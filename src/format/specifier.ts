// The grammar of one `%` in a format of -F: %[-|0][width][.precision][separator]letter.
import { UsageError } from '../errors.js'

/** What stands between `%` and the letter. */
export interface Layout {
  /** `-`: the value stands left, blanks follow it. */
  readonly left: boolean
  /** `0`: fills with zeros instead of blanks, where the letter allows it. Never together with `left`. */
  readonly zero: boolean
  /** Bytes (characters of hex for %x) that the value fills at least; 0 where none was given. */
  readonly width: number
  readonly precision: number | undefined
  /** What %x and %X put between groups of digits; undefined where none was given. */
  readonly separator: string | undefined
}

export interface Specifier {
  readonly letter: string
  readonly layout: Layout
  /** Index of the first character behind the letter. */
  readonly end: number
}

const grammar = /([-0]?)(\d*)(?:\.(\d*))?([!"#$&'()*+,\-./:;<=>?@[\\\]^_`{|}~ ]?)/y
const maxNumber = 268_435_455 // no value is longer: it is the Remaining Length of MQTT's largest packet

/** Reads the specifier whose `%` stands before `start`. Throws UsageError where the format ends inside of it. */
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

/** The whole character at `index`, two code units where it needs them; '' behind the end. */
export function characterAt(text: string, index: number): string {
  const codePoint = text.codePointAt(index)
  return codePoint === undefined ? '' : String.fromCodePoint(codePoint)
}

function parseNumber(digits: string): number {
  const value = Number(digits)
  if (value <= maxNumber) return value
  throw new UsageError(`Invalid format specifier: ${digits} is larger than ${maxNumber}.`)
}
