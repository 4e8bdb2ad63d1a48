// pub -l: each line of standard input is a message to one topic.
import { maxPayload, type PublishTemplate } from '../../codec/publish.js'
import type { ConnectOptions } from '../../connection/options.js'
import type { LineSplitter } from '../../io/lines.js'
import { type LineReader, type PublishIo, publishEachLine } from '../each-line.js'

/** @throws MqttxError unless every line was delivered */
export function publishLines(
  options: ConnectOptions,
  template: PublishTemplate,
  io: PublishIo,
): Promise<void> {
  return publishEachLine(options, new PlainLines(template), io)
}

/** The line is the payload. */
class PlainLines implements LineReader {
  readonly command = 'mqttx pub -l'
  readonly longestLine: number
  readonly tooLong: string
  readonly acknowledged: boolean
  readonly template: PublishTemplate
  payload: Uint8Array = Buffer.alloc(0)
  start = 0
  end = 0

  constructor(template: PublishTemplate) {
    this.template = template
    this.longestLine = maxPayload(template)
    this.tooLong = `the limit for this topic is ${this.longestLine} bytes`
    this.acknowledged = template.qos > 0
  }

  read(line: LineSplitter): boolean {
    this.payload = line.bytes
    this.start = line.start
    this.end = line.end
    return true
  }
}
