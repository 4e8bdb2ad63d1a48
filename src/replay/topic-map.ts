// Topic Names of a recording to those that are published to: substitutions, then a prefix.
import { topicNameFault } from '../cli/topic.js'
import { MqttxError } from '../errors.js'
import { shown } from '../text.js'

/** `s/PATTERN/REPLACEMENT/`, for String.replace. */
export interface Substitution {
  readonly pattern: RegExp
  readonly replacement: string
}

/** Topics whose result is remembered, and the longest of them in UTF-16 units. */
const capacity = 1000
const longest = 1024

export class TopicMap {
  readonly #prefix: string
  readonly #substitutions: readonly Substitution[]
  readonly #known = new Map<string, string>()

  constructor(prefix: string, substitutions: readonly Substitution[]) {
    this.#prefix = prefix
    this.#substitutions = substitutions
  }

  /** Number of topics whose result is remembered. */
  get size(): number {
    return this.#known.size
  }

  /**
   * The topic to publish to.
   * @throws MqttxError if it is not a Topic Name (MQTT 5.0, 4.7)
   */
  of(topic: string): string {
    const known = this.#known.get(topic)
    if (known !== undefined) return known
    const result = this.#mapped(topic)
    if (topic.length <= longest && result.length <= longest) {
      if (this.#known.size >= capacity) this.#known.clear()
      this.#known.set(topic, result)
    }
    return result
  }

  #mapped(topic: string): string {
    let result = topic
    for (const { pattern, replacement } of this.#substitutions) result = result.replace(pattern, replacement)
    result = this.#prefix + result
    const fault = topicNameFault(result)
    if (fault === undefined) return result
    const what =
      result === topic
        ? `topic '${shown(topic)}'`
        : `topic '${shown(topic)}' becomes '${shown(result)}', which`
    throw new MqttxError(`${what} cannot be published to: ${fault}`)
  }
}
