// pub --json: each line of standard input is an object as printed by `sub --json`, with its own topic.
import type { ConnectOptions } from '../../connection/options.js'
import type { LineDefaults } from '../../recording/message.js'
import { type PublishIo, publishEachLine } from '../each-line.js'
import { JsonLines } from '../json-lines.js'

/** @throws MqttxError unless every line was delivered */
export function publishJson(
  options: ConnectOptions,
  given: Pick<LineDefaults, 'topic' | 'qos' | 'retain'>,
  io: PublishIo,
): Promise<void> {
  const { version, properties } = options
  const reader = new JsonLines('mqttx pub --json', { ...given, properties: properties.publish }, version)
  return publishEachLine(options, reader, io)
}
