// The plan of one thread of a run.
import type { ProtocolVersion, PublishProperties, PublishTemplate, QoS } from '../../codec/publish.js'
import type { PayloadPlan } from './payload.js'
import type { TopicPlan } from './topics.js'
import type { WorkloadPlan } from './workload.js'

export type Mode = 'pub' | 'sub' | 'pubsub' | 'conn' | 'rr'

export interface RunPlan extends WorkloadPlan, PayloadPlan {
  readonly mode: Mode
  /** sub: subscribers of the whole run; pubsub: subscribers of each shard; rr: responders of each shard. */
  readonly subscribers: number
  readonly topic: string
  /** Undefined without --topics. */
  readonly topics: TopicPlan | undefined
  /** rr only; may contain placeholders. */
  readonly responseTopic: string
  /** rr: outstanding requests per client; undefined: no limit. */
  readonly window: number | undefined
  readonly qos: QoS
  readonly version: ProtocolVersion
  readonly seed: number
  /** New connections per second of the whole run; undefined: as fast as possible. */
  readonly connectRate: number | undefined
  /** Reconnects per second of the whole run; undefined: none. */
  readonly churn: number | undefined
  /** Random; distinguishes runs on the same server. */
  readonly run: number
  /** Distinguishes hosts, whose clocks are not comparable. */
  readonly host: number
  clientId(kind: 'p' | 's' | 'c', index: number): string
  /** @param properties in addition to those of the command line */
  template(topic: string, properties?: PublishProperties): PublishTemplate
}
