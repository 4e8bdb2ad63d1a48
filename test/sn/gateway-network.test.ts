// Our client against our gateway on a network that loses, doubles, delays and reorders datagrams.
import { expect, test } from 'vitest'
import { amount } from '../helpers/amount.js'
import { runOf } from './gateway-network.js'

const runs = amount({ inCi: 500, here: 100 })

test(`loss 0 to 40 %, doubled, reordered: nothing is lost at QoS 1 and 2, QoS 2 comes once`, () => {
  const faults: string[] = []
  for (let seed = 1; seed <= runs; seed++) {
    const { fault } = runOf(seed)
    if (fault !== undefined) faults.push(`seed ${seed}: ${fault}`)
  }
  expect(faults).toEqual([])
})
