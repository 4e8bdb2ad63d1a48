// %j and %J of -F: a message as a JSON object with mosquitto's members, always valid UTF-8. A payload that is not UTF-8
// is printed in base64 with "encoding":"base64", such Correlation Data as "correlation-data-base64". NUL is escaped
// like other control characters.
import { pairsOf } from '../codec/user-properties.js'
import { jsonOf, shown } from '../text.js'
import { copyJson } from './json-copy.js'
import { JsonWriter } from './json-writer.js'
import type { ByteSink, MessageProperties, ReceivedMessage, WallClock } from './message.js'
import { isoSecond, localTime, zoneOffset } from './strftime.js'

/** The part of a RenderContext that JSON needs. */
interface JsonContext {
  readonly clock: WallClock
  readonly pretty: boolean
  readonly warn: (text: string) => void
}

type PropertyName = keyof MessageProperties

/** %j: the payload is a string, or null if it is empty. */
export function jsonWithTextPayload(message: ReceivedMessage, sink: ByteSink, context: JsonContext): void {
  const writer = new JsonWriter(sink, context.pretty)
  writeHead(message, writer, context.clock)
  const text = message.payload.length === 0 ? undefined : utf8(message.payload)
  if (text === null) member(writer, 'encoding').string('base64')
  member(writer, 'payload')
  if (text === undefined) writer.value('null')
  else writer.string(text ?? message.payload.toString('base64'))
  writer.close()
  writer.end()
}

/** %J: the payload is embedded JSON. If it is not JSON, prints nothing and calls `warn`. */
export function jsonWithJsonPayload(message: ReceivedMessage, sink: ByteSink, context: JsonContext): void {
  const held: string[] = [] // until the whole payload is known to be JSON
  const writer = new JsonWriter({ text: (text) => held.push(text) }, context.pretty)
  writeHead(message, writer, context.clock)
  member(writer, 'payload')
  const source = message.payload.length === 0 ? 'null' : utf8(message.payload)
  if (source === null || !copyJson(source, writer)) {
    context.warn(`Error: Message payload is not valid JSON on topic ${shown(message.topic)}.`)
    return
  }
  writer.close()
  writer.end()
  for (const text of held) sink.text(text)
}

/** Opens the object and writes all members before the payload. */
function writeHead(message: ReceivedMessage, writer: JsonWriter, clock: WallClock): void {
  const time = localTime(clock())
  const microseconds = String(Math.floor(time.nanoseconds / 1000)).padStart(6, '0')
  writer.open('{')
  member(writer, 'tst').value(`"${isoSecond(time)}.${microseconds}${zoneOffset(time.date)}"`)
  member(writer, 'topic').string(message.topic)
  member(writer, 'qos').value(String(message.qos))
  member(writer, 'retain').value(String(message.retain))
  member(writer, 'payloadlen').value(String(message.payload.length))
  if (message.qos > 0) member(writer, 'mid').value(String(message.messageId))
  if (message.properties !== undefined) writeProperties(message.properties, writer)
}

function writeProperties(properties: MessageProperties, writer: JsonWriter): void {
  const names = Object.keys(properties) as PropertyName[]
  const present = names.filter((name) => properties[name] !== undefined)
  if (present.length === 0) return
  member(writer, 'properties').open('{')
  for (const name of present) writeProperty(properties, name, writer)
  writer.close()
}

/** Writes a property that is present: the `!` below. */
function writeProperty(properties: MessageProperties, name: PropertyName, writer: JsonWriter): void {
  switch (name) {
    case 'payloadFormatIndicator':
      member(writer, 'payload-format-indicator').value(String(Number(properties[name])))
      break
    case 'messageExpiryInterval':
      member(writer, 'message-expiry-interval').value(String(properties[name]))
      break
    case 'contentType':
      member(writer, 'content-type').string(properties[name]!)
      break
    case 'responseTopic':
      member(writer, 'response-topic').string(properties[name]!)
      break
    case 'correlationData':
      writeCorrelationData(properties[name]!, writer)
      break
    case 'subscriptionIdentifier':
      writeIdentifiers([properties[name]!].flat(), writer)
      break
    case 'topicAlias':
      member(writer, 'topic-alias').value(String(properties[name]))
      break
    case 'userProperties':
      writeUserProperties(properties[name]!, writer)
      break
    default:
      name satisfies never
  }
}

function writeCorrelationData(data: Buffer, writer: JsonWriter): void {
  const text = utf8(data)
  if (text !== null) member(writer, 'correlation-data').string(text)
  else member(writer, 'correlation-data-base64').string(data.toString('base64'))
}

/** mosquitto repeats the key for each identifier; most JSON readers keep only the last. */
function writeIdentifiers(identifiers: readonly number[], writer: JsonWriter): void {
  const several = identifiers.length > 1
  member(writer, 'subscription-identifier')
  if (several) writer.open('[')
  for (const identifier of identifiers) writer.value(String(identifier))
  if (several) writer.close()
}

function writeUserProperties(
  pairs: NonNullable<MessageProperties['userProperties']>,
  writer: JsonWriter,
): void {
  member(writer, 'user-properties').open('[')
  for (const [name, value] of pairsOf(pairs)) {
    writer.open('{')
    writer.key(jsonOf(name))
    writer.string(value)
    writer.close()
  }
  writer.close()
}

/** Writes a fixed name, which needs no escapes. */
function member(writer: JsonWriter, name: string): JsonWriter {
  writer.key(`"${name}"`)
  return writer
}

/** Decodes UTF-8; null if invalid, which Node's decoder marks with U+FFFD. */
function utf8(bytes: Buffer): string | null {
  const text = bytes.toString()
  return !text.includes('\ufffd') || Buffer.from(text).equals(bytes) ? text : null
}
