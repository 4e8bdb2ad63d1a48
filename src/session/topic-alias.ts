// Topic Aliases set by the server on one network connection (MQTT 5.0, 3.3.2.3.4).
import { ProtocolError } from '../errors.js'

export class TopicAliases {
  readonly #maximum: number
  readonly #topics = new Map<number, string>()

  /** `maximum`: the Topic Alias Maximum of our CONNECT; 0: none is accepted. */
  constructor(maximum: number) {
    this.#maximum = maximum
  }

  /**
   * The Topic Name of a PUBLISH with `alias`; a non-empty `topic` sets the alias.
   * @throws ProtocolError 0x94 for an alias out of range, 0x82 for one that is not set
   */
  resolve(alias: number, topic: string): string {
    if (alias === 0 || alias > this.#maximum) {
      const accepted = this.#maximum === 0 ? 'but none is allowed' : `allowed are 1 to ${this.#maximum}`
      throw new ProtocolError(`PUBLISH with Topic Alias ${alias}, ${accepted} [MQTT-3.3.2-8]`, 0x94)
    }
    if (topic !== '') {
      this.#topics.set(alias, topic)
      return topic
    }
    const known = this.#topics.get(alias)
    if (known !== undefined) return known
    throw new ProtocolError(`PUBLISH with Topic Alias ${alias}, which has no topic yet [MQTT-3.3.2-8]`, 0x82)
  }
}
