// The fields of -F: for each letter after `%`, the function that prints it. Chosen when the format is compiled.
import { pairsOf } from '../codec/user-properties.js'
import { decimal } from './decimal.js'
import { jsonWithJsonPayload, jsonWithTextPayload } from './json.js'
import type { ByteSink, MessageProperties, ReceivedMessage, WallClock } from './message.js'
import { putAbsent, putHex, putNumber, putPayload, putText, putUpperHex } from './pad.js'
import type { Layout } from './specifier.js'
import { isoSecond, type LocalTime, localTime, zoneOffset } from './strftime.js'

/** Environment of a template while it renders. */
export interface RenderContext {
  readonly clock: WallClock
  /** Indents %j and %J (--pretty). */
  readonly pretty: boolean
  /** Prints a line on stderr; `text` has no line feed. */
  readonly warn: (text: string) => void
}

/** A RenderContext plus the time that all `@` of a format share; undefined if the format has no `@`. */
export interface RenderState extends RenderContext {
  readonly now: LocalTime | undefined
}

/** One step of a compiled format. */
export type Step = (message: ReceivedMessage, sink: ByteSink, state: RenderState) => void

type Field = (layout: Layout) => Step

const fields: Readonly<Record<string, Field>> = {
  '%': () => (_, sink) => sink.text('%'),
  A: integerProperty(({ topicAlias }) => topicAlias),
  C: (layout) => (message, sink) => {
    const contentType = message.properties?.contentType
    if (contentType === undefined) putAbsent(layout, sink)
    else putText(contentType, layout, sink)
  },
  D: () => (message, sink) => {
    const data = message.properties?.correlationData
    if (data !== undefined) sink.bytes(data)
  },
  d: float('double', 8, (payload) => payload.readDoubleLE(0)),
  // mosquitto prints a signed 32-bit number.
  E: integerProperty(({ messageExpiryInterval: seconds }) =>
    seconds === undefined ? undefined : seconds | 0,
  ),
  F: integerProperty(({ payloadFormatIndicator: utf8 }) => (utf8 === undefined ? undefined : Number(utf8))),
  f: float('float', 4, (payload) => payload.readFloatLE(0)),
  I: (layout) => (_, sink, state) => {
    const time = localTime(state.clock())
    putText(isoSecond(time) + zoneOffset(time.date), layout, sink)
  },
  j: () => jsonWithTextPayload,
  J: () => jsonWithJsonPayload,
  l: integer(({ payload }) => payload.length),
  m: integer(({ messageId }) => messageId),
  P: () => (message, sink) => sink.text(userProperties(message.properties)),
  p: (layout) => {
    if (layout.width === 0) return ({ payload }, sink) => sink.bytes(payload)
    return (message, sink) => putPayload(message.payload, layout, sink)
  },
  q: () => (message, sink) => sink.text(String(message.qos)),
  R: (layout) => (message, sink) => {
    const topic = message.properties?.responseTopic
    if (topic !== undefined) putText(topic, layout, sink)
  },
  r: () => (message, sink) => sink.text(message.retain ? '1' : '0'),
  S: integerProperty(({ subscriptionIdentifier: ids }) => (typeof ids === 'object' ? ids[0] : ids)),
  t: (layout) => {
    if (layout.width === 0 && layout.precision === undefined)
      return (message, sink) => sink.text(message.topic)
    return (message, sink) => putText(message.topic, layout, sink)
  },
  U: () => (_, sink, state) => {
    const { seconds, nanoseconds } = state.clock()
    sink.text(`${seconds}.${String(nanoseconds).padStart(9, '0')}`)
  },
  x: (layout) => (message, sink) => putHex(message.payload, layout, sink),
  X: (layout) => (message, sink) => putUpperHex(message.payload, layout, sink),
}

/** The field of a letter, if there is one. */
export function fieldOf(letter: string): Field | undefined {
  return Object.hasOwn(fields, letter) ? fields[letter] : undefined
}

function integer(read: (message: ReceivedMessage) => number): Field {
  return (layout) => (message, sink) => putNumber(String(read(message)), layout, sink)
}

function integerProperty(read: (properties: MessageProperties) => number | undefined): Field {
  return (layout) => (message, sink) => {
    const value = message.properties && read(message.properties)
    if (value === undefined) putAbsent(layout, sink)
    else putNumber(String(value), layout, sink)
  }
}

/** A payload that is one little-endian number; mosquitto reads it in host byte order. */
function float(name: 'float' | 'double', size: number, read: (payload: Buffer) => number): Field {
  return (layout) => (message, sink, state) => {
    if (message.payload.length !== size) {
      state.warn(`requested ${name} printing, but non-${name} data received`)
      return
    }
    const value = read(message.payload)
    const zero = layout.zero && Number.isFinite(value) // never `00inf`
    putNumber(decimal(value, layout.precision ?? 6), { ...layout, zero }, sink)
  }
}

function userProperties(properties: MessageProperties | undefined): string {
  const pairs = pairsOf(properties?.userProperties ?? {})
  return pairs.map(([name, value]) => `${name}:${value}`).join(' ')
}
