// Parses a log line with hexadecimal bytes: prefix, optional offset, bytes, optional column of characters, as written by
// Netty, ESP-IDF, Zephyr, openssl, socat, strace, tcpdump, PowerShell and ad hoc logging.

export interface HexRow {
  /** Text before the bytes and their offset. */
  readonly prefix: string
  readonly offset: number | undefined
  readonly bytes: Buffer
  /** One byte without a column: accepted only if the previous line had the same prefix. */
  readonly isLone: boolean
  /** Bytes that the line says it omits. */
  readonly more: number
}

/** Longer lines have no column of characters and only a short prefix. */
const longest = 1024
const longestPrefix = 200

/** An offset or address: after the start, a space or "|". Then ":", "|", " -" or a space. */
const offsetAt = /(?:^|[\s|])(?:0x)?([0-9a-f]{4,16})(?::\s*|\|\s*|\s+-\s+|\s+)(?=[0-9a-f]{2})/gi
/** A column of pairs, or of groups as xxd and tcpdump print; then the end of the line, or characters. */
const pairs = /^[0-9a-f]{2}(?:(?: {1,2}| ?- ?)[0-9a-f]{2}(?![0-9a-z]))*(?=$|\s|\|)/i
const groups = /^[0-9a-f]{4}(?: [0-9a-f]{4})*(?: [0-9a-f]{2})?(?=$|\s)/i
const list = /^[0-9a-f]{2}(?:(?:, ?|:|-| {1,2})[0-9a-f]{2})*[,;]?$/i
const compact = /^(?:[0-9a-f]{2}){2,}$/i
/** Possible starts of bytes without an offset. */
const boundary = /(?:^\s*|[:>|<\])=-]\s*|\s+|\xe2\x86[\x90\x92]\s*)(?=[0-9a-f]{2})/gi
const maxColumns = 16
/** Prefixes after which two bytes are accepted: direction marks, ":" and some words. After others, at least three. */
const introduced =
  /(?:[:>|<\])=-]|\xe2\x86[\x90\x92])\s*$|^\s*$|\b(?:tx|rx|send|recv|sent|received|in|out|data|bytes)\s+$/i
/** A Buffer as Node prints it. */
const nodeBuffer = /<Buffer((?: [0-9a-f]{2})*)(?: \.\.\. (\d+) more bytes?)?>/i

export function hexRowOf(text: string): HexRow | undefined {
  const line = text.replace(/\b0x(?=[0-9a-f]{2}\b)/gi, '').trimEnd()
  if (line.length > longest) return longRow(line)
  const buffer = nodeBuffer.exec(line)
  if (buffer !== null)
    return row(line.slice(0, buffer.index), digitsOf(buffer[1]!), { more: Number(buffer[2] ?? 0) })
  for (const match of line.matchAll(offsetAt)) {
    const at = match.index + match[0].length
    const hex = columnsAt(line.slice(at), match[0].includes(':'))
    if (hex !== undefined)
      return row(line.slice(0, match.index), hex, { offset: Number.parseInt(match[1]!, 16) })
  }
  for (const match of line.matchAll(boundary)) {
    const at = match.index + match[0].length
    const prefix = line.slice(0, at)
    const hex = bareAt(line.slice(at))
    if (hex === undefined) continue
    if (hex.length > 4 || introduced.test(prefix)) return row(prefix, hex, {})
  }
  return undefined
}

function row(prefix: string, hex: string, { offset, more = 0 }: { offset?: number; more?: number }): HexRow {
  const isLone = offset === undefined && more === 0 && hex.length === 2
  return { prefix, offset, bytes: Buffer.from(hex, 'hex'), isLone, more }
}

function longRow(line: string): HexRow | undefined {
  const head = line.slice(0, longestPrefix)
  for (const match of head.matchAll(boundary)) {
    const at = match.index + match[0].length
    const rest = line.slice(at)
    if (list.test(rest) || compact.test(rest)) return row(head.slice(0, at), digitsOf(rest), {})
  }
  return undefined
}

/** The hex digits of a row with an offset. */
function columnsAt(rest: string, isGrouped: boolean): string | undefined {
  const grouped = isGrouped ? groups.exec(rest)?.[0] : undefined
  const hex = grouped ?? pairs.exec(rest)?.[0]
  return hex === undefined ? undefined : digitsOf(hex).slice(0, 2 * maxColumns)
}

/** The hex digits of bytes without an offset; only a column of characters may follow. */
function bareAt(rest: string): string | undefined {
  if (list.test(rest) || compact.test(rest)) return digitsOf(rest)
  const column = pairs.exec(rest)?.[0]
  if (column === undefined || !/^(?: ?\||\s{2,}\S)/.test(rest.slice(column.length))) return undefined
  const digits = digitsOf(column).slice(0, 2 * maxColumns)
  return digits.length === 2 && !rest.slice(column.length).includes('|') ? undefined : digits
}

function digitsOf(text: string): string {
  return text.replace(/[^0-9a-f]/gi, '')
}
