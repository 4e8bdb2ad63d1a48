// --remove-retained: an empty retained message to each topic that had one, within the in-flight window.
import type { ProtocolVersion } from '../../codec/publish.js'
import { preparePublish } from '../../codec/publish-properties.js'
import type { Connection } from '../../connection/connection.js'

const empty = Buffer.alloc(0)

export class RetainedRemoval {
  readonly #connection: Connection
  readonly #version: ProtocolVersion
  #topics: string[] = []

  constructor(connection: Connection, version: ProtocolVersion) {
    this.#connection = connection
    this.#version = version
  }

  remove(topic: string): void {
    this.#topics.push(topic)
    this.pump()
  }

  /** Sends what the window has room for; called again when it has more. */
  pump(): void {
    while (this.#topics.length > 0 && this.#connection.ready) {
      const topic = this.#topics.shift()!
      this.#connection.publish(preparePublish(topic, { qos: 1, retain: true, version: this.#version }), empty)
    }
  }

  /** Waits until the server has confirmed every removal. */
  async finished(): Promise<void> {
    while (this.#topics.length > 0) {
      await this.#connection.drain()
      this.pump()
    }
    if (this.#connection.inFlight > 0) await this.#connection.idle()
  }
}
