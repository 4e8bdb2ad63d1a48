// Parses lines printed by -F %j and %J of mosquitto_sub and of ours. The payload is a string or embedded JSON;
// "payloadlen" tells which.
import { isJson } from '../text.js'
import { bad, base64, isObject, shape } from './values.js'

/** True for such a line: `sub --json` prints "time" instead of "tst". */
export function isRecording(members: Record<string, unknown>): boolean {
  return typeof members.tst === 'string' && typeof members.payloadlen === 'number'
}

const userProperties = 'user-properties'
const useOurs = 'mqttx sub --json records every payload'

/**
 * The payload of the line `text` with these members. Embedded JSON is taken byte for byte.
 * @throws MqttxError if the payload is truncated: mosquitto_sub stops at a NUL
 */
export function recordedPayload(members: Record<string, unknown>, text: string): Buffer {
  const { payload, payloadlen, encoding } = members
  if (payload === undefined) throw bad('it has no "payload"')
  if (payloadlen === 0 && payload === null) return Buffer.alloc(0)
  if (encoding === 'base64' && typeof payload === 'string') return base64(payload, '"payload"')
  if (typeof payload !== 'string') return Buffer.from(written(text))
  const plain = Buffer.from(payload)
  if (plain.length === payloadlen) return plain
  const json = Buffer.from(written(text)) // a string as JSON has its quotes
  if (json.length === payloadlen) return json
  const what = `"payload" has ${plain.length} bytes, and "payloadlen" is ${shape(payloadlen)}`
  throw bad(`${what}: the payload is truncated`, useOurs)
}

const string = '"(?:[^"\\\\]|\\\\.)*"'
const pair = new RegExp(`\\s*(${string})\\s*:\\s*(${string})\\s*,?`, 'y')

/**
 * The properties of such a line, with the User Properties as a list. mosquitto_sub 2.0 prints an object with repeated
 * names, of which JSON.parse keeps only the last.
 */
export function recordedProperties(properties: unknown, text: string): unknown {
  if (!isObject(properties) || !isObject(properties[userProperties])) return properties
  const pairs: unknown[] = []
  pair.lastIndex = /"user-properties"\s*:\s*\{/.exec(text)!.index
  pair.lastIndex = text.indexOf('{', pair.lastIndex) + 1
  for (let found = pair.exec(text); found !== null; found = pair.exec(text)) {
    pairs.push(JSON.parse(`{${found[1]}:${found[2]}}`))
  }
  return { ...properties, [userProperties]: pairs }
}

/**
 * The source text of "payload". It is the last member, so it is the first value with this name that extends to the end
 * of the object; an earlier member, such as a User Property, may have the same name.
 */
function written(text: string): string {
  const end = text.lastIndexOf('}')
  for (const { 0: name, index } of text.matchAll(/"payload"\s*:/g)) {
    const value = text.slice(index + name.length, end).trim()
    if (isJson(value)) return value
  }
  throw bad('"payload" is not its last member', useOurs)
}
