// Escapes text from outside (network, files, certificates, environment, arguments) for a terminal. No other file does.
// Also: a count with its noun.
import { Buffer } from 'node:buffer'

/** Longest text from outside within a message, in bytes. */
const textLimit = 1024
/** Longest line of a message, in bytes. */
const lineLimit = 4096

const plain = /^[ -~]*$/
/** Control and format characters, line and paragraph separators, lone surrogates. */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
const unsafeInJson = /[\x7f-\x9f\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
const unsafeOnScreen = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
const unsafeOrQuote = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}"\\]/gu

/**
 * Escapes `text` for one line of a message: control, bidi and invisible characters become `\u001b`, bytes that are not
 * UTF-8 (byte-text.ts) `\xff`. Cut to `limit` bytes; the number of bytes cut is appended. Idempotent.
 */
export function shown(text: string, limit = textLimit): string {
  if (text.length <= limit && plain.test(text)) return text
  let line = ''
  let size = 0
  let at = 0
  for (const character of text) {
    const piece = oneLine(character)
    size += Buffer.byteLength(piece)
    if (size > limit) return `${line}... (${Buffer.byteLength(text.slice(at))} more bytes)`
    line += piece
    at += character.length
  }
  return line
}

/** Escapes a whole line for standard error: `shown` with a larger limit. */
export function shownLine(text: string): string {
  return shown(text, lineLimit)
}

/** Like `shown` but of any length, for the data that a command prints. */
export function oneLine(text: string): string {
  return plain.test(text) ? text : text.replace(unsafe, escaped)
}

/** Escapes data for a terminal. Keeps line feeds and tabs. Any length. */
export function screenText(text: string): string {
  return plain.test(text) ? text : text.replace(unsafeOnScreen, escaped)
}

/** Double-quoted, with `"` and `\` escaped too. Any length. */
export function quoted(text: string): string {
  return `"${text.replace(unsafeOrQuote, escaped)}"`
}

/** JSON with unsafe characters escaped: JSON.stringify leaves those from U+007F on. */
export function jsonOf(value: unknown, indent?: number): string {
  return safeJson(JSON.stringify(value, null, indent))
}

/** Like `jsonOf`, for text that is JSON already. */
export function safeJson(json: string): string {
  return plain.test(json) ? json : json.replace(unsafeInJson, jsonEscape)
}

const shortEscapes: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['"', '\\"'],
  ['\\', '\\\\'],
])

/** Escapes one character matched by `unsafe` or `unsafeOrQuote`. */
function escaped(character: string): string {
  const code = character.charCodeAt(0)
  if (character.length === 1 && code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`
  return jsonEscape(character)
}

function jsonEscape(character: string): string {
  const short = shortEscapes.get(character)
  if (short !== undefined) return short
  let text = ''
  for (let i = 0; i < character.length; i++) {
    text += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
  }
  return text
}

/** `1 byte`, `2 bytes`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** `1 byte is`, `2 bytes are`. */
export function countAre(number: number, noun: string): string {
  return `${count(number, noun)} ${number === 1 ? 'is' : 'are'}`
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
