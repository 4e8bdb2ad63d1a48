// Correlation Data of requests and responses (MQTT 5.0, section 4.10): 16 bytes of the stamp in the payload.
import type { PublishProperties, PublishTemplate } from '../../codec/publish.js'

const start = 8 // run, client and sequence number of the stamp
const end = 24
const placeholder = Buffer.alloc(end - start, 0xff) // not UTF-8, so no string property contains it

/** The Correlation Data for a payload. */
export function correlationOf(payload: Buffer): Buffer {
  return payload.subarray(start, end)
}

/** Encodes the properties once, then only replaces the Correlation Data. */
export class CorrelatedTemplate {
  readonly #properties: Buffer
  readonly #offset: number

  /** Length of the Correlation Data in bytes. */
  readonly size = placeholder.length

  /** @param prepare returns a template that has the given properties, and possibly others */
  constructor(prepare: (properties: PublishProperties) => PublishTemplate) {
    this.#properties = prepare({ correlationData: placeholder }).properties
    this.#offset = this.#properties.indexOf(placeholder)
  }

  /** @param correlationData `size` bytes */
  with(
    { topic, qos, retain, head, alias, short, plain }: PublishTemplate,
    correlationData: Buffer,
  ): PublishTemplate {
    const properties = Buffer.from(this.#properties)
    correlationData.copy(properties, this.#offset)
    return { topic, qos, retain, head, properties, alias, short, plain }
  }
}
