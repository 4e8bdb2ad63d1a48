// Decodes UTF-8 strings of packets and checks them (MQTT 5.0, 1.5.4).
import { Buffer, isUtf8 } from 'node:buffer'
import type { RuleKey } from './rules.js'

const shortText = 24 // bytes up to which a loop is faster than Buffer.toString

/** The text from `start` to `end`; ill-formed UTF-8 becomes U+FFFD. */
export function stringAt(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= shortText) {
    let text = ''
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!
      if (byte >= 128) return bufferOf(bytes).toString('utf8', start, end)
      text += String.fromCharCode(byte)
    }
    return text
  }
  return bufferOf(bytes).toString('utf8', start, end)
}

export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

const control = /[\u0001-\u001f\u007f-\u009f\ufdd0-\ufdef\ufffe\uffff]/

/** The rule that a text breaks, undefined for none; `text` is the decoded bytes. */
export function faultOf(bytes: Uint8Array, start: number, end: number, text: string): RuleKey | undefined {
  let plain = true
  for (let i = 0; i < text.length && plain; i++) {
    const code = text.charCodeAt(i)
    plain = code >= 0x20 && code < 0x7f
  }
  if (plain) return undefined
  if (text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end))) return 'utf8-ill-formed'
  if (text.includes('\0')) return 'utf8-nul'
  return control.test(text) ? 'utf8-control' : undefined
}
