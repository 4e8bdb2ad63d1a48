// Copies JSON text token by token into a JsonWriter (%J). Numbers keep their digits; members keep their order and
// duplicates. Accepts what cJSON accepts, a superset of RFC 8259; writes RFC 8259.
import { jsonOf, safeJson } from '../text.js'
import type { JsonWriter } from './json-writer.js'

const maxDepth = 1000 // cJSON's nesting limit

const word = /true|false|null/y
const number = /-?(?:\d+\.?\d*|(?<=-)\.\d+)(?:[eE][+-]?\d+)?/y

/** A position in the source; null if the text is not JSON. */
type Position = number | null

/** Copies the JSON value `source`. Returns false if it is not JSON; the caller then discards the output so far. */
export function copyJson(source: string, writer: JsonWriter): boolean {
  if (source.includes('\0')) return false
  const open: ('{' | '[')[] = []
  let at = skip(source, source.startsWith('\ufeff') ? 1 : 0)
  for (;;) {
    const bracket = source[at]
    if (bracket === '{' || bracket === '[') {
      if (open.push(bracket) > maxDepth) return false
      writer.open(bracket)
      at = skip(source, at + 1)
      if (source[at] !== closing(bracket)) {
        const value = bracket === '{' ? copyKey(source, at, writer) : at
        if (value === null) return false
        at = value
        continue
      }
    } else {
      const end = copyScalar(source, at, writer)
      if (end === null) return false
      at = skip(source, end)
    }
    const value = leave(source, at, { open, writer })
    if (value === null) return false
    if (open.length === 0) return value === source.length
    at = value
  }
}

/** After a value: closes brackets, then moves to the next value or the end of the text. */
function leave(source: string, at: number, copy: { open: ('{' | '[')[]; writer: JsonWriter }): Position {
  for (let inner = copy.open.at(-1); inner !== undefined; inner = copy.open.at(-1)) {
    if (source[at] === ',') {
      const next = skip(source, at + 1)
      return inner === '{' ? copyKey(source, next, copy.writer) : next
    }
    if (source[at] !== closing(inner)) return null
    copy.open.pop()
    copy.writer.close()
    at = skip(source, at + 1)
  }
  return at
}

/** Copies a name and its colon; returns where the value begins. */
function copyKey(source: string, at: number, writer: JsonWriter): Position {
  const end = endOfString(source, at)
  const json = end === null ? null : cleanString(source.slice(at, end))
  if (end === null || json === null) return null
  const colon = skip(source, end)
  if (source[colon] !== ':') return null
  writer.key(json)
  return skip(source, colon + 1)
}

function copyScalar(source: string, at: number, writer: JsonWriter): Position {
  if (source[at] === '"') {
    const end = endOfString(source, at)
    const json = end === null ? null : cleanString(source.slice(at, end))
    if (json === null) return null
    writer.value(json)
    return end
  }
  const token = match(number, source, at) || match(word, source, at)
  if (token === '') return null
  writer.value(cleanNumber(token))
  return at + token.length
}

/** The index after the closing quote of the string at `at`. */
function endOfString(source: string, at: number): Position {
  if (source[at] !== '"') return null
  for (let end = source.indexOf('"', at + 1); end >= 0; end = source.indexOf('"', end + 1)) {
    let backslashes = 0
    while (source[end - 1 - backslashes] === '\\') backslashes++
    if (backslashes % 2 === 0) return end + 1
  }
  return null
}

/** A string in its shortest form: only the escapes that JSON needs, and lone surrogates. */
function cleanString(token: string): string | null {
  if (!/[\\\x01-\x1f]/.test(token)) return safeJson(token)
  try {
    const escaped = token.replace(/[\x01-\x1f]/g, (control) => JSON.stringify(control).slice(1, -1))
    return jsonOf(JSON.parse(escaped))
  } catch {
    return null // an invalid escape, or longer than a JavaScript string can be
  }
}

/** Rewrites numbers that strtod accepts and JSON does not: `01`, `1.`, `-.5`. */
function cleanNumber(token: string): string {
  if (!/^-?0\d|\.(?!\d)|^-\./.test(token)) return token
  return token
    .replace(/^(-?)0+(?=\d)/, '$1')
    .replace(/^-\./, '-0.')
    .replace(/\.(?!\d)/, '')
}

/** Skips white space from `at` on; cJSON counts every control character as white space. */
function skip(source: string, at: number): number {
  while (source.charCodeAt(at) <= 0x20) at++
  return at
}

function match(pattern: RegExp, source: string, at: number): string {
  pattern.lastIndex = at
  return pattern.exec(source)?.[0] ?? ''
}

function closing(bracket: '{' | '['): string {
  return bracket === '{' ? '}' : ']'
}
