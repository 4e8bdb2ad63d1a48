// --remove-retained: publishes an empty retained message to each topic that had a retained message, within the
// in-flight window.
import type { ProtocolVersion } from '../../codec/publish.js'
import { preparePublish } from '../../codec/publish-properties.js'
import type { Connection } from '../../connection/connection.js'
import { MqttxError } from '../../errors.js'

const empty = Buffer.alloc(0)
/** Limit of queued topics, in bytes. Reading cannot pause: the PUBACK packets come over the same connection. */
const maxQueuedBytes = 64 * 1024 * 1024
const overhead = 100

export class RetainedRemoval {
  readonly #connection: Connection
  readonly #version: ProtocolVersion
  readonly #refused: (error: Error) => void
  #topics: string[] = []
  #bytes = 0
  #left = 0

  /** `refused` is called if the server does not support such a PUBLISH (no retained messages, Maximum QoS 0). */
  constructor(connection: Connection, version: ProtocolVersion, refused: (error: Error) => void) {
    this.#connection = connection
    this.#version = version
    this.#refused = refused
  }

  remove(topic: string): void {
    const bytes = this.#bytes + topic.length + overhead
    if (bytes > maxQueuedBytes) return void this.#left++
    this.#topics.push(topic)
    this.#bytes = bytes
    this.pump()
  }

  /** Sends as many as the window allows. Called again when an acknowledgement frees a place. */
  pump(): void {
    while (this.#topics.length > 0 && this.#connection.ready) {
      const topic = this.#topics.shift()!
      this.#bytes -= topic.length + overhead
      const template = preparePublish(topic, { qos: 1, retain: true, version: this.#version })
      try {
        this.#connection.publish(template, empty)
      } catch (error) {
        this.#topics = []
        return this.#refused(error as Error)
      }
    }
  }

  /**
   * Waits until the server has acknowledged every removal.
   * @throws MqttxError if the queue was full and some removals were not sent
   */
  async finished(): Promise<void> {
    while (this.#topics.length > 0) {
      await this.#connection.drain()
      this.pump()
    }
    if (this.#connection.inFlight > 0) await this.#connection.idle()
    if (this.#left === 0) return
    throw new MqttxError(
      `${this.#left} retained messages were not removed: too many waiting for the server.`,
      { hint: 'run it again to remove them' },
    )
  }
}
