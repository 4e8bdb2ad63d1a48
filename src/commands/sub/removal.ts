// --remove-retained: removes each retained message that is received, as soon as the in-flight window allows.
import type { ProtocolVersion } from '../../codec/publish.js'
import type { ClientConnection } from '../../connection/client-connection.js'
import { MqttxError } from '../../errors.js'
import { RetainedRemoval } from '../retained-removal.js'

/** Limit of queued topics, in bytes. Reading cannot pause: the PUBACK packets come over the same connection. */
const maxQueuedBytes = 64 * 1024 * 1024
const overhead = 100

export class RemovalQueue {
  readonly #connection: ClientConnection
  readonly #removal: RetainedRemoval
  #topics: string[] = []
  #bytes = 0
  #left = 0

  /** `refused` is called if the server does not support such a PUBLISH (no retained messages, Maximum QoS 0). */
  constructor(connection: ClientConnection, version: ProtocolVersion, refused: (error: Error) => void) {
    this.#connection = connection
    this.#removal = new RetainedRemoval(connection, version, {
      next: () => this.#next(),
      failed: (error) => {
        this.#topics = []
        refused(error)
      },
    })
  }

  remove(topic: string): void {
    const bytes = this.#bytes + topic.length + overhead
    if (bytes > maxQueuedBytes) return void this.#left++
    this.#topics.push(topic)
    this.#bytes = bytes
    this.pump()
  }

  #next(): string | undefined {
    const topic = this.#topics.shift()
    if (topic !== undefined) this.#bytes -= topic.length + overhead
    return topic
  }

  /** Sends as many as the window allows. Called again when an acknowledgement frees a place. */
  pump(): void {
    this.#removal.pump()
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
