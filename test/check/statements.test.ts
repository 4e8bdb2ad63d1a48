// Each statement is kept by the embedded broker, and violated by a broker that breaks just it.
import { describe, expect, it } from 'vitest'
import type { Statement } from '../../src/check/statement.js'
import { statements } from '../../src/check/statements/index.js'
import { ping } from './breakings/ping.js'
import { publishing } from './breakings/publish.js'
import { retain } from './breakings/retain.js'
import { type Breaking, trial } from './rig.js'

const breakings: Record<string, Breaking> = { ...ping, ...publishing, ...retain }
const keyOf = ({ id, version }: Statement) => `${id} in ${version}`

it('every statement has a broker that breaks it, and its number once', () => {
  const keys = statements.map(keyOf)
  expect(new Set(keys).size).toBe(keys.length)
  expect(Object.keys(breakings).sort()).toEqual(keys.sort())
})

describe('the embedded broker', () => {
  it('keeps to all of them', async () => {
    const judgements = await trial(statements)
    const others = judgements.filter(({ verdict }) => verdict !== 'kept')
    expect(
      others.map(({ statement, verdict, reason }) => `${keyOf(statement)} ${verdict}: ${reason}`),
    ).toEqual([])
  })
})

describe.concurrent('a broker that breaks', () => {
  it.each(statements.map((statement) => [keyOf(statement), statement] as const))(
    '%s',
    async (key, statement) => {
      const [judgement] = await trial([statement], breakings[key])
      expect(judgement!.verdict).toBe('violated')
    },
  )
})
