// pub --json: each line of standard input is an object as printed by `sub --json`, with its own topic.
import { constants } from 'node:buffer'
import { maxPayload, type PublishTemplate } from '../../codec/publish.js'
import { preparePublish } from '../../codec/publish-properties.js'
import type { ConnectOptions } from '../../connection/options.js'
import { ExitCode, MqttxError } from '../../errors.js'
import type { LineSplitter } from '../../io/lines.js'
import { isBlank, type LineDefaults, readMessage } from '../../recording/message.js'
import { Templates } from '../../recording/templates.js'
import { type LineReader, type PublishIo, publishEachLine } from './each-line.js'

/** A line becomes a JavaScript string, which has room for the largest MQTT payload with escapes. */
const longestLine = constants.MAX_STRING_LENGTH

/** @throws MqttxError unless every line was delivered */
export function publishJson(
  options: ConnectOptions,
  given: Pick<LineDefaults, 'topic' | 'qos' | 'retain'>,
  io: PublishIo,
): Promise<void> {
  const { version, properties } = options
  const reader = new JsonLines({ ...given, properties: properties.publish }, version)
  return publishEachLine(options, reader, io)
}

/** A blank line is skipped but counted, so that line numbers match the file. */
class JsonLines implements LineReader {
  readonly command = 'mqttx pub --json'
  readonly longestLine = longestLine
  readonly tooLong = `the limit is ${longestLine} bytes`
  acknowledged: boolean
  template: PublishTemplate
  payload: Uint8Array = Buffer.alloc(0)
  readonly start = 0
  end = 0
  readonly #defaults: LineDefaults
  readonly #templates: Templates

  constructor(given: Omit<LineDefaults, 'version'>, version: ConnectOptions['version']) {
    this.#defaults = { ...given, version }
    this.#templates = new Templates(version)
    this.acknowledged = given.qos > 0
    this.template = preparePublish('', { qos: given.qos, retain: given.retain, version }) // until the first line
  }

  read({ bytes, start, end }: LineSplitter): boolean {
    if (isBlank(bytes, start, end)) return false
    const message = readMessage(bytes.subarray(start, end), this.#defaults)
    const template = this.#templates.of(message)
    const limit = maxPayload(template)
    if (message.payload.length > limit) {
      throw new MqttxError(`the payload has ${message.payload.length} bytes, the limit is ${limit}`, {
        exitCode: ExitCode.tooLarge,
      })
    }
    this.template = template
    this.payload = message.payload
    this.end = message.payload.length
    if (message.qos > 0) this.acknowledged = true
    return true
  }
}
