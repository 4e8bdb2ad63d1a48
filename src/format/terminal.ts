// The output without -F and --json on a terminal: escaped, with -v in colour, binary payloads as a hex preview.
import { isUtf8 } from 'node:buffer'
import { count, oneLine, screenText } from '../text.js'
import type { Formatter, ReceivedMessage, WallClock } from './message.js'
import { prettyJson } from './pretty.js'
import { isoSecond, localTime } from './strftime.js'

/** Colours of a terminal; each returns its text unchanged without colour. */
export interface Palette {
  topic(text: string): string
  faint(text: string): string
}

/** No colour. */
export const noColour: Palette = { topic: (text) => text, faint: (text) => text }

/** Bytes of a binary payload that are shown. */
const previewBytes = 32

export interface TerminalOptions {
  readonly verbose: boolean
  readonly newline: boolean
  readonly pretty: boolean
  readonly palette: Palette
  readonly clock: WallClock
}

/**
 * Prints like `plain`, for a person. With `verbose` the time stands first, and a retained message is marked after its topic. Control and bidi
 * characters are escaped, except line feeds and tabs of the payload.
 */
export function terminalPlain({ verbose, newline, pretty, palette, clock }: TerminalOptions): Formatter {
  return (message, sink) => {
    const empty = message.payload.length === 0
    if (empty && !(verbose && newline)) return
    if (verbose) sink.text(`${palette.faint(timeOfDay(clock))} ${label(message, palette)} `)
    sink.text(empty ? '(null)' : payloadText(message.payload, pretty, palette))
    if (newline) sink.newline()
  }
}

/** `HH:MM:SS`, local time. */
export function timeOfDay(clock: WallClock): string {
  return isoSecond(localTime(clock())).slice(11)
}

/** The topic and, for a retained message, a mark. */
export function label({ topic, retain }: ReceivedMessage, palette: Palette): string {
  return `${palette.topic(oneLine(topic))}${retain ? palette.faint(' [retained]') : ''}`
}

function payloadText(payload: Buffer, pretty: boolean, palette: Palette): string {
  const json = pretty ? prettyJson(payload) : undefined
  if (json !== undefined) return json.join('')
  return isBinary(payload) ? palette.faint(hexPreview(payload)) : screenText(payload.toString())
}

/** True for a payload that is not UTF-8 or has a NUL. */
export function isBinary(payload: Buffer): boolean {
  return payload.includes(0) || !isUtf8(payload)
}

/** `5 bytes: 00 01 02 fe ff`, with `...` after the first 32 bytes. */
export function hexPreview(payload: Buffer): string {
  const digits = payload.toString('hex', 0, previewBytes).replace(/..(?=.)/g, '$& ')
  return `${count(payload.length, 'byte')}: ${digits}${payload.length > previewBytes ? ' ...' : ''}`
}
