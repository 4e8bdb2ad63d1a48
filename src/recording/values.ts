// Checks of JSON values, and their error texts.
import { largestString } from '../cli/values.js'
import { MqttxError } from '../errors.js'
import { shown } from '../text.js'

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value for an error text, at most 60 characters. */
export function shape(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (isObject(value)) return 'an object'
  const text = shown(JSON.stringify(value))
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** The error for an invalid line; the caller adds the line number. */
export function bad(what: string, hint?: string): MqttxError {
  return new MqttxError(shown(what), { hint })
}

/**
 * Decodes base64. Node's decoder skips invalid characters; the length reveals them.
 * @throws MqttxError
 */
export function base64(text: string, name: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  if (text.length % 4 === 0 && bytes.length === (text.length / 4) * 3 - padding) return bytes
  throw bad(`${name} is not base64`)
}

/**
 * Decodes hexadecimal digits. Node's decoder stops at an invalid character; the length reveals it.
 * @throws MqttxError
 */
export function hex(text: string, name: string): Buffer {
  const bytes = Buffer.from(text, 'hex')
  if (bytes.length * 2 === text.length) return bytes
  throw bad(`${name} is not hexadecimal`)
}

/**
 * Why `text` is not a UTF-8 Encoded String (MQTT 5.0, 1.5.4), or undefined. Control characters are allowed here, as a
 * received property may contain them; the command-line options refuse them, as mosquitto does.
 */
export function utf8Fault(text: string): string | undefined {
  if (!text.isWellFormed()) return 'has a lone surrogate [MQTT-1.5.4-1]'
  if (text.includes('\0')) return 'has a NUL character [MQTT-1.5.4-2]'
  return Buffer.byteLength(text) > largestString ? `is longer than ${largestString} bytes` : undefined
}
