// A JSON object for each packet, one to a line: the facts of the capture, then the packet's fields under the standard's
// names in lower snake case.
import { type Field, Fields } from '../fields.js'
import type { Packet } from '../packet.js'
import { decode } from '../render.js'
import type { Violation } from '../rules.js'
import { stringAt } from '../utf8.js'
import { hexOf, secondsText, typeName } from './text.js'
import type { ConnectionFacts, LateViolation, Skipped, TextSink, View } from './view.js'

const batchLength = 4096
const secrets = new Set(['password', 'authentication_data'])

/** What the object says already, or what is only there for the bytes. */
const notShown = new Set(['packet_type', 'identifier', 'property_length', 'will_property_length'])
/** The same of MQTT-SN. */
const notShownOfSn = new Set(['length', 'message_type'])

export class JsonView implements View {
  readonly #sink: TextSink
  readonly #withFields: boolean
  readonly #showSecrets: boolean
  readonly #fields = new Fields()
  #batch = ''

  constructor(sink: TextSink, { fields = false, showSecrets = false } = {}) {
    this.#sink = sink
    this.#withFields = fields
    this.#showSecrets = showSecrets
  }

  packet(packet: Packet, connection: ConnectionFacts): void {
    const fields = this.#fields
    const { violations } = packet
    decode(fields, packet)
    if (violations.length > 0) packet.violations = violations
    let text = this.#head(packet, connection)
    text += this.#members(packet)
    if (packet.decoded !== undefined)
      text += `,"${packet.decoded.name}":${JSON.stringify(packet.decoded.value)}`
    if (packet.answers > 0) {
      text += `,"answers":${packet.answers}`
      if (packet.roundTrip >= 0) text += `,"round_trip":"${(packet.roundTrip / 1e9).toFixed(9)}"`
    }
    if (packet.violations.length > 0) text += `,"violations":[${packet.violations.map(violationJson).join()}]`
    if (this.#withFields) text += `,"fields":[${this.#ranges(packet)}]`
    this.#add(`${text}}`)
  }

  skipped({ number }: ConnectionFacts, { direction, offset, length, why }: Skipped): void {
    const size = length === undefined ? '' : `,"length":${length}`
    const place = `"connection":${number},"direction":"${direction}","type":"SKIPPED","offset":${offset}${size}`
    this.#add(`{${place},"message":${JSON.stringify(why)}}`)
  }

  closed({ number }: ConnectionFacts, how: string, late: readonly LateViolation[]): void {
    if (late.length === 0) return
    const violations = late.map(
      (violation) => `${violationJson(violation).slice(0, -1)},"packet":${violation.packet}}`,
    )
    this.#add(
      `{"connection":${number},"type":"CLOSED","message":"${how}","violations":[${violations.join()}]}`,
    )
  }

  end(): void {
    this.flush()
  }

  flush(): void {
    if (this.#batch !== '') this.#sink.text(this.#batch)
    this.#batch = ''
  }

  #head(packet: Packet, { client, server, clientId }: ConnectionFacts): string {
    const { time, number, connection, direction, protocol, version, offset, length, first } = packet
    let text = time < 0n ? '{' : `{"time":"${secondsText(time)}",`
    text += `"connection":${connection},"packet":${number},"direction":"${direction}","protocol":"${protocol}"`
    if (protocol === 'mqtt') text += `,"version":${version}`
    text += `,"type":"${typeName(packet)}","offset":${offset},"length":${length}`
    if (first !== undefined) text += `,"record":${first.record},"file_offset":${first.fileOffset}`
    if (client !== '') text += `,"client":${known(client)},"server":${known(server)}`
    if (clientId !== undefined && packet.connect === undefined)
      text += `,"client_identifier":${known(clientId)}`
    return text
  }

  #members(packet: Packet): string {
    const { items, count } = this.#fields
    let text = ''
    let prefix = ''
    for (let i = 0; i < count; i++) {
      const field = items[i]!
      if (notShown.has(field.name)) continue
      if (packet.protocol === 'mqtt-sn' && notShownOfSn.has(field.name)) continue
      if (field.kind === 'group' && !field.whole) {
        if (field.name === 'will_properties') prefix = 'will_'
        if (field.repeated) i = this.#list(i, packet, (list) => (text += list))
        continue
      }
      // A CONNECT and its will can both have User Properties.
      if (field.repeated) i = this.#list(i, packet, (list) => (text += list), prefix)
      else {
        text += `,"${field.name}":${this.#value(field, packet)}`
        if (field.kind === 'payload' && field.meaning === 'binary') text += ',"payload_encoding":"hex"'
        if (field.whole) i = this.#after(i)
      }
    }
    return text
  }

  /** The index of the last field in the group at `index`. */
  #after(index: number): number {
    const { items, count } = this.#fields
    const { depth } = items[index]!
    let i = index
    while (i + 1 < count && items[i + 1]!.depth > depth) i++
    return i
  }

  /** Fields of the same name that are repeated become one list; returns the index of the last of them. */
  #list(index: number, packet: Packet, add: (text: string) => void, prefix = ''): number {
    const { items, count } = this.#fields
    const { name, depth } = items[index]!
    const elements: string[] = []
    let last = index
    for (let i = index; i < count; i = last + 1) {
      const field = items[i]!
      if (field.name !== name || field.depth !== depth) break
      last = field.kind === 'group' ? this.#after(i) : i
      elements.push(this.#element(i, last, packet))
    }
    add(`,"${prefix}${plural(name)}":[${elements.join()}]`)
    return last
  }

  #element(index: number, last: number, packet: Packet): string {
    const { items } = this.#fields
    const field = items[index]!
    if (field.kind !== 'group' || field.value !== undefined) return this.#value(field, packet)
    let text = ''
    for (let i = index + 1; i <= last; i++) {
      const inner = items[i]!
      if (inner.kind === 'group' || notShown.has(inner.name)) continue
      text += `${text === '' ? '' : ','}"${inner.name}":${this.#value(inner, packet)}`
    }
    return `{${text}}`
  }

  #value(field: Field, packet: Packet): string {
    if (!this.#showSecrets && secrets.has(field.name)) return '"(hidden)"'
    const { value, kind, content, meaning } = field
    if (typeof value === 'number') return kind === 'bits' && field.length === 1 ? bool(value) : String(value)
    if (typeof value === 'string') return JSON.stringify(value)
    const start = packet.start + (kind === 'undecoded' ? field.start >> 3 : content)
    const end = packet.start + ((field.start + field.length) >> 3)
    if (kind === 'payload' && meaning !== 'binary') return JSON.stringify(stringAt(packet.bytes, start, end))
    if (kind === 'missing') return String(field.length / 8)
    return `"${hexOf(packet.bytes, start, end)}"`
  }

  #ranges(packet: Packet): string {
    const { items, count } = this.#fields
    const ranges: string[] = []
    for (let i = 0; i < count; i++) {
      const field = items[i]!
      if (field.kind === 'group') continue
      const value = field.kind === 'missing' ? 'null' : this.#value(field, packet)
      ranges.push(`{"name":"${field.name}","bit":${field.start},"bits":${field.length},"value":${value}}`)
    }
    return ranges.join()
  }

  #add(line: string): void {
    this.#batch += line
    this.#batch += '\n'
    if (this.#batch.length > batchLength) this.flush()
  }
}

const bool = (value: number): string => (value === 1 ? 'true' : 'false')

/** The same in the standard's plural. */
function plural(name: string): string {
  return name === 'user_property' ? 'user_properties' : `${name}s`
}

const texts = new Map<string, string>()

/** Addresses and Client Identifiers repeat from packet to packet. */
function known(text: string): string {
  const json = texts.get(text)
  if (json !== undefined) return json
  if (texts.size > 10_000) texts.clear()
  const made = JSON.stringify(text)
  texts.set(text, made)
  return made
}

function violationJson({ id, severity, message, offset, rule }: Violation): string {
  return `{"id":"${id}","rule":"${rule.key}","severity":"${severity}","message":${JSON.stringify(message)},"offset":${offset}}`
}
