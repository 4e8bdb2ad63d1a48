// Publishes an empty retained message to one topic after another, within the in-flight window.
import type { ProtocolVersion } from '../codec/publish.js'
import { preparePublish } from '../codec/publish-properties.js'
import type { ClientConnection } from '../connection/client-connection.js'

const empty = Buffer.alloc(0)

export interface RemovalSource {
  /** The next topic; undefined if there is none now. */
  next(): string | undefined
  /** The removal was sent with this Packet Identifier. */
  sent?(messageId: number, topic: string): void
  /** The server does not support such a PUBLISH (no retained messages, Maximum QoS 0): nothing was sent. */
  failed(error: Error): void
}

/** At QoS 1, so that each removal is acknowledged. */
export class RetainedRemoval {
  readonly #connection: ClientConnection
  readonly #version: ProtocolVersion
  readonly #source: RemovalSource

  constructor(connection: ClientConnection, version: ProtocolVersion, source: RemovalSource) {
    this.#connection = connection
    this.#version = version
    this.#source = source
  }

  /** Sends as many as the window allows. Call it again when an acknowledgement frees a place. */
  pump(): void {
    while (this.#connection.ready) {
      const topic = this.#source.next()
      if (topic === undefined) return
      const template = preparePublish(topic, { qos: 1, retain: true, version: this.#version })
      try {
        const messageId = this.#connection.publish(template, empty)
        this.#source.sent?.(messageId, topic)
      } catch (error) {
        return this.#source.failed(error as Error)
      }
    }
  }
}
