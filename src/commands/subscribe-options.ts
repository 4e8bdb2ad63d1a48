// The Subscription Options of sub and rr.
import type { PropertySets } from '../cli/property.js'
import type { SubscribeOptions } from '../connection/events.js'

interface SubscribeArgs extends Required<Pick<SubscribeOptions, 'qos' | 'noLocal' | 'retainAsPublished'>> {
  readonly retainHandling?: SubscribeOptions['retainHandling']
  readonly properties?: PropertySets
}

/** `retainHandling`: the default if the command line gives none. */
export function subscribeOptions(args: SubscribeArgs, retainHandling: 0 | 2): SubscribeOptions {
  const { qos, noLocal, retainAsPublished } = args
  const properties = args.properties?.subscribe
  return {
    ...{ qos, noLocal, retainAsPublished, retainHandling: args.retainHandling ?? retainHandling },
    ...(properties !== undefined && { properties }),
  }
}
