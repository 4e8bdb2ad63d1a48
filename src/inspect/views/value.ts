// The value of a field as a reader sees it.
import type { Field } from '../fields.js'
import type { Packet } from '../packet.js'
import { quoted, stringAt } from '../utf8.js'
import { count, hexOf } from './text.js'

const longestText = 120
const longestBinary = 16

/** '' where the bytes say it all. */
export function valueText(field: Field, packet: Packet): string {
  const { value } = field
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return textOf(value)
  if (field.kind === 'payload') return payloadText(field, packet)
  if (field.kind === 'binary' || (field.whole && field.content > 0))
    return binaryText(packet, field.content, (field.start + field.length) >> 3)
  if (field.kind === 'undecoded')
    return field.length >= 8 ? count(field.length >> 3, 'byte') : count(field.length, 'bit')
  return ''
}

function textOf(text: string): string {
  return text.length > longestText ? `${quoted(text.slice(0, longestText))}...` : quoted(text)
}

function payloadText({ content, start, length, meaning }: Field, packet: Packet): string {
  const end = (start + length) >> 3
  const size = count(end - content, 'byte')
  if (meaning === 'text' || meaning === 'json') {
    const cut = Math.min(end, content + longestText)
    const text = stringAt(packet.bytes, packet.start + content, packet.start + cut)
    return `${quoted(text)}${cut < end ? '...' : ''} ${size}`
  }
  return size
}

function binaryText({ bytes, start }: Packet, from: number, to: number): string {
  const end = Math.min(to, from + longestBinary)
  return `${count(to - from, 'byte')} ${hexOf(bytes, start + from, start + end)}${end < to ? '...' : ''}`.trimEnd()
}
