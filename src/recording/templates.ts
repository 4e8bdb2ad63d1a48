// LRU cache of encoded PUBLISH headers for --json: lines with equal topic, QoS, RETAIN and properties share one.
import type { ProtocolVersion, PublishTemplate } from '../codec/publish.js'
import { preparePublish } from '../codec/publish-properties.js'
import type { LineMessage } from './message.js'

const capacity = 512
/** In characters. A longer key has Correlation Data or the like and will not repeat. */
const longestKey = 1024

export class Templates {
  readonly #version: ProtocolVersion
  /** Least recently used first: a Map keeps insertion order. */
  readonly #recent = new Map<string, PublishTemplate>()

  constructor(version: ProtocolVersion) {
    this.#version = version
  }

  get size(): number {
    return this.#recent.size
  }

  of(message: Omit<LineMessage, 'payload'>): PublishTemplate {
    const key = keyOf(message)
    const known = this.#recent.get(key)
    if (known !== undefined) this.#recent.delete(key)
    const template = known ?? preparePublish(message.topic, { ...message, version: this.#version })
    if (key.length <= longestKey) this.#recent.set(key, template)
    if (this.#recent.size > capacity) this.#recent.delete(this.#recent.keys().next().value!)
    return template
  }
}

/** NUL separates topic and properties: a Topic Name has none. */
function keyOf({ topic, qos, retain, properties }: Omit<LineMessage, 'payload'>): string {
  const rest = properties === undefined ? '' : JSON.stringify(properties)
  return `${qos}${retain ? 'r' : ''}${topic}\0${rest}`
}
