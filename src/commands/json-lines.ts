// Lines of JSON, as printed by `sub --json`, each a message with its own topic.
import { constants } from 'node:buffer'
import { maxPayload, type PublishTemplate } from '../codec/publish.js'
import { preparePublish } from '../codec/publish-properties.js'
import type { ConnectOptions } from '../connection/options.js'
import { ExitCode, MqttxError } from '../errors.js'
import type { LineSplitter } from '../io/lines.js'
import { isBlank, type LineDefaults, type LineMessage, readMessage } from '../recording/message.js'
import { Templates } from '../recording/templates.js'
import type { LineReader } from './each-line.js'

/** A line becomes a JavaScript string, which has room for the largest MQTT payload with escapes. */
const longestLine = constants.MAX_STRING_LENGTH

/** Reads a line; undefined: it is not published. @throws MqttxError if it is not a message */
export type ReadLine = (line: Buffer, defaults: LineDefaults) => LineMessage | undefined

/** A blank line is skipped but counted, so that line numbers match the file. */
export class JsonLines implements LineReader {
  readonly command: string
  readonly longestLine = longestLine
  readonly tooLong = `the limit is ${longestLine} bytes`
  acknowledged: boolean
  template: PublishTemplate
  payload: Uint8Array = Buffer.alloc(0)
  readonly start = 0
  end = 0
  readonly #defaults: LineDefaults
  readonly #templates: Templates
  readonly #read: ReadLine

  /** `command` is the start of a command line to resume with. */
  constructor(
    command: string,
    given: Omit<LineDefaults, 'version'>,
    version: ConnectOptions['version'],
    read: ReadLine = readMessage,
  ) {
    this.command = command
    this.#read = read
    this.#defaults = { ...given, version }
    this.#templates = new Templates(version)
    this.acknowledged = given.qos > 0
    this.template = preparePublish('', { qos: given.qos, retain: given.retain, version }) // until the first line
  }

  read({ bytes, start, end }: LineSplitter): boolean {
    if (isBlank(bytes, start, end)) return false
    const message = this.#read(bytes.subarray(start, end), this.#defaults)
    if (message === undefined) return false
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
