// Reads a SUBACK: granted, granted at a lower QoS, or refused.
import { reasonText } from '../codec/reason-codes.js'
import { MqttxError } from '../errors.js'
import type { Host } from '../host.js'
import { say } from '../io/say.js'
import { isTerminal } from '../io/terminal.js'
import { shown } from '../text.js'

export interface SubscriptionArgs {
  readonly topics: readonly string[]
  readonly qos: 0 | 1 | 2
}

/**
 * Reads the Reason Codes of a SUBACK (MQTT 3.1.1, 3.9.3; MQTT 5.0, 3.9.3).
 * @returns `refused`: the first code from 0x80 on, or 0; `all`: every Topic Filter was refused
 */
export function readSuback(
  granted: readonly number[],
  { topics, qos }: SubscriptionArgs,
  warn: (text: string) => void,
): { refused: number; all: boolean } {
  let refused = 0
  topics.forEach((topic, index) => {
    const code = granted[index] ?? 0x80
    if (code >= 0x80) {
      refused ||= code
      warn(`Subscription to '${shown(topic)}' was refused: ${reasonText(code)}.`)
    } else if (code < qos)
      warn(`Subscription to '${shown(topic)}': requested QoS ${qos}, granted QoS ${code}.`)
  })
  return { refused, all: refused !== 0 && topics.every((_, index) => (granted[index] ?? 0x80) >= 0x80) }
}

/** Topic Filters that `subscribedText` lists. */
const listed = 3

/** `Subscribed to 'a', 'b' and 2 more.`: the granted Topic Filters; undefined if all were refused. */
export function subscribedText(topics: readonly string[], granted: readonly number[]): string | undefined {
  const accepted = topics.filter((_, index) => (granted[index] ?? 0x80) < 0x80)
  if (accepted.length === 0) return undefined
  const names = accepted.slice(0, listed).map((topic) => `'${shown(topic, 200)}'`)
  const more = accepted.length > listed ? ` and ${accepted.length - listed} more` : ''
  return `Subscribed to ${names.join(', ')}${more}.`
}

interface AnnounceArgs extends Pick<SubscriptionArgs, 'topics'> {
  readonly quiet: boolean
  readonly debug: boolean
  readonly watch: boolean
}

/** Says on a terminal what is subscribed to. With -d the trace does, with -w the view has the terminal. */
export function announce(
  { quiet, debug, watch, topics }: AnnounceArgs,
  { stdout, stderr }: Host,
  granted: readonly number[],
): void {
  if (quiet || debug || watch || !isTerminal(stdout) || !isTerminal(stderr)) return
  const text = subscribedText(topics, granted)
  if (text !== undefined) say(stderr, text)
}

/** Reads the Reason Codes of an UNSUBACK. @returns the first from 0x80 on, or 0 */
export function readUnsuback(
  codes: readonly number[],
  reason: string | undefined,
  warn: (text: string) => void,
): number {
  const refused = codes.find((code) => code >= 0x80)
  if (refused === undefined) return 0
  warn(`UNSUBSCRIBE was refused: ${reasonText(refused)}${reason === undefined ? '.' : `; ${reason}`}`)
  return refused
}

/** The error if every Topic Filter was refused; `code` is the Reason Code. */
export function allDenied(code: number, reason: string | undefined): MqttxError {
  const hint = reason ?? "check the server's access control list for this user"
  return new MqttxError('All subscription requests were denied.', { exitCode: code, prefix: '', hint })
}
