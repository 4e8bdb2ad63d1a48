// A normative statement of the standard that binds a server, with the exchange that shows whether it is kept.
import type { Lab } from './lab.js'

/** What a server may leave out. A statement that needs it is not tried without it. */
export type Feature =
  | 'retain'
  | 'wildcards'
  | 'qos 1'
  | 'qos 2'
  | 'sessions' // survive the network connection
  | 'shared subscriptions'
  | 'subscription identifiers'
  | 'topic alias'
  | 'empty client identifier'
  | 'anonymous' // accepts clients without a login

export interface Statement {
  /** As the standard numbers it, such as `MQTT-3.1.2-1`. */
  readonly id: string
  /** 4: MQTT 3.1.1, 5: MQTT 5.0. The same number often means other things in them. */
  readonly version: 4 | 5
  /** What it demands of a server, in our words; one sentence without a full stop. */
  readonly text: string
  readonly needs?: readonly Feature[]
  /** Resolves if the server keeps to it. @throws Violation, Inconclusive; other errors mean that the exchange broke */
  check(lab: Lab): Promise<void>
}
