// --remove-retained: an empty retained message to each topic that had one, within the in-flight window.
import type { ProtocolVersion } from '../../codec/publish.js'
import { preparePublish } from '../../codec/publish-properties.js'
import type { Connection } from '../../connection/connection.js'

const empty = Buffer.alloc(0)

export class RetainedRemoval {
  readonly #connection: Connection
  readonly #version: ProtocolVersion
  readonly #refused: (error: Error) => void
  #topics: string[] = []

  /** `refused` is called when the server has said that it takes no such PUBLISH. */
  constructor(connection: Connection, version: ProtocolVersion, refused: (error: Error) => void) {
    this.#connection = connection
    this.#version = version
    this.#refused = refused
  }

  remove(topic: string): void {
    this.#topics.push(topic)
    this.pump()
  }

  /** Sends what the window has room for; called again when it has more. */
  pump(): void {
    while (this.#topics.length > 0 && this.#connection.ready) {
      const topic = this.#topics.shift()!
      const template = preparePublish(topic, { qos: 1, retain: true, version: this.#version })
      try {
        this.#connection.publish(template, empty)
      } catch (error) {
        this.#topics = []
        return this.#refused(error as Error)
      }
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
