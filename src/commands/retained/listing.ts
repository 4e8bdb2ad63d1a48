// What `retained ls` prints of a topic or a message.
import type { Publish } from '../../codec/publish.js'
import { jsonOf, oneLine } from '../../text.js'

export interface ListingArgs {
  readonly verbose: boolean
  readonly json: boolean
}

export const heading = '     SIZE QOS    EXPIRES TOPIC\n'

/** The line of a topic; escaped if it is for a terminal. */
export function topicLine(topic: string, terminal: boolean): string {
  return `${terminal ? oneLine(topic) : topic}\n`
}

/** With --json or -v. */
export function messageLine(message: Publish, { json }: ListingArgs, terminal: boolean): string {
  const { topic, qos, properties } = message
  const size = message.payloadEnd - message.payloadStart
  const expiry = properties?.messageExpiryInterval
  if (json) {
    const expires = expiry === undefined ? {} : { messageExpiryInterval: expiry }
    return `${jsonOf({ topic, size, qos, ...expires })}\n`
  }
  const columns = [String(size).padStart(9), String(qos).padStart(3), String(expiry ?? '-').padStart(10)]
  return `${columns.join(' ')} ${topicLine(topic, terminal)}`
}
