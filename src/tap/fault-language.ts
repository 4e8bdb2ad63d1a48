// The language of faults: which packets, and what happens to them. One line is one rule.
import { nearest } from '../cli/nearest.js'
import { snLayouts } from '../codec/mqtt-sn-names.js'
import { UsageError } from '../errors.js'
import { misplacedWildcards } from '../session/topic-filter.js'
import { shown } from '../text.js'

export type Direction = 'c2s' | 's2c'

export type FaultAction =
  | { readonly kind: 'drop' | 'duplicate' }
  /** Milliseconds. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** After so many bytes of the packet. */
  | { readonly kind: 'close' | 'reset'; readonly after: number }
  /** Only the first so many bytes of the packet. */
  | { readonly kind: 'truncate'; readonly bytes: number }
  /** Reason Code of a CONNACK; return code of MQTT-SN. */
  | { readonly kind: 'answer'; readonly code: number }
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }

export interface FaultRule {
  /** As written. */
  readonly text: string
  /** Control Packet type, 1 to 15; MsgType of MQTT-SN, 0 to 29; undefined: all. */
  readonly type: number | undefined
  readonly direction: Direction | undefined
  /** Only the nth packet that the other conditions select, from 1, of all connections. */
  readonly nth: number | undefined
  /** Topic Filter for PUBLISH. */
  readonly topic: string | undefined
  /** Client Identifier. */
  readonly client: string | undefined
  /** 0 to 1. */
  readonly probability: number | undefined
  /** Applied at most so many times. */
  readonly times: number | undefined
  readonly action: FaultAction
}

/** By Control Packet type (MQTT 5.0, 2.1.2). */
export const packetTypes = [
  ...['', 'connect', 'connack', 'publish', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'subscribe', 'suback'],
  ...['unsubscribe', 'unsuback', 'pingreq', 'pingresp', 'disconnect', 'auth'],
] as const

/** What passes through the tap. */
export type TapProtocol = 'mqtt' | 'mqtt-sn'

/** Names by type; '' for those that are reserved. Encapsulated messages of MQTT-SN have their own type. */
export const typeNames: Readonly<Record<TapProtocol, readonly string[]>> = {
  mqtt: packetTypes,
  'mqtt-sn': Array.from({ length: 30 }, (_, code) => snLayouts.find(([known]) => known === code)?.[1] ?? ''),
}

const actions: Readonly<Record<TapProtocol, readonly string[]>> = {
  mqtt: ['drop', 'delay', 'close', 'reset', 'duplicate', 'truncate', 'answer', 'throttle'],
  'mqtt-sn': ['drop', 'delay', 'duplicate', 'truncate', 'answer'],
}
const conditions = ['c2s', 's2c', 'topic=', 'client=', 'p=', 'times=']

/** The largest packet (MQTT 5.0, 2.1.4). */
const largestPacket = 268_435_460
/** Bytes; longer lines are no rule. */
const longestRule = 4096
const mostRules = 1000
const longestDelayMs = 2 ** 31 - 1

interface Word {
  readonly text: string
  /** Position in the line, from 0. */
  readonly at: number
}

type Editable = { -readonly [Key in keyof FaultRule]: FaultRule[Key] }

/** Reads one rule. `name` is used in errors. @throws UsageError that points at the word */
export function parseFault(text: string, name = '--fault', protocol: TapProtocol = 'mqtt'): FaultRule {
  if (text.length > longestRule) throw new UsageError(`${name}: longer than ${longestRule} characters`)
  return new RuleParser(text, name, protocol).rule()
}

/** Reads the rules of a file: one per line, blank lines and comments (`# ...`) between them. @throws UsageError */
export function parseFaultFile(text: string, file: string, protocol: TapProtocol = 'mqtt'): FaultRule[] {
  const rules: FaultRule[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const rule = line.replace(/(^|\s)#(\s.*|)$/, '').replace(/^#.*$/, '')
    if (rule.trim() === '') continue
    if (rules.length >= mostRules) throw new UsageError(`${file}: more than ${mostRules} faults`)
    rules.push(parseFault(rule.trimEnd(), `${file}, line ${index + 1}`, protocol))
  }
  return rules
}

class RuleParser {
  readonly #text: string
  readonly #name: string
  readonly #protocol: TapProtocol
  readonly #words: Word[]
  #next = 0

  constructor(text: string, name: string, protocol: TapProtocol) {
    this.#text = text
    this.#name = name
    this.#protocol = protocol
    const words = text.matchAll(/(?:[^\s"]|"[^"]*"?)+/g)
    this.#words = Array.from(words, (match) => ({ text: match[0], at: match.index }))
  }

  rule(): FaultRule {
    const rule: Editable = {
      ...{ text: this.#text.trim(), type: this.#type(), direction: undefined, nth: undefined },
      ...{ topic: undefined, client: undefined, probability: undefined, times: undefined },
      action: undefined as unknown as FaultAction,
    }
    for (let word = this.#take(); word !== undefined; word = this.#take()) this.#word(rule, word)
    if (rule.action === undefined) {
      const end = { text: '', at: this.#text.trimEnd().length + 1 }
      throw this.#error(end, 'what shall happen?', `end it with an action: ${this.#actions.join(', ')}`)
    }
    return rule
  }

  get #actions(): readonly string[] {
    return actions[this.#protocol]
  }

  #take(): Word | undefined {
    return this.#words[this.#next++]
  }

  /** The argument of an action. */
  #argument(action: Word, what: string): Word {
    const end = { text: '', at: action.at + action.text.length + 1 }
    const word = this.#take()
    if (word === undefined) throw this.#error(end, `${action.text} needs ${what}`)
    return word
  }

  #type(): number | undefined {
    const word = this.#take() ?? { text: '', at: 0 }
    const name = word.text.toLowerCase()
    if (name === 'all') return undefined
    const names = typeNames[this.#protocol]
    const type = name === '' ? -1 : names.indexOf(name)
    if (type >= 0) return type
    const known = names.filter((one) => one !== '')
    const near = nearest(name, known)
    const what = this.#protocol === 'mqtt' ? 'packet' : 'message'
    throw this.#error(
      word,
      `'${shown(word.text)}' is not a ${what} type`,
      near === undefined ? 'begin with a type such as publish, or all' : `did you mean '${near}'?`,
    )
  }

  #word(rule: Editable, word: Word): void {
    const { text } = word
    const key = /^(#|topic=|client=|p=|times=)/.exec(text)?.[1]
    const value = { text: text.slice(key?.length), at: word.at + (key?.length ?? 0) }
    if (text === 'c2s' || text === 's2c') this.#once(rule, word, 'direction', text)
    else if (key === '#') this.#once(rule, word, 'nth', this.#whole(value, 1))
    else if (key === 'topic=') this.#once(rule, word, 'topic', this.#topic(rule, word, value))
    else if (key === 'client=') this.#once(rule, word, 'client', unquoted(value.text))
    else if (key === 'times=') this.#once(rule, word, 'times', this.#whole(value, 1))
    else if (key === 'p=') this.#once(rule, word, 'probability', this.#probability(value))
    else if (this.#actions.includes(text)) this.#once(rule, word, 'action', this.#action(rule, word))
    else if (actions.mqtt.includes(text))
      throw this.#error(
        word,
        `${text} is for TCP: a datagram has no connection`,
        `use ${this.#actions.join(', ')}`,
      )
    else {
      const near = nearest(text, [...this.#actions, ...conditions])
      const all = [...conditions, '#N'].join(', ')
      const hint = near === undefined ? `use ${all} or an action` : `did you mean '${near}'?`
      throw this.#error(word, `unknown word '${shown(text)}'`, hint)
    }
  }

  #once<K extends keyof Editable>(rule: Editable, word: Word, key: K, value: Editable[K]): void {
    if (rule[key] !== undefined)
      throw this.#error(word, `'${shown(word.text)}' is one too many`, 'write two rules')
    rule[key] = value
  }

  #action(rule: Editable, word: Word): FaultAction {
    switch (word.text) {
      case 'delay':
        return { kind: 'delay', ms: this.#time(this.#argument(word, 'a time, such as 200ms')) }
      case 'throttle':
        return {
          kind: 'throttle',
          bytesPerSecond: this.#rate(this.#argument(word, 'a rate, such as 10KB/s')),
        }
      case 'truncate':
        return { kind: 'truncate', bytes: this.#whole(this.#argument(word, 'a number of bytes'), 0) }
      case 'close':
      case 'reset':
        return { kind: word.text, after: this.#after() }
      case 'answer': {
        if (rule.type !== this.#typeOf('connect'))
          throw this.#error(
            word,
            'only a CONNECT can be answered',
            `as in: connect answer ${this.#protocol === 'mqtt' ? '0x97' : 1}`,
          )
        return { kind: 'answer', code: this.#code(word) }
      }
      default:
        return { kind: word.text as 'drop' | 'duplicate' }
    }
  }

  /** `after N`, which may be left out. */
  #after(): number {
    const word = this.#words[this.#next]
    if (word?.text !== 'after') return 0
    this.#next++
    return this.#whole(this.#argument(word, 'a number of bytes'), 0)
  }

  #whole(word: Word, least: number): number {
    const number = /^\d{1,9}$/.test(word.text) ? Number(word.text) : -1
    if (number >= least && number <= largestPacket) return number
    throw this.#error(word, `'${shown(word.text)}' is not a number from ${least} to ${largestPacket}`)
  }

  #probability(word: Word): number {
    const number = /^(\d+(\.\d*)?|\.\d+)$/.test(word.text) ? Number(word.text) : -1
    if (number > 0 && number <= 1) return number
    throw this.#error(word, `'${shown(word.text)}' is not a probability`, 'such as p=0.1')
  }

  #topic({ type }: Editable, word: Word, value: Word): string {
    if (type !== this.#typeOf('publish') && type !== undefined)
      throw this.#error(word, 'only a PUBLISH has a topic', 'as in: publish topic=a/# drop')
    const filter = unquoted(value.text)
    const [wrong] = misplacedWildcards(filter)
    if (filter !== '' && wrong === undefined) return filter
    if (wrong === undefined) throw this.#error(value, 'a Topic Filter is missing')
    throw this.#error({ text: '', at: value.at + wrong.index }, `${wrong.wildcard} must be ${wrong.mustBe}`)
  }

  #time(word: Word): number {
    const [, number, unit] = /^(\d{1,7}(?:\.\d{1,3})?)(ms|s|m)$/.exec(word.text) ?? []
    const ms = Number(number) * ({ ms: 1, s: 1000, m: 60_000 }[unit ?? ''] ?? Number.NaN)
    if (ms <= longestDelayMs) return ms
    throw this.#error(word, `'${shown(word.text)}' is not a time`, 'such as 200ms, 1.5s or 2m')
  }

  #rate(word: Word): number {
    const [, number, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(B|KB|KiB|MB|MiB)\/s$/i.exec(word.text) ?? []
    const units: Record<string, number> = { b: 1, kb: 1000, kib: 1024, mb: 1e6, mib: 1_048_576 }
    const rate = Number(number) * (units[unit?.toLowerCase() ?? ''] ?? Number.NaN)
    if (rate >= 1) return rate
    throw this.#error(word, `'${shown(word.text)}' is not a rate`, 'such as 512B/s, 10KB/s or 1MB/s')
  }

  #typeOf(name: string): number {
    return typeNames[this.#protocol].indexOf(name)
  }

  /** A Return Code of MQTT 3.1.1, or a Reason Code that refuses; a return code of MQTT-SN (5.3.10). */
  #code(action: Word): number {
    const isSn = this.#protocol === 'mqtt-sn'
    const word = this.#argument(action, isSn ? 'a return code, 1 to 3' : 'a Reason Code, such as 0x97')
    const code = /^(0x[\da-f]{1,2}|\d{1,3})$/i.test(word.text) ? Number(word.text) : -1
    if (isSn ? code >= 1 && code <= 3 : (code >= 1 && code <= 5) || (code >= 0x80 && code <= 0xff))
      return code
    throw this.#error(
      word,
      `'${shown(word.text)}' is not a code that refuses`,
      isSn ? 'use 1 to 3' : 'use 0x80 to 0xff',
    )
  }

  /** Points at the word. */
  #error({ at }: Word, why: string, hint?: string): UsageError {
    const before = shown(this.#text.slice(0, at)).padEnd(at)
    const lines = [`${this.#name}: ${why}`, `  ${shown(this.#text)}`, `  ${' '.repeat(before.length)}^`]
    return new UsageError(lines, { hint })
  }
}

function unquoted(text: string): string {
  return text.replaceAll('"', '')
}
