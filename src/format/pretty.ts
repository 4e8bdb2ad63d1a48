// --pretty without -F and --json: a payload that is JSON, indented.
import { isUtf8 } from 'node:buffer'
import { copyJson } from './json-copy.js'
import { JsonWriter } from './json-writer.js'
import type { Formatter, ReceivedMessage } from './message.js'

/** The indented JSON of `payload` in pieces, in the layout of %J; undefined if it is not a JSON object or array. */
export function prettyJson(payload: Buffer): readonly string[] | undefined {
  if (!isUtf8(payload)) return undefined
  const text = payload.toString()
  if (!/^[\ufeff\s]*[[{]/.test(text)) return undefined
  const pieces: string[] = []
  const writer = new JsonWriter({ text: (piece) => void pieces.push(piece) }, true)
  if (!copyJson(text, writer)) return undefined
  writer.end()
  return pieces
}

/** Formats like `inner`, with the payload indented if it is JSON. */
export function pretty(inner: Formatter): Formatter {
  return (message, sink) => {
    const pieces = prettyJson(message.payload)
    inner(pieces === undefined ? message : withPayload(message, Buffer.from(pieces.join(''))), sink)
  }
}

function withPayload(message: ReceivedMessage, payload: Buffer): ReceivedMessage {
  const { topic, qos, retain, dup, messageId, properties } = message
  const place = { payload, bytes: payload, payloadStart: 0, payloadEnd: payload.length }
  return { topic, qos, retain, dup, messageId, properties, ...place }
}
