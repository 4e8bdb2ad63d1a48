// Correlation Data of requests and responses (MQTT 5.0, 4.10): the same 16 bytes that stand in the stamp of the payload.
import type { PublishProperties, PublishTemplate } from '../../codec/publish.js'

const start = 8 // run, client and sequence of the stamp
const end = 24
const placeholder = Buffer.alloc(end - start, 0xff) // not UTF-8: no other property can contain it

/** The Correlation Data of the message with this payload. */
export function correlationOf(payload: Buffer): Buffer {
  return payload.subarray(start, end)
}

/** The properties of one kind of message, encoded once; only the Correlation Data changes. */
export class Correlated {
  readonly #properties: Buffer
  readonly #offset: number

  /** Bytes of the Correlation Data. */
  readonly size = placeholder.length

  /** @param prepare makes a template with these properties, among others */
  constructor(prepare: (properties: PublishProperties) => PublishTemplate) {
    this.#properties = prepare({ correlationData: placeholder }).properties
    this.#offset = this.#properties.indexOf(placeholder)
  }

  /** `correlationData` has `size` bytes. */
  with(
    { topic, qos, retain, head, alias, short, plain }: PublishTemplate,
    correlationData: Buffer,
  ): PublishTemplate {
    const properties = Buffer.from(this.#properties)
    correlationData.copy(properties, this.#offset)
    return { topic, qos, retain, head, properties, alias, short, plain }
  }
}
