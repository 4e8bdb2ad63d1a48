// --json of sub and rr: each message as a line of JSON that `pub --json` can publish again.
import { isUtf8 } from 'node:buffer'
import { inOrder } from '../codec/user-properties.js'
import { jsonOf } from '../text.js'
import { copyJson } from './json-copy.js'
import { JsonWriter } from './json-writer.js'
import type { Formatter, MessageProperties, ReceivedMessage, WallClock } from './message.js'

/**
 * Formats a message received now. `time` is in UTC, so lines from different hosts sort by it. The payload is a string if
 * it is UTF-8, otherwise base64. Correlation Data is Binary Data, so it is always `{"base64":"..."}`. `pretty` indents
 * the object.
 */
export function ndjson(clock: WallClock, pretty = false): Formatter {
  return (message, sink) => {
    const writer = new JsonWriter(sink, pretty)
    writer.open('{')
    writeHead(message, writer, timeText(clock))
    writePayload(message.payload, writer)
    if (hasSome(message.properties)) {
      writer.key('"properties"')
      const text = propertiesText(message.properties)
      if (pretty) copyJson(text, writer)
      else writer.value(text)
    }
    writer.close()
    writer.end()
    sink.newline()
  }
}

function writeHead(message: ReceivedMessage, writer: JsonWriter, time: string): void {
  writer.key('"time"')
  writer.value(`"${time}"`)
  writer.key('"topic"')
  writer.string(message.topic)
  writer.key('"qos"')
  writer.value(String(message.qos))
  writer.key('"retain"')
  writer.value(String(message.retain))
  writer.key('"dup"')
  writer.value(String(message.dup))
}

function writePayload(payload: Buffer, writer: JsonWriter): void {
  const text = isUtf8(payload)
  writer.key('"payload"')
  writer.string(payload.toString(text ? 'utf8' : 'base64'))
  writer.key('"encoding"')
  writer.value(text ? '"utf8"' : '"base64"')
}

/** RFC 3339 with microseconds, in UTC. */
function timeText(clock: WallClock): string {
  const { seconds, nanoseconds } = clock()
  const second = new Date(seconds * 1000).toISOString().slice(0, 19)
  return `${second}.${String(Math.floor(nanoseconds / 1000)).padStart(6, '0')}Z`
}

function hasSome(properties: MessageProperties | undefined): properties is MessageProperties {
  return properties !== undefined && Object.keys(properties).length > 0
}

/** mqtt-packet's names and values, except bytes, which JSON lacks, and User Properties whose order an object lacks. */
function propertiesText(properties: MessageProperties): string {
  const { correlationData, userProperties } = properties
  if (correlationData === undefined && userProperties === undefined) return jsonOf(properties)
  return jsonOf({
    ...properties,
    ...(correlationData && { correlationData: { base64: correlationData.toString('base64') } }),
    ...(userProperties && { userProperties: inOrder(userProperties) }),
  })
}
