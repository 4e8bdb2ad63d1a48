// The PUBLISH of a request and the SUBSCRIBE of requester and responder.
import { type PublishTemplate, publishTemplate } from '../../codec/publish.js'
import { preparePublish } from '../../codec/publish-properties.js'
import type { SubscribeOptions } from '../../connection/events.js'
import type { ConnectOptions } from '../../connection/options.js'
import type { RrArgs } from './spec.js'

/** The Response Topic is the last property, as in mosquitto_rr. */
export function requestTemplate(
  { topic = '', responseTopic, qos }: RrArgs,
  { version, properties: { publish } }: ConnectOptions,
  correlationData: Buffer | undefined,
): PublishTemplate {
  const retain = false
  if (version < 5) return publishTemplate(topic, { qos, retain, properties: Buffer.alloc(0) })
  const properties = {
    ...publish,
    ...(correlationData !== undefined && { correlationData }),
    ...(responseTopic !== undefined && { responseTopic }),
  }
  return preparePublish(topic, { qos, retain, version, properties })
}

/** `retainHandling`: the default if the command line gives none. */
export function subscribeOptions(
  args: RrArgs,
  { properties: { subscribe: properties } }: ConnectOptions,
  retainHandling: 0 | 2,
): SubscribeOptions {
  const { qos, noLocal, retainAsPublished } = args
  return {
    qos,
    noLocal,
    retainAsPublished,
    retainHandling: args.retainHandling ?? retainHandling,
    ...(properties !== undefined && { properties }),
  }
}
