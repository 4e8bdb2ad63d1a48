// Text from outside (network, file, certificate, environment, argument) made safe for a terminal: the one place. And
// numbers with their noun.
import { Buffer } from 'node:buffer'

/** Bytes of one text from outside within a message. */
const textLimit = 1024
/** Bytes of a whole line: some texts from outside and what is said about them. */
const lineLimit = 4096

const plain = /^[ -~]*$/
/** Control and format characters, line and paragraph separators, halves of surrogate pairs. */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
const unsafeInJson = /[\x7f-\x9f\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
const unsafeOnScreen = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
const unsafeOrQuote = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}"\\]/gu

/**
 * `text` for one line of a message: characters that steer a terminal, turn or break the line or cannot be seen become
 * `\u001b`, bytes that are not UTF-8 (byte-text.ts) `\xff`. At most `limit` bytes; the rest is counted. A text that has
 * been through this already stays as it is, so the writer of a whole line may call it again.
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

/** A whole line for standard error: like `shown`, with room for several texts from outside. */
export function shownLine(text: string): string {
  return shown(text, lineLimit)
}

/** Without a bound, for the data that a command is asked to print. */
export function oneLine(text: string): string {
  return plain.test(text) ? text : text.replace(unsafe, escaped)
}

/** For a terminal that data is printed on: line feeds and tabs stay. Without a bound. */
export function screenText(text: string): string {
  return plain.test(text) ? text : text.replace(unsafeOnScreen, escaped)
}

/** In double quotes, with `"` and `\` escaped as well. Without a bound. */
export function quoted(text: string): string {
  return `"${text.replace(unsafeOrQuote, escaped)}"`
}

/** `value` as JSON in which such characters are escaped too: JSON.stringify leaves all from U+007F on. */
export function jsonOf(value: unknown, indent?: number): string {
  return safeJson(JSON.stringify(value, null, indent))
}

/** The same for what is JSON already. */
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

/** A character that `unsafe` or `unsafeOrQuote` has found. */
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
