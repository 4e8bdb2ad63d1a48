// Preambles that proxies put before MQTT: PROXY protocol 1 and 2, SOCKS 4, 4a and 5, HTTP CONNECT. The directions are read
// independently: each format says where it ends.

import { endpoint } from './connection-table.js'
import type { Direction } from './stream.js'

/** The largest preamble. A PROXY 2 header with certificates, or HTTP with credentials, has some kilobytes. */
export const maxPreamble = 16 * 1024
/** Characters of a name that are shown. */
const maxShown = 200

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

/** The length of the preamble in `head`; `undefined` if more bytes are needed, `'bad'` if it is something else. */
type Measure = (head: Buffer) => number | undefined | 'bad'

export interface Preamble {
  readonly c2s: Measure
  readonly s2c: Measure
  /** Its contents, from the bytes of the client. */
  describe(c2s: Buffer): string
}

const nothing: Measure = () => 0

const proxy1: Preamble = {
  c2s(head) {
    const end = head.indexOf('\r\n')
    if (end === -1) return head.length > 107 ? 'bad' : undefined
    return end + 2
  },
  s2c: nothing,
  describe(c2s) {
    const line = c2s.toString('latin1', 0, c2s.indexOf('\r\n'))
    const [, family = '', from = '', to = '', fromPort = '', toPort = ''] = line.split(' ')
    const isV6 = family === 'TCP6'
    const at = (address: string, port: string) => (isV6 ? `[${address}]:${port}` : `${address}:${port}`)
    const ends = toPort === '' ? family : `${at(from, fromPort)} -> ${at(to, toPort)}`
    return `PROXY protocol v1: ${printable(ends)}`
  },
}

const proxy2: Preamble = {
  c2s(head) {
    if (head.length < 16) return undefined
    if (head[12]! >> 4 !== 2) return 'bad'
    const length = 16 + head.readUInt16BE(14)
    return head.length < length ? undefined : length
  },
  s2c: nothing,
  describe(c2s) {
    const family = c2s[13]! >> 4
    const size = family === 1 ? 4 : family === 2 ? 16 : 0
    const isLocal = (c2s[12]! & 15) === 0
    if (isLocal) return 'PROXY protocol v2: LOCAL'
    if (size === 0 || c2s.length < 16 + 2 * size + 4) return 'PROXY protocol v2: no addresses'
    const at = (index: number) =>
      endpoint(
        c2s.subarray(16 + index * size, 16 + (index + 1) * size),
        c2s.readUInt16BE(16 + 2 * size + 2 * index),
      )
    return `PROXY protocol v2: ${at(0)} -> ${at(1)}`
  },
}

/** The position after the zero-terminated text at `at`. */
function afterZero(head: Buffer, at: number): number | undefined {
  const zero = head.indexOf(0, at)
  return zero === -1 ? undefined : zero + 1
}

const socks4: Preamble = {
  c2s(head) {
    if (head.length < 9) return undefined
    const user = afterZero(head, 8)
    const isName = head[4] === 0 && head[5] === 0 && head[6] === 0 && head[7] !== 0
    return user === undefined || !isName ? user : afterZero(head, user)
  },
  s2c: (head) => (head[0] !== 0 ? 'bad' : head.length < 8 ? undefined : 8),
  describe(c2s) {
    const user = afterZero(c2s, 8)!
    const port = c2s.readUInt16BE(2)
    const isName = c2s[4] === 0 && c2s[5] === 0 && c2s[6] === 0
    const target = isName
      ? `${c2s.toString('latin1', user, afterZero(c2s, user)! - 1)}:${port}`
      : endpoint(c2s.subarray(4, 8), port)
    return `${isName ? 'SOCKS 4a' : 'SOCKS 4'} to ${printable(target)}`
  },
}

/** RFC 1928, 4 and 6: version, command or reply, zero, address type, address, port. */
function addressed(head: Buffer, at: number): number | undefined | 'bad' {
  if (head.length < at + 5) return undefined
  if (head[at] !== 5) return 'bad'
  const type = head[at + 3]!
  const length = type === 1 ? 4 : type === 4 ? 16 : type === 3 ? 1 + head[at + 4]! : -1
  if (length === -1) return 'bad'
  const end = at + 4 + length + 2
  return head.length < end ? undefined : end
}

/** The start of the request: after the methods, and after the user name and password of RFC 1929 if there are any. */
function requestAt(head: Buffer): number | undefined {
  const methods = 2 + head[1]!
  if (head.length <= methods) return undefined
  if (head[methods] !== 1) return methods
  if (head.length < methods + 2) return undefined
  const user = methods + 2 + head[methods + 1]!
  if (head.length <= user) return undefined
  const end = user + 1 + head[user]!
  return head.length <= end ? undefined : end
}

const socks5: Preamble = {
  c2s(head) {
    if (head.length < 2) return undefined
    const request = requestAt(head)
    return request === undefined ? undefined : addressed(head, request)
  },
  s2c(head) {
    if (head.length < 2) return undefined
    if (head[0] !== 5 || (head[1] !== 0 && head[1] !== 2)) return 'bad'
    return addressed(head, head[1] === 2 ? 4 : 2)
  },
  describe(c2s) {
    const at = requestAt(c2s)!
    const end = addressed(c2s, at) as number
    const port = c2s.readUInt16BE(end - 2)
    const isName = c2s[at + 3] === 3
    const target = isName
      ? `${c2s.toString('latin1', at + 5, end - 2)}:${port}`
      : endpoint(c2s.subarray(at + 4, end - 2), port)
    return `SOCKS 5 to ${printable(target)}`
  },
}

const http: Preamble = {
  /** A proxy that requires a password refuses first; the client repeats its request on the same connection. */
  c2s(head) {
    for (let at = 0; ; ) {
      if (at === head.length) return undefined
      const start = head.toString('latin1', at, at + 8)
      if (!'CONNECT '.startsWith(start)) return at === 0 ? 'bad' : at
      const end = head.indexOf('\r\n\r\n', at)
      if (end === -1) return undefined
      at = end + 4
    }
  },
  s2c(head) {
    for (let at = 0; ; ) {
      if (head.length < at + 12) return undefined
      const end = head.indexOf('\r\n\r\n', at)
      const text = head.toString('latin1', at, end === -1 ? at + 12 : end)
      const status = /^HTTP\/1\.\d (\d)\d\d/.exec(text)?.[1]
      if (status === undefined) return 'bad'
      if (end === -1) return undefined
      at = end + 4
      if (status === '2') return at
      if (status !== '1') at += Number(/^content-length: *(\d{1,6})\s*$/im.exec(text)?.[1] ?? 0)
    }
  },
  describe: (c2s) =>
    `HTTP CONNECT to ${printable(/^CONNECT (\S*)/.exec(c2s.toString('latin1', 0, maxPreamble))?.[1] ?? '')}`,
}

function printable(text: string): string {
  return text.slice(0, maxShown).replace(/[^\x21-\x7e]/g, (mark) => (mark === ' ' ? ' ' : '?'))
}

/**
 * The preamble that `head` begins with; `undefined` if more bytes are needed, `'none'` if there is none. SOCKS is
 * recognised only at the start of a connection: its first bytes are too short to be evidence elsewhere.
 */
export function preambleOf(
  head: Buffer,
  direction: Direction,
  sawStart: boolean,
): Preamble | 'none' | undefined {
  if (direction !== 'c2s') return 'none'
  switch (head[0]) {
    case 0x50:
      return prefixed(head, Buffer.from('PROXY '), proxy1)
    case 0x0d:
      return prefixed(head, signature, proxy2)
    case 0x43:
      return prefixed(head, Buffer.from('CONNECT '), http)
    case 4:
      return sawStart ? prefixed(head, Buffer.from([4, 1]), socks4) : 'none'
    case 5:
      if (!sawStart || head.length < 2) return sawStart ? undefined : 'none'
      return head[1]! > 0 && head.length >= 2 + head[1]! ? socks5 : head[1] === 0 ? 'none' : undefined
    default:
      return 'none'
  }
}

function prefixed(head: Buffer, wanted: Buffer, preamble: Preamble): Preamble | 'none' | undefined {
  const length = Math.min(head.length, wanted.length)
  if (head.compare(wanted, 0, length, 0, length) !== 0) return 'none'
  return length === wanted.length ? preamble : undefined
}
