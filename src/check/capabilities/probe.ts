// How one capability is found out.
import type { ProtocolVersion, QoS } from '../../codec/publish.js'
import type { Lab } from '../lab.js'
import type { Feature } from '../statement.js'
import type { Finding } from './finding.js'

export type Group = 'Connection' | 'Messages' | 'Subscriptions' | 'Sessions' | 'Limits'

/** What is known when a probe runs. */
export interface Known {
  /** The largest QoS at which a message gets through. */
  readonly qos: QoS
  /** Receive Maximum of the server; 20 if it names none, for servers before MQTT 5. */
  readonly window: number
}

export interface Probe {
  /** Its name in JSON: words with hyphens. */
  readonly key: string
  /** Its name in a table. */
  readonly label: string
  readonly group: Group
  /** The version of MQTT that has it first. */
  readonly since: ProtocolVersion
  /** Statements may depend on it. */
  readonly feature?: Feature
  /** Needs no topic: works for clients that may not publish. */
  readonly hasNoTopic?: true
  /** Waits for time to pass: is run first. */
  readonly isSlow?: true
  /** @throws Violation, which becomes a `no`; Inconclusive and MqttxError, which mean that it cannot be found out */
  run(lab: Lab, known: Known): Promise<Finding>
}
