// The PUBLISH of a request.
import type { PublishTemplate } from '../../codec/publish.js'
import { preparePublish } from '../../codec/publish-properties.js'
import type { ConnectOptions } from '../../connection/options.js'
import type { RrArgs } from './spec.js'

/** The Response Topic is the last property, as in mosquitto_rr. */
export function requestTemplate(
  { topic = '', responseTopic, qos }: RrArgs,
  { version, properties: { publish } }: ConnectOptions,
  correlationData: Buffer | undefined,
): PublishTemplate {
  const properties = {
    ...publish,
    ...(correlationData !== undefined && { correlationData }),
    ...(responseTopic !== undefined && { responseTopic }),
  }
  return preparePublish(topic, { qos, retain: false, version, properties })
}
