// Validates MQTT 5 properties from a caller: names, types and ranges.
import { topicNameFault } from '../cli/topic.js'
import { addUserProperty, noUserProperties } from '../codec/user-properties.js'
import { MqttxError } from '../errors.js'
import { whole } from './checks.js'
import { described, type Names, own } from './names.js'
import type { UserProperties, UserPropertyPairs } from './types.js'

const maxSeconds = 0xffffffff // Four Byte Integer (MQTT 5.0, 1.5.3)

/**
 * The own properties of `given`, ready for the codec.
 * @param prefix printed before names in errors, as in `properties.`
 * @throws MqttxError for an unknown name, or a value of the wrong type or out of range
 */
export function checkedProperties<T extends object>(
  given: T | undefined,
  names: Names<T>,
  prefix: string,
): Record<string, unknown> {
  const properties = { ...own(given, names, prefix) } as Record<string, unknown>
  for (const name of ['messageExpiryInterval', 'willDelayInterval']) {
    if (properties[name] !== undefined) whole(`${prefix}${name}`, properties[name] as number, [0, maxSeconds])
  }
  const { userProperties, correlationData, responseTopic } = properties
  const fault = responseTopic === undefined ? undefined : topicNameFault(responseTopic as string)
  if (fault !== undefined) {
    throw new MqttxError(`${prefix}responseTopic is not a valid Topic Name: ${fault}`)
  }
  if (correlationData !== undefined) properties.correlationData = Buffer.from(correlationData as Uint8Array)
  if (Array.isArray(userProperties)) {
    const pairs = noUserProperties()
    for (const [name, value] of userProperties as UserPropertyPairs) addUserProperty(pairs, name, value)
    properties.userProperties = pairs
  } else if (userProperties !== undefined) {
    checkUserProperties(userProperties as UserProperties, `${prefix}userProperties`)
  }
  return properties
}

function checkUserProperties(pairs: UserProperties, name: string): void {
  for (const [key, value] of Object.entries(pairs)) {
    const wrong = [value].flat().find((text) => typeof text !== 'string')
    if (wrong === undefined && [value].flat().length > 0) continue
    throw new MqttxError(`${name}.${key} is ${described(Array.isArray(value) ? wrong : value)}`, {
      hint: 'must be a string or a list of strings',
    })
  }
}
