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
  /**
   * As the standard numbers it, such as `MQTT-3.1.2-1`. What it demands without a number has its section and a letter,
   * such as `MQTT-3.8.3.1-a`.
   */
  readonly id: string
  /** 4: MQTT 3.1.1, 5: MQTT 5.0. The same number often means other things in them. */
  readonly version: 4 | 5
  /** What it demands of a server, in our words; one sentence without a full stop. */
  readonly text: string
  readonly needs?: readonly Feature[]
  /**
   * Resolves if the server keeps to it.
   * @throws Violation, Inconclusive, NotOffered; other errors mean that the exchange broke
   */
  check(lab: Lab): Promise<void>
}

/** A statement that both versions may have, under the same number or another. */
export interface Row extends Omit<Statement, 'id' | 'version'> {
  /** Its number in MQTT 3.1.1, such as `3.1.2-1`; absent: MQTT 3.1.1 does not have it. */
  readonly v3?: string
  /** Its number in MQTT 5.0. */
  readonly v5?: string
}

/** The statements of `rows`, those of MQTT 3.1.1 first. */
export function statementsOf(rows: readonly Row[]): Statement[] {
  const of = (version: 4 | 5, number: 'v3' | 'v5'): Statement[] =>
    rows.flatMap(({ v3, v5, ...row }) => {
      const id = { v3, v5 }[number]
      return id === undefined ? [] : [{ ...row, id: `MQTT-${id}`, version }]
    })
  return [...of(4, 'v3'), ...of(5, 'v5')]
}
