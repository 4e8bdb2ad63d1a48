// -d: one line per packet with mosquitto's texts, on stderr where mosquitto writes to stdout.
import type { AcknowledgeType } from '../codec/acknowledge.js'
import type { Publish, PublishTemplate, QoS } from '../codec/publish.js'
import { shown } from '../text.js'

const acknowledgeNames = { 4: 'PUBACK', 5: 'PUBREC', 6: 'PUBREL', 7: 'PUBCOMP' } as const

const flag = (value: boolean): number => (value ? 1 : 0)

export class Trace {
  readonly #print: (line: string) => void
  /** The Client Identifier; empty until the server has assigned one. */
  clientId = ''

  constructor(print: (line: string) => void) {
    this.#print = print
  }

  /** `text` is the name of the packet and its details. */
  sending(text: string): void {
    this.#print(`Client ${this.#name} sending ${text}`)
  }

  received(text: string): void {
    this.#print(`Client ${this.#name} received ${text}`)
  }

  /** As in mosquitto 2.0. Version 2.1 writes `null` in lines other than that of CONNACK, which could be a name. */
  get #name(): string {
    return shown(this.clientId) || '(null)'
  }

  /** One line for each of `filters`. `options` is their byte of Subscription Options without the QoS. */
  sendingSubscribe(
    messageId: number,
    filters: readonly string[],
    { qos, options }: { qos: QoS; options: number },
  ): void {
    const hex = options.toString(16).padStart(2, '0')
    for (const filter of filters) {
      this.sending(`SUBSCRIBE (Mid: ${messageId}, Topic: ${shown(filter)}, QoS: ${qos}, Options: 0x${hex})`)
    }
  }

  sendingPublish(template: PublishTemplate, messageId: number, dup: boolean, length: number): void {
    const { qos, retain, topic } = template
    this.sending(
      `PUBLISH (d${flag(dup)}, q${qos}, r${flag(retain)}, m${messageId}, '${shown(topic)}', ... (${length} bytes))`,
    )
  }

  receivedPublish(publish: Publish): void {
    const { dup, qos, retain, messageId, topic } = publish
    const length = publish.payloadEnd - publish.payloadStart
    this.received(
      `PUBLISH (d${flag(dup)}, q${qos}, r${flag(retain)}, m${messageId}, '${shown(topic)}', ... (${length} bytes))`,
    )
  }

  sendingAcknowledge(type: AcknowledgeType, messageId: number, reasonCode: number): void {
    const code = type === 4 || type === 5 ? `, rc${reasonCode}` : ''
    this.sending(`${acknowledgeNames[type]} (m${messageId}${code})`)
  }

  receivedAcknowledge(type: AcknowledgeType, messageId: number, reasonCode: number): void {
    const code = type === 4 || type === 7 ? `, RC:${reasonCode}` : ''
    this.received(`${acknowledgeNames[type]} (Mid: ${messageId}${code})`)
  }

  plain(line: string): void {
    this.#print(line)
  }
}
