// Formats the value of a field for the text views.

import { count, quoted } from '../../text.js'
import type { Field } from '../fields.js'
import type { Packet } from '../packet.js'
import { stringAt } from '../utf8.js'
import { hexOf } from './text.js'

const longestText = 120
const longestBinary = 16

/** The value of a field, shortened unless `full`; '' if it has no value besides its bytes. */
export function valueText(field: Field, packet: Packet, full: boolean): string {
  const { value } = field
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return textOf(value, full)
  if (field.kind === 'payload') return payloadText(field, packet, full)
  if (field.kind === 'binary' || (field.whole && field.content > 0)) return binaryText(packet, field, full)
  if (field.kind === 'undecoded')
    return field.length >= 8 ? count(field.length >> 3, 'byte') : count(field.length, 'bit')
  return ''
}

function textOf(text: string, full: boolean): string {
  if (full || text.length <= longestText) return quoted(text)
  const isSplit = isHighSurrogate(text.charCodeAt(longestText - 1))
  return `${quoted(text.slice(0, isSplit ? longestText - 1 : longestText))}...`
}

const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code < 0xdc00

function payloadText({ content, start, length, meaning }: Field, packet: Packet, full: boolean): string {
  const end = (start + length) >> 3
  const size = count(end - content, 'byte')
  if (meaning !== 'text' && meaning !== 'json') return size
  const { bytes, start: origin } = packet
  let cut = full ? end : Math.min(end, content + longestText)
  while (cut < end && (bytes[origin + cut]! & 0xc0) === 0x80) cut-- // not inside a character
  const text = stringAt(bytes, origin + content, origin + cut)
  return `${quoted(text)}${cut < end ? '...' : ''} ${size}`
}

function binaryText(
  { bytes, start }: Packet,
  { content, start: from, length }: Field,
  full: boolean,
): string {
  const to = (from + length) >> 3
  const end = full ? to : Math.min(to, content + longestBinary)
  return `${count(to - content, 'byte')} ${hexOf(bytes, start + content, start + end)}${end < to ? '...' : ''}`.trimEnd()
}
