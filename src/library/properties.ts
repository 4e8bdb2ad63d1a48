// Properties of MQTT 5 that a caller gives: names, types and ranges are checked before anything is sent.
import { topicNameFault } from '../cli/topic.js'
import { MqttxError } from '../errors.js'
import { whole } from './checks.js'
import { described, type Names, own } from './names.js'
import type { UserProperties } from './types.js'

const mostSeconds = 0xffffffff // Four Byte Integer (MQTT 5.0, 1.5.3)

/**
 * The own properties of `given`, ready for the codec.
 * @param prefix what error texts have before a name, as in `properties.`
 * @throws MqttxError where a name is unknown, or a value is of the wrong type or out of range
 */
export function checkedProperties<T extends object>(
  given: T | undefined,
  names: Names<T>,
  prefix: string,
): Record<string, unknown> {
  const properties = { ...own(given, names, prefix) } as Record<string, unknown>
  for (const name of ['messageExpiryInterval', 'willDelayInterval']) {
    if (properties[name] !== undefined)
      whole(`${prefix}${name}`, properties[name] as number, [0, mostSeconds])
  }
  const { userProperties, correlationData, responseTopic } = properties
  const fault = responseTopic === undefined ? undefined : topicNameFault(responseTopic as string)
  if (fault !== undefined) {
    throw new MqttxError(`${prefix}responseTopic cannot be published to: ${fault}`)
  }
  if (correlationData !== undefined) properties.correlationData = Buffer.from(correlationData as Uint8Array)
  if (userProperties !== undefined)
    checkUserProperties(userProperties as UserProperties, `${prefix}userProperties`)
  return properties
}

function checkUserProperties(pairs: UserProperties, name: string): void {
  for (const [key, value] of Object.entries(pairs)) {
    const wrong = [value].flat().find((text) => typeof text !== 'string')
    if (wrong === undefined && [value].flat().length > 0) continue
    throw new MqttxError(`${name}.${key} is ${described(Array.isArray(value) ? wrong : value)}`, {
      hint: 'a string or a list of strings is needed',
    })
  }
}
