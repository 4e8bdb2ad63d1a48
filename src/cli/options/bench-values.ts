// Parsers for option values of `bench`: times, sizes, shards, conditions.
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'
import type { Parse } from '../option.js'
import { unbracketed } from '../url.js'
import { decimal, parseListenPort, parsePort } from '../values.js'

const largest = 268_435_400

/** Events per second. */
export const rateRule = decimal({ min: 0.001, max: 100_000_000 })

/** `90s`, `1.5m`, `200ms`, or seconds without a unit; returns milliseconds. */
export const parseDuration: Parse<number> = (text, name) => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text)
  const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const
  const value =
    match === null ? Number.NaN : Number(match[1]) * units[(match[2] ?? 's') as keyof typeof units]
  if (value >= 0 && value <= 30 * 24 * units.h) return value
  throw new UsageError(`${name}: '${shown(text)}' is not a time`, {
    hint: 'such as 60s, 1.5m or 200ms, at most 720h',
  })
}

/** `64`, `4k`, `1M`; returns bytes. */
export const parseSize: Parse<number> = (text, name) => {
  const match = /^(\d+)([kM]?)$/.exec(text)
  const value =
    match === null
      ? Number.NaN
      : Number(match[1]) * (match[2] === '' ? 1 : match[2] === 'k' ? 1024 : 1024 ** 2)
  if (value <= largest) return value
  throw new UsageError(`${name}: '${shown(text)}' is not a size`, {
    hint: `bytes, such as 64, 4k or 1M, at most ${largest}`,
  })
}

export interface ShardArgument {
  /** From 0; undefined: taken from JOB_COMPLETION_INDEX. */
  readonly index: number | undefined
  readonly of: number
}

export const parseShard: Parse<ShardArgument> = (text, name) => {
  const match = /^(\d{0,6})\/(\d{1,6})$/.exec(text)
  const index = match?.[1] ? Number(match[1]) : undefined
  const of = Number(match?.[2] ?? 0)
  if (of > 0 && (index ?? 0) < of) return { index, of }
  throw new UsageError(`${name}: '${shown(text)}' is not a shard`, {
    hint: '0/4 to 3/4 for four shards, or /4 with the index in JOB_COMPLETION_INDEX',
  })
}

/** A Unix time in seconds, or an ISO 8601 time; returns milliseconds since 1970. */
export const parseInstant: Parse<number> = (text, name) => {
  const value = /^\d{9,11}(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text)
  if (value > 0) return value
  throw new UsageError(`${name}: '${shown(text)}' is not a time`, {
    hint: 'seconds since 1970, as from date +%s, or 2026-11-21T09:30:00Z',
  })
}

export interface ServerArgument {
  readonly host: string
  readonly port: number | undefined
}

/** `a.example,b.example:1884,[::1]:1885` */
export const parseServers: Parse<ServerArgument[]> = (text, name) => {
  return text.split(',').map((part) => {
    const match = /^(?:\[([\da-fA-F:.%\w]+)\]|([^:[\]\s/]+))(?::(\d+))?$/.exec(part)
    const port = match?.[3] === undefined ? undefined : parsePort(match[3], name)
    if (match !== null && port !== 0)
      return { host: match[1] === undefined ? match[2]! : unbracketed(match[1]), port }
    throw new UsageError(`${name}: '${shown(part)}' is not a server`, {
      hint: 'HOST or HOST:PORT, separated by commas; an IPv6 address in brackets: [::1]:1883',
    })
  })
}

export const plotForms = ['braille', 'ascii', 'none'] as const
export type PlotForm = (typeof plotForms)[number]

export const parsePlot: Parse<PlotForm> = (text, name) => {
  const form = plotForms.find((known) => known === text)
  if (form !== undefined) return form
  throw new UsageError(`${name}: unknown form '${shown(text)}'`, { hint: plotForms.join(', ') })
}

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** `:9090` binds 127.0.0.1; `0.0.0.0:9090` and `[::]:9090` bind all addresses. */
export const parseListenAddress: Parse<ListenAddress> = (text, name) => {
  const match = /^(?:\[([\da-fA-F:.%\w]+)\]|([^:[\]\s/]*)):(\d+)$/.exec(text)
  if (match !== null)
    return {
      host: match[1] === undefined ? match[2] || '127.0.0.1' : unbracketed(match[1]),
      port: parseListenPort(match[3]!, name),
    }
  throw new UsageError(`${name}: '${shown(text)}' is not an address to listen on`, {
    hint: ':9090 for 127.0.0.1, 0.0.0.0:9090 for all addresses, :0 for any free port',
  })
}

const mostAddresses = 65_536

/** `127.0.0.2,127.0.0.10-127.0.0.20,::1` */
export const parseAddresses: Parse<string[]> = (text, name) => {
  const addresses = text.split(',').flatMap((part) => {
    const [from, to, ...more] = part.split('-')
    if (to === undefined && isAddress(from!)) return [from!]
    const [first, last] = [ipv4(from!), ipv4(to ?? '')]
    const fits = more.length === 0 && first !== undefined && last !== undefined && first <= last
    if (fits && last - first < mostAddresses)
      return Array.from({ length: last - first + 1 }, (_, index) => ipv4Text(first + index))
    throw new UsageError(`${name}: '${shown(part)}' is not an address`, {
      hint: 'addresses of this machine, separated by commas: 127.0.0.2,127.0.0.3 or 127.0.0.2-127.0.0.9',
    })
  })
  return addresses
}

function isAddress(text: string): boolean {
  return ipv4(text) !== undefined || (text.includes(':') && /^[\da-fA-F:.]+(%\w+)?$/.test(text))
}

function ipv4(text: string): number | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined
  const bytes = text.split('.').map(Number)
  return bytes.every((byte) => byte < 256) ? bytes.reduce((sum, byte) => sum * 256 + byte, 0) : undefined
}

function ipv4Text(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
}

export interface Assertion {
  readonly metric: string
  readonly operator: '<' | '<=' | '=' | '>=' | '>'
  readonly value: number
  readonly text: string
}

const times = ['p50', 'p90', 'p99', 'p999', 'p9999', 'p99999', 'max']
const metrics = [
  ...times,
  ...times.map((name) => `service_${name}`),
  ...[
    'rate',
    'loss',
    'offered',
    'sent',
    'acked',
    'received',
    'duplicated',
    'reordered',
    'late',
    'skipped',
    'unsent',
  ],
  ...['unacked', 'failed', 'connected', 'disconnected', 'churned', 'reconnected'],
]

export const parseAssertions: Parse<Assertion[]> = (text, name) => {
  return text.split(',').map((part) => {
    const match = /^\s*(\w+)\s*(<=|>=|<|>|=)\s*(\d+(?:\.\d+)?)\s*(us|ms|s)?\s*$/.exec(part)
    const [, metric = '', operator = '', number = '', unit] = match ?? []
    const isTime = /p\d+$|max$/.test(metric)
    if (match === null || !metrics.includes(metric) || (unit !== undefined && !isTime)) {
      throw new UsageError(`${name}: '${shown(part)}' is not a condition`, {
        hint: `such as p99<20ms, loss=0 or rate>=9000; metrics are ${metrics.slice(0, 7).join(', ')}, service_p50 and so on, ${metrics.slice(14).join(', ')}`,
      })
    }
    const value = Number(number) * { us: 0.001, ms: 1, s: 1000 }[(unit ?? 'ms') as 'us' | 'ms' | 's']
    return { metric, operator: operator as Assertion['operator'], value, text: part.trim() }
  })
}
