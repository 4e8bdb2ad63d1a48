import { describe, expect, test } from 'vitest'
import { ExpectedEnd } from '../../src/replay/expected-end.js'

describe('when a recording ends that was read in part', () => {
  test.each<[string, (number | undefined)[], number | undefined, number | undefined]>([
    ['nothing was read', [], 0.5, undefined],
    ['no message has a time', [undefined, undefined], 0.5, undefined],
    ['one message: no spacing yet', [1000], 0.5, undefined],
    ['a quarter: four times as long', [1000, 2000], 0.25, 5000],
    ['all of it: the last message', [1000, 2000], 1, 2000],
    ['more than the size says, as of a file that grows', [1000, 2000], 1.5, 2000],
    ['one message, and all of it', [1000], 1, 1000],
    ['times that run backwards', [1000, 3000, 2000], 0.5, 5000],
    ['messages without a time between', [1000, undefined, 2000], 0.5, 3000],
    ['the share is not known', [1000, 2000], undefined, undefined],
    ['nothing of the file was counted', [1000, 2000], 0, undefined],
  ])('%s', (_, times, share, end) => {
    const expected = new ExpectedEnd()
    for (const time of times) expected.add(time)
    expect(expected.at(share)).toBe(end)
  })
})
