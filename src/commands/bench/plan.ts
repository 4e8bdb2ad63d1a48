// What a run is to do, as one thread has to know it.
import type { ProtocolVersion, PublishProperties, PublishTemplate, QoS } from '../../codec/publish.js'
import type { PayloadPlan } from './payload.js'
import type { TopicPlan } from './topics.js'
import type { Plan } from './workload.js'

export type Mode = 'pub' | 'sub' | 'pubsub' | 'conn' | 'rr'

export interface EnginePlan extends Plan, PayloadPlan {
  readonly mode: Mode
  /** Subscribing clients: of each shard in pubsub, of the whole run in sub; in rr the responders of each shard. */
  readonly subscribers: number
  readonly topic: string
  /** Topics to choose from; undefined: the template alone says which. */
  readonly topics: TopicPlan | undefined
  /** In rr. */
  readonly responseTopic: string
  /** In rr: requests of each client without a response; undefined: as many as there are. */
  readonly window: number | undefined
  readonly qos: QoS
  readonly version: ProtocolVersion
  readonly seed: number
  /** New connections a second of the whole run; undefined: as fast as it goes. */
  readonly connectRate: number | undefined
  /** Clients a second of the whole run that disconnect and connect again; undefined: none. */
  readonly churn: number | undefined
  /** Tells runs apart that share a server. */
  readonly run: number
  readonly host: number
  clientId(kind: 'p' | 's' | 'c', index: number): string
  /** @param properties beside those of the command line */
  template(topic: string, properties?: PublishProperties): PublishTemplate
}
