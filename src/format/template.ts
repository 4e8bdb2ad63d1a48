// Formats of -F (`%` fields, `@` time, `\` escapes), compiled once into steps that run for each message.
import { UsageError } from '../errors.js'
import { fieldOf, type RenderContext, type Step } from './fields.js'
import type { ByteSink, Formatter, ReceivedMessage } from './message.js'
import { characterAt, parseSpecifier } from './specifier.js'
import { conversion, localTime } from './strftime.js'

export type { RenderContext } from './fields.js'

/** A compiled format: writes a message without a trailing line feed. */
export type Template = (message: ReceivedMessage, sink: ByteSink, context: RenderContext) => void

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\',
  '0': '\0',
  a: '\x07',
  e: '\x1b',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** A part of a format: fixed text, or a step that prints from the message. */
type Part = string | Step

/** Compiles a format of -F. @throws UsageError with mosquitto's text */
export function compileTemplate(format: string): Template {
  const parts: Part[] = []
  let readsTime = false
  for (let at = 0; at < format.length; ) {
    const special = nextSpecial(format, at)
    if (special > at) parts.push(format.slice(at, special))
    if (special === format.length) break
    const { part, end } = parsePart(format, special)
    readsTime ||= format[special] === '@'
    parts.push(part)
    at = end
  }
  return rendering(joinTexts(parts), readsTime)
}

/** The output of -F: the rendered format, and a line feed unless -N was given. */
export function templated(template: Template, options: RenderContext & { newline: boolean }): Formatter {
  if (!options.newline) return (message, sink) => template(message, sink, options)
  return (message, sink) => {
    template(message, sink, options)
    sink.newline()
  }
}

function nextSpecial(format: string, from: number): number {
  const offset = format.slice(from).search(/[%@\\]/)
  return offset < 0 ? format.length : from + offset
}

/** Parses the part that begins with `%`, `@` or `\` at `start`. */
function parsePart(format: string, start: number): { part: Part; end: number } {
  if (format[start] === '%') return parseField(format, start)
  const letter = characterAt(format, start + 1)
  const end = start + 1 + letter.length
  if (format[start] === '\\') return { part: escaped(letter), end }
  if (letter === '') throw new UsageError('Incomplete format specifier.')
  return { part: timePart(letter), end }
}

function parseField(format: string, start: number): { part: Part; end: number } {
  const { letter, layout, end } = parseSpecifier(format, start + 1)
  if (letter === '%') return { part: '%', end }
  const field = fieldOf(letter)
  if (field === undefined) throw new UsageError(`Invalid format specifier '${letter}'.`)
  return { part: field(layout), end }
}

function escaped(letter: string): string {
  if (letter === '') throw new UsageError('Incomplete escape specifier.')
  const text = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined
  if (text === undefined) throw new UsageError(`Invalid escape specifier '${letter}'.`)
  return text
}

function timePart(letter: string): Part {
  if (letter === '@') return '@'
  if (letter === 'N') return (_, sink, { now }) => sink.text(String(now!.nanoseconds).padStart(9, '0'))
  const convert = conversion(letter)
  return (_, sink, { now }) => sink.text(convert(now!)) // `!`: rendering() sets `now` if the format has `@`
}

/** Joins adjacent fixed texts into one step. */
function joinTexts(parts: readonly Part[]): Step[] {
  const steps: Step[] = []
  let text = ''
  for (const part of [...parts, '']) {
    if (typeof part === 'string') text += part
    if (text !== '' && (typeof part !== 'string' || part === '')) {
      const fixed = text
      steps.push((_, sink) => sink.fixed(fixed))
      text = ''
    }
    if (typeof part !== 'string') steps.push(part)
  }
  return steps
}

function rendering(steps: readonly Step[], readsTime: boolean): Template {
  return (message, sink, context) => {
    const now = readsTime ? localTime(context.clock()) : undefined
    const state = { clock: context.clock, pretty: context.pretty, warn: context.warn, now }
    for (const step of steps) step(message, sink, state)
  }
}
