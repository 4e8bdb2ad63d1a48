// What messages of one kind share is encoded once, also where each line names its own kind.
import type { ProtocolVersion, PublishTemplate } from '../../codec/publish.js'
import { preparePublish } from '../../codec/publish-properties.js'
import type { LineMessage } from './json-message.js'

/** Kinds that are kept: a house has fewer sensors. */
const kept = 512
/** The longest key in characters: what is longer has Correlation Data or the like in it and will not come again. */
const longestKey = 1024

/** The templates that were used last, by topic, QoS, RETAIN and properties. */
export class Templates {
  readonly #version: ProtocolVersion
  /** The least recently used first: a Map keeps the order in which keys were set. */
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
    if (this.#recent.size > kept) this.#recent.delete(this.#recent.keys().next().value!)
    return template
  }
}

/** A Topic Name has no NUL. */
function keyOf({ topic, qos, retain, properties }: Omit<LineMessage, 'payload'>): string {
  const rest = properties === undefined ? '' : JSON.stringify(properties)
  return `${qos}${retain ? 'r' : ''}${topic}\0${rest}`
}
