// Parsers for option values. They do not know which option they serve: the caller passes its name for error texts.
import { UsageError } from '../errors.js'
import { shown } from '../text.js'
import type { Parse } from './option.js'

/** The longest delay of a Node timer in seconds: 2^31 - 1 ms, 24 days. */
export const longestTimer = 2_147_483

/** mosquitto's limit for payloads in bytes: MQTT's largest Remaining Length. */
const largestPayload = 268_435_455

const portHint = 'a port is a number from 1 to 65535'

interface NumberRule {
  readonly min: number
  readonly max: number
  /** mosquitto's error text. Default: one with the option's name and the limits. */
  readonly refusal?: (text: string) => string
  readonly hint?: string
}

/** A whole decimal number. `5x` is refused, unlike in mosquitto, whose atoi reads 5. */
export function integer(rule: NumberRule): Parse<number> {
  return (text, name) => checked(/^[+-]?\d+$/, 'a whole number', rule, text, name)
}

/** A decimal number, which may have a fraction. */
export function decimal(rule: NumberRule): Parse<number> {
  return (text, name) => checked(/^[+-]?(\d+(\.\d*)?|\.\d+)$/, 'a number', rule, text, name)
}

function checked(form: RegExp, kind: string, rule: NumberRule, text: string, name: string): number {
  const value = form.test(text) ? Number(text) : Number.NaN
  if (value >= rule.min && value <= rule.max) return value
  const limits =
    rule.max === Number.MAX_SAFE_INTEGER ? `of at least ${rule.min}` : `from ${rule.min} to ${rule.max}`
  if (rule.refusal === undefined) throw new UsageError(`${name}: '${shown(text)}' is not ${kind} ${limits}`)
  throw new UsageError(rule.refusal(shown(text)), { hint: rule.hint ?? `${kind} ${limits}` })
}

export const parseQos: Parse<0 | 1 | 2> = (text) => {
  return qosOf(text, `Invalid QoS given: ${shown(text)}`)
}

export const parseWillQos: Parse<0 | 1 | 2> = (text) => {
  return qosOf(text, `Invalid will QoS ${shown(text)}.`)
}

function qosOf(text: string, refusal: string): 0 | 1 | 2 {
  if (text === '0') return 0
  if (text === '1') return 1
  if (text === '2') return 2
  throw new UsageError(refusal, { hint: 'use 0, 1 or 2' })
}

/** A TCP port of a server. 0 is accepted: with a path as host it means a unix socket (see options/connection.ts). */
export const parsePort = integer({ min: 0, max: 65_535, refusal: portRefusal, hint: portHint })

/** A TCP port to listen on; with 0 the system chooses a free one. */
export const parseListenPort = integer({
  min: 0,
  max: 65_535,
  refusal: portRefusal,
  hint: 'a port is a number from 1 to 65535, or 0 for any free port',
})

/** The error for port 0 without the path of a unix socket. */
export function zeroPort(): UsageError {
  return new UsageError(portRefusal('0'), { hint: portHint })
}

function portRefusal(text: string): string {
  return `Invalid port given: ${text}`
}

export const parseKeepAlive = integer({
  min: 5,
  max: 65_535,
  refusal: () => 'Invalid keepalive given, it must be between 5 and 65535 inclusive.',
})

export const parseMaxInflight: Parse<number> = (text, name) => {
  const tooLarge = /^\+?0*[1-9]\d*$/.test(text)
  const limit = tooLarge ? 'at most 65535' : 'greater than 0'
  return integer({
    min: 1,
    max: 65_535,
    refusal: () => `Maximum inflight messages must be ${limit}.`,
  })(text, name)
}

export const parseRetry = integer({ min: 0, max: Number.MAX_SAFE_INTEGER })

/** Seconds, from 1 ms to the longest delay of a timer. */
export const parseSeconds = decimal({ min: 0.001, max: longestTimer })

export const parseTimeout = integer({
  min: 1,
  max: longestTimer,
  refusal: (text) => `Invalid timeout "${text}".`,
  hint: `whole seconds from 1 to ${longestTimer}`,
})

export const parseRepeat = integer({
  min: 1,
  max: Number.MAX_SAFE_INTEGER,
  refusal: () => '--repeat argument must be >0.',
})

export const parseRepeatDelay = decimal({
  min: 0,
  max: longestTimer,
  refusal: () => '--repeat-delay argument must be >=0.0.',
  hint: `seconds, which may have a fraction, at most ${longestTimer}`,
})

export const parseMessageCount = integer({
  min: 1,
  max: Number.MAX_SAFE_INTEGER,
  refusal: (text) => `Invalid message count "${text}".`,
})

export const parseChance = decimal({
  min: 0.1,
  max: 100,
  refusal: () => '--random-filter chance must be between 0.1-100.0',
  hint: 'it is a percentage: 25 prints every fourth message on average',
})

export type ProtocolVersion = 3 | 4 | 5

/** The names of each version; the first is the one in the documents. */
const versionNames: readonly (readonly [version: ProtocolVersion, ...names: string[]])[] = [
  [3, 'mqttv31', '3.1', '31'],
  [4, 'mqttv311', '3.1.1', '311'],
  [5, 'mqttv5', '5', '5.0'],
]

/** The name for `-V`: `mqttv311`. */
export function versionName(version: ProtocolVersion): string {
  return versionNames.find(([known]) => known === version)![1]!
}

/** The hint of the other commands. */
export const onlyPubAndSub = 'only pub and sub are clients of MQTT-SN'

export const parseProtocolVersion: Parse<ProtocolVersion> = (text) => {
  const row = versionNames.find(([, ...names]) => names.includes(text))
  if (row !== undefined) return row[0]
  throw new UsageError('Invalid protocol version argument given.', {
    hint:
      text === 'mqtt-sn' ? onlyPubAndSub : 'use mqttv31, mqttv311 or mqttv5; 3.1, 3.1.1 and 5 mean the same',
  })
}

/** Any text. */
export const parseText: Parse<string> = (text) => text

/** A name of a host, an address or a file: not empty, without NUL. */
export const parseName: Parse<string> = (text, name) => {
  if (text === '') throw new UsageError(`${name}: the argument is empty`)
  if (text.includes('\0')) throw new UsageError(`${name}: '${shown(text)}' contains a NUL character`)
  return text
}

export const parseMessage: Parse<string> = (text) => {
  if (text.length <= largestPayload && Buffer.byteLength(text) <= largestPayload) return text
  throw new UsageError(`Message length must be less than ${largestPayload} bytes.`)
}

/** A host name or address, without what belongs to other options, such as a port. */
export const parseHost: Parse<string> = (text, name) => {
  const hint = hostHint(text)
  if (hint === undefined) return parseName(text, name)
  // A URL may contain a password.
  const what = text.includes('@') ? 'the argument' : `'${shown(text)}'`
  throw new UsageError(`${name}: ${what} is not a host name or address`, { hint })
}

function hostHint(text: string): string | undefined {
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(text)) return 'give a URL with -L, as in -L mqtt://HOST/TOPIC'
  if (text.includes('/')) return undefined // with port 0: the path of a unix socket
  const [, host, port] = /^([^:[\]]+|\[[^[\]]*\]):(\d*)$/.exec(text) ?? []
  if (host !== undefined)
    return `give the port with -p: ${bracketless(host)}${port === '' ? '' : ` -p ${port}`}`
  return /^\[.*\]$/.test(text) ? `write an IPv6 address without brackets: ${bracketless(text)}` : undefined
}

function bracketless(host: string): string {
  return `-h ${shown(host.replace(/^\[(.*)\]$/, '$1'))}`
}

/** The path of a unix socket: at most 107 bytes, as sun_path has room for 108 with a NUL. */
export const parseSocketPath: Parse<string> = (text, name) => {
  if (Buffer.byteLength(text) <= 107) return parseName(text, name)
  throw new UsageError(`${name}: '${shown(text)}' is longer than 107 bytes, the limit for a socket's path`)
}

/** The largest UTF-8 Encoded String or Binary Data in bytes: the length field has two bytes. */
export const largestString = 65_535

/** Why `text` is not a valid UTF-8 Encoded String (MQTT 3.1.1, 1.5.3), or undefined. The same rules as mosquitto's. */
export function stringFault(text: string): string | undefined {
  if (!suspect.test(text)) return tooLong(text)
  let position = 0
  for (const character of text) {
    position++
    const code = character.codePointAt(0) ?? 0
    if (refusedCharacter(code)) {
      return `U+${code.toString(16).toUpperCase().padStart(4, '0')} at character ${position} is not allowed`
    }
  }
  return tooLong(text)
}

function tooLong(text: string): string | undefined {
  const bytes = Buffer.byteLength(text)
  return bytes > largestString ? `it is ${bytes} bytes long, the limit is ${largestString}` : undefined
}

/** Matches every text with a refused character, and few others. */
const suspect = /[\0-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]/

/** Control characters, surrogates and non-characters. */
function refusedCharacter(code: number): boolean {
  if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return true
  if (code >= 0xd800 && code <= 0xdfff) return true
  return (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe
}

/** A UTF-8 Encoded String with one error text, `refusal`, for every fault; the hint names the fault. */
export function mqttString(refusal: string, { empty }: { empty: 'allowed' | 'refused' }): Parse<string> {
  return (text) => {
    const fault = text === '' && empty === 'refused' ? 'it is empty' : stringFault(text)
    if (fault === undefined) return text
    throw new UsageError(refusal, { hint: fault })
  }
}

/** The payload of a will: Binary Data, at most 65,535 bytes. */
export const parseWillPayload: Parse<string> = (text) => {
  const bytes = Buffer.byteLength(text)
  if (bytes <= largestString) return text
  throw new UsageError('Problem setting will.', {
    hint: `the payload is ${bytes} bytes, the limit is ${largestString}`,
  })
}
