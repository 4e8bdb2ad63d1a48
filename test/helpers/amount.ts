// How much of a long test runs: all of it in CI (`CI=true npm test` does the same locally), a part on a developer's machine.
// For tables whose rows start processes or wait; tables of functions run whole everywhere.
/** An executable runs a part: the same tests run in full on Node. */
const isCi = Boolean(process.env.CI) && process.env.MQTTX_PROGRAM === undefined

export const amount = ({ inCi, here }: { inCi: number; here: number }): number => (isCi ? inCi : here)

/** All choices in CI; elsewhere one of them, which `index` selects. */
export const choose = <T>(choices: readonly T[], index: number): readonly T[] =>
  isCi ? choices : [choices[index % choices.length]!]

/** True of all indexes in CI; elsewhere of one in `nth`. */
export const isOneOfEvery = (nth: number, index: number): boolean => isCi || index % nth === 0

/**
 * All rows in CI; elsewhere one of every `nth` rows, at least one if there are `nth`. In a table of commands by cases,
 * `offset` is the number of the command: so each command has some cases, and each case some commands.
 */
export const oneOfEvery = <T>(nth: number, rows: readonly T[], offset = 0): readonly T[] =>
  rows.filter((_, index) => isOneOfEvery(nth, index + offset))
