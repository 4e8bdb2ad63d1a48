// Sparkplug B payloads (Sparkplug 3.0, 6.4); loaded for --sparkplug only. Metrics sent with an alias alone get the name from
// the BIRTH message.

import { PbfReader } from 'pbf'
import { jsonOf, quoted } from '../text.js'
import type { Packet } from './packet.js'

export interface Metric {
  name?: string
  alias?: number
  timestamp?: number
  datatype?: string
  is_historical?: boolean
  is_transient?: boolean
  is_null?: boolean
  value?: unknown
}

export interface SparkplugPayload {
  timestamp?: number
  metrics: Metric[]
  seq?: number
  uuid?: string
  body?: string
}

const datatypes = [
  ...[
    'Unknown',
    'Int8',
    'Int16',
    'Int32',
    'Int64',
    'UInt8',
    'UInt16',
    'UInt32',
    'UInt64',
    'Float',
    'Double',
    'Boolean',
  ],
  ...[
    'String',
    'DateTime',
    'Text',
    'UUID',
    'DataSet',
    'Bytes',
    'File',
    'Template',
    'PropertySet',
    'PropertySetList',
  ],
  ...[
    'Int8Array',
    'Int16Array',
    'Int32Array',
    'Int64Array',
    'UInt8Array',
    'UInt16Array',
    'UInt32Array',
    'UInt64Array',
  ],
  ...['FloatArray', 'DoubleArray', 'BooleanArray', 'StringArray', 'DateTimeArray'],
]

const topicForm = /^spBv1\.0\/([^/]+)\/([ND](?:BIRTH|DEATH|DATA|CMD))\/([^/]+)(?:\/([^/]+))?$/
const mostNodes = 10_000
/** Characters of all names, plus `overhead` for each. */
const mostCharacters = 32 * 1024 * 1024
const overhead = 64

/** The Sparkplug B payloads of all edge nodes and devices. */
export class Sparkplug {
  /** Names by alias for each edge node, shared by its devices. */
  readonly #names = new Map<string, Map<number, string>>()
  #characters = 0

  /** Decodes a payload; undefined if the topic is not a Sparkplug topic or the payload is malformed. */
  read(packet: Packet): SparkplugPayload | undefined {
    const topic = topicForm.exec(packet.topic ?? '')
    if (topic === null || packet.payload < 0 || packet.end === packet.payload) return undefined
    const [, group, type = '', node] = topic
    try {
      const payload = decodePayload(packet.bytes.subarray(packet.payload, packet.end))
      this.#resolve(`${group}/${node}`, type, payload.metrics)
      return payload
    } catch {
      return undefined
    }
  }

  #resolve(node: string, type: string, metrics: readonly Metric[]): void {
    let names = this.#names.get(node)
    if (names === undefined || type === 'NBIRTH') {
      if (this.#names.size > mostNodes || this.#characters > mostCharacters) {
        this.#names.clear()
        this.#characters = 0
      }
      names = new Map()
      this.#names.set(node, names)
    }
    for (const metric of metrics) {
      if (metric.alias === undefined) continue
      if (metric.name !== undefined) {
        this.#characters += metric.name.length + overhead
        if (this.#characters <= mostCharacters) names.set(metric.alias, metric.name)
      } else {
        const name = names.get(metric.alias)
        if (name !== undefined) metric.name = name
      }
    }
  }
}

function decodePayload(bytes: Uint8Array): SparkplugPayload {
  const payload: SparkplugPayload = { metrics: [] }
  return new PbfReader(bytes).readFields((tag, result, pbf) => {
    if (tag === 1) result.timestamp = pbf.readVarint()
    else if (tag === 2) result.metrics.push(decodeMetric(pbf))
    else if (tag === 3) result.seq = pbf.readVarint()
    else if (tag === 4) result.uuid = pbf.readString()
    else if (tag === 5) result.body = Buffer.from(pbf.readBytes()).toString('hex')
  }, payload)
}

function decodeMetric(reader: PbfReader): Metric {
  let datatype = 0
  const metric = reader.readMessage<Metric>((tag, result, pbf) => {
    if (tag === 1) result.name = pbf.readString()
    else if (tag === 2) result.alias = pbf.readVarint()
    else if (tag === 3) result.timestamp = pbf.readVarint()
    else if (tag === 4) datatype = pbf.readVarint()
    else if (tag === 5) result.is_historical = pbf.readBoolean()
    else if (tag === 6) result.is_transient = pbf.readBoolean()
    else if (tag === 7) result.is_null = pbf.readBoolean()
    else if (tag >= 10) readValue(tag, result, pbf)
  }, {})
  if (datatype > 0) metric.datatype = datatypes[datatype] ?? `type ${datatype}`
  if (typeof metric.value === 'number') metric.value = signed(metric.value, datatype)
  return metric
}

/** The `oneof value` of a metric; data sets and templates stay as hexadecimal bytes. */
function readValue(tag: number, metric: Metric, pbf: PbfReader): void {
  if (tag === 10 || tag === 11) metric.value = pbf.readVarint()
  else if (tag === 12) metric.value = pbf.readFloat()
  else if (tag === 13) metric.value = pbf.readDouble()
  else if (tag === 14) metric.value = pbf.readBoolean()
  else if (tag === 15) metric.value = pbf.readString()
  else if (tag >= 16 && tag <= 19) metric.value = Buffer.from(pbf.readBytes()).toString('hex')
}

const signedBits: Readonly<Record<number, number>> = { 1: 8, 2: 16, 3: 32 }

/** Signed integers are sent as unsigned ones in two's complement (6.4.16). */
function signed(value: number, datatype: number): number {
  if (datatype === 4) return value >= 2 ** 63 ? value - 2 ** 64 : value
  const bits = signedBits[datatype]
  if (bits === undefined) return value
  const cut = value % 2 ** bits
  return cut >= 2 ** (bits - 1) ? cut - 2 ** bits : cut
}

/** One line per metric, for the text views. */
export function sparkplugLines({ timestamp, seq, metrics }: SparkplugPayload): string[] {
  const head = `sparkplug ${timestamp === undefined ? '' : `timestamp ${timestamp} `}${seq === undefined ? '' : `seq ${seq}`}`
  return [
    head.trimEnd(),
    ...metrics.map(({ name, alias, datatype, value, is_null }) => {
      const called = name === undefined ? `alias ${alias}` : quoted(name)
      return `metric ${called} ${datatype ?? ''} ${is_null === true ? 'null' : jsonOf(value ?? null)}`
    }),
  ]
}
