// Parses a line of JSON, as printed by `sub --json` or mosquitto_sub -F %j or %J, into a message. Every member is
// checked: a misspelt name must not lose a payload or a property.
import { isUtf8 } from 'node:buffer'
import { topicNameFault } from '../cli/topic.js'
import type { PublishProperties, QoS } from '../codec/publish.js'
import { isRecording, recordedPayload, recordedProperties } from './mosquitto.js'
import { readProperties } from './properties.js'
import type { LineTimes } from './time.js'
import { bad, base64, hex, isObject, shape } from './values.js'

export interface LineMessage {
  readonly topic: string
  readonly qos: QoS
  readonly retain: boolean
  readonly payload: Buffer
  /** Undefined where there are none. */
  readonly properties: PublishProperties | undefined
}

/** A message with the time at which it was recorded. */
export interface TimedMessage extends LineMessage {
  /** Milliseconds since 1970, with a fraction; undefined if the line has none. */
  readonly time: number | undefined
}

/** Defaults from the command line. */
export interface LineDefaults {
  readonly topic: string | undefined
  readonly qos: QoS
  readonly retain: boolean
  readonly properties: PublishProperties | undefined
  readonly version: number
}

const seePrinted = 'each line must be an object as printed by `mqttx sub --json`'

/** @throws MqttxError without the line number, which the caller adds */
export function readMessage(line: Buffer, defaults: LineDefaults): LineMessage {
  const { text, members } = readLine(line)
  return messageOf(members, text, defaults, 'set a default topic with -t')
}

/** The same with the time of the line. @throws MqttxError */
export function readTimedMessage(line: Buffer, defaults: LineDefaults, times: LineTimes): TimedMessage {
  const { text, members } = readLine(line)
  // No spread: it takes longer than the rest.
  const { topic, qos, retain, payload, properties } = messageOf(members, text, defaults)
  return { topic, qos, retain, payload, properties, time: times.of(members) }
}

/** True if the line has only JSON white space: it is skipped, but counted. */
export function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false
  }
  return true
}

interface ReadLine {
  readonly text: string
  readonly members: Record<string, unknown>
}

function readLine(line: Buffer): ReadLine {
  if (!isUtf8(line)) throw bad('it is not UTF-8', seePrinted)
  const text = line.toString()
  const members = parsed(text)
  if (!isObject(members)) throw bad(`it is ${shape(members)}, not an object`, seePrinted)
  return { text, members }
}

/** `hint`: what to try if there is no topic. */
function messageOf(
  members: Record<string, unknown>,
  text: string,
  defaults: LineDefaults,
  hint?: string,
): LineMessage {
  const recording = isRecording(members)
  const { qos = defaults.qos } = members
  const retain = readRetain(members.retain ?? defaults.retain, recording)
  if (qos !== 0 && qos !== 1 && qos !== 2) throw bad(`"qos" is ${shape(qos)}, not 0, 1 or 2`)
  return {
    topic: readTopic(members.topic ?? defaults.topic, hint),
    qos,
    retain,
    payload: recording ? recordedPayload(members, text) : readPayload(members),
    properties: propertiesOf(
      recording ? recordedProperties(members.properties, text) : members.properties,
      defaults,
    ),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw bad(`it is not JSON (${(error as Error).message})`, seePrinted)
  }
}

/** mosquitto_sub 2.0 prints 0 and 1. */
function readRetain(retain: unknown, recording: boolean): boolean {
  if (typeof retain === 'boolean') return retain
  if (recording && (retain === 0 || retain === 1)) return retain === 1
  throw bad(`"retain" is ${shape(retain)}, not true or false`)
}

function readTopic(topic: unknown, hint: string | undefined): string {
  if (topic === undefined) throw bad('it has no "topic"', hint)
  if (typeof topic !== 'string') throw bad(`"topic" is ${shape(topic)}, not a string`)
  if (topic === '') throw bad('"topic" is empty [MQTT-4.7.3-1]')
  const wildcard = /[+#]/.exec(topic)
  if (wildcard !== null) {
    throw bad(`Invalid publish topic '${topic}', does it contain '+' or '#'?`, '[MQTT-3.3.2-2]')
  }
  const fault = topicNameFault(topic)
  if (fault !== undefined) throw bad(`"topic" cannot be published to: ${fault}`)
  return topic
}

const forgotten = 'an empty message has "payload":""'

function readPayload({ payload, encoding = 'utf8' }: Record<string, unknown>): Buffer {
  if (payload === undefined) throw bad('it has no "payload"', forgotten)
  if (typeof payload !== 'string') {
    const hint = payload === null ? forgotten : 'tojson in jq turns it into a string'
    throw bad(`"payload" is ${shape(payload)}, not a string`, hint)
  }
  if (encoding === 'base64') return base64(payload, '"payload"')
  if (encoding === 'hex') return hex(payload, '"payload"')
  if (encoding !== 'utf8') throw bad(`"encoding" is ${shape(encoding)}, not "utf8", "base64" or "hex"`)
  if (!payload.isWellFormed()) throw bad('"payload" has a lone surrogate')
  return Buffer.from(payload)
}

/** Properties of the line override those of the command line. */
function propertiesOf(value: unknown, defaults: LineDefaults): PublishProperties | undefined {
  if (value === undefined || value === null) return defaults.properties
  if (!isObject(value)) throw bad(`"properties" is ${shape(value)}, not an object`)
  const own = readProperties(value)
  const names = Object.keys(own)
  if (names.length === 0) return defaults.properties
  if (defaults.version < 5) {
    throw bad(`it has properties (${names.join(', ')}), which need MQTT 5`, 'use -V mqttv5')
  }
  return { ...defaults.properties, ...own }
}
