// What a line of JSON may have in it, and how that which it may not is named.
import { largestString } from '../../cli/values.js'
import { MqttxError } from '../../errors.js'
import { shown } from '../../text.js'

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value in an error text. */
export function shape(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (isObject(value)) return 'an object'
  const text = shown(JSON.stringify(value))
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** The error that a line is no message; whoever counts lines says which. */
export function bad(what: string, hint?: string): MqttxError {
  return new MqttxError(shown(what), { hint })
}

/**
 * The bytes that base64 stands for. The decoder skips what is no base64: the length tells.
 * @throws MqttxError
 */
export function base64(text: string, name: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  if (text.length % 4 === 0 && bytes.length === (text.length / 4) * 3 - padding) return bytes
  throw bad(`${name} is not base64`)
}

/**
 * The bytes that pairs of hexadecimal digits stand for. The decoder ends where there is none: the length tells.
 * @throws MqttxError
 */
export function hex(text: string, name: string): Buffer {
  const bytes = Buffer.from(text, 'hex')
  if (bytes.length * 2 === text.length) return bytes
  throw bad(`${name} is not hexadecimal`)
}

/**
 * What makes `text` no UTF-8 Encoded String (MQTT 5.0, 1.5.4), or undefined. Control characters, which the options
 * refuse as the reference does, may stand in a recorded property.
 */
export function utf8Fault(text: string): string | undefined {
  if (!text.isWellFormed()) return 'has half of a surrogate pair [MQTT-1.5.4-1]'
  if (text.includes('\0')) return 'has a NUL character [MQTT-1.5.4-2]'
  return Buffer.byteLength(text) > largestString ? `is longer than ${largestString} bytes` : undefined
}
