// Which messages are published: --filter, --from, --to, --start-at.
import { describe, expect, test } from 'vitest'
import { replayOptions } from '../../src/cli/options/replay.js'
import { Selection } from '../../src/replay/selection.js'

const start = Date.UTC(2026, 10, 21, 9, 30)
const moment = (text: string) => replayOptions.from.parse!(text, '--from') as never

interface Given {
  readonly filters?: readonly string[]
  readonly from?: string
  readonly to?: string
  readonly startAt?: number
}

/** The numbers of the messages that are published of five, a second apart, to a/0, b/1, a/2, b/3 and $x/4. */
function published({ filters = [], from, to, startAt = 1 }: Given): number[] {
  const selection = new Selection({
    filters,
    from: from === undefined ? undefined : moment(from),
    to: to === undefined ? undefined : moment(to),
    startAt,
  })
  const numbers: number[] = []
  for (const [index, name] of ['a', 'b', 'a', 'b', '$x'].entries()) {
    const choice = selection.choose(`${name}/${index}`, start + index * 1000, index + 1)
    if (choice === 'end') break
    if (choice === 'publish') numbers.push(index + 1)
  }
  return numbers
}

test.each<[Given, number[]]>([
  [{}, [1, 2, 3, 4, 5]],
  [{ filters: ['a/+'] }, [1, 3]],
  [{ filters: ['a/+', 'b/3'] }, [1, 3, 4]],
  [{ filters: ['#'] }, [1, 2, 3, 4]],
  [{ filters: ['none'] }, []],
  [{ from: '2s' }, [3, 4, 5]],
  [{ from: '1500ms' }, [3, 4, 5]],
  [{ from: '+0.5' }, [2, 3, 4, 5]],
  [{ to: '2s' }, [1, 2, 3]],
  [{ from: '1s', to: '1s' }, [2]],
  [{ from: '2026-11-21T09:30:02' }, [3, 4, 5]],
  [{ to: '2026-11-21T09:30:01.5Z' }, [1, 2]],
  [{ from: String(start / 1000 + 3) }, [4, 5]],
  [{ from: '1h', to: '2h' }, []],
  [{ startAt: 4 }, [4, 5]],
  [{ startAt: 2, filters: ['a/+'] }, [3]],
  [{ startAt: 9 }, []],
])('%j: %j', (given, expected) => {
  expect(published(given)).toEqual(expected)
})

describe('a time', () => {
  test.each([
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['1h2m3s4ms', 3_723_004],
    ['0.5m', 30_000],
    ['+7', 7000],
    ['+7.25', 7250],
    ['+2m', 120_000],
  ])('%s is %d ms from the first message', (text, after) => {
    expect(moment(text)).toEqual({ after })
  })

  test.each(['', 'x', '-5s', '5 s', '1d', '2026-13-01', '99999999h'])('%j is refused', (text) => {
    expect(() => moment(text)).toThrow('is not a time')
  })
})
