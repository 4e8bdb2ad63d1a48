// How much of a long test runs: all of it in CI, a part on a developer's machine.
const isCi = Boolean(process.env.CI)

export const amount = ({ inCi, here }: { inCi: number; here: number }): number => (isCi ? inCi : here)

/** All choices in CI; elsewhere one of them, which `index` selects. */
export const choose = <T>(choices: readonly T[], index: number): readonly T[] =>
  isCi ? choices : [choices[index % choices.length]!]
