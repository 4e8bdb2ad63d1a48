// The normative statements of MQTT 5.0 and 3.1.1 with the tests that show them. statements.test.ts checks the tables.

/**
 * The number of a statement, what it demands in short, and the test file that shows it: one of this folder without
 * `.test.ts`, or a path from `test/`. A title of the file has the number.
 */
export type Statement = readonly [number: string, demand: string, shown: string | Unshown]

/** Why no test shows it. */
export interface Unshown {
  readonly why: string
}

/** It says what clients do. What the server does about one that does not may be tested all the same. */
export const client: Unshown = { why: 'binds clients only' }

export const not = (why: string): Unshown => ({ why })

/** The form of a statement's number in titles: [MQTT-3.1.0-1] is of MQTT 5.0, [MQTT3-3.1.0-1] of MQTT 3.1.1. */
export const tag = (version: 3 | 5, number: string): string => `[MQTT${version === 3 ? '3' : ''}-${number}]`
