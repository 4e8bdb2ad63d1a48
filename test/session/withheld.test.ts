// Withheld acknowledgements are sent in the order of the messages.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ProtocolError } from '../../src/errors.js'
import { Withheld } from '../../src/session/withheld.js'

test('are all sent, in the order of the messages', () => {
  const messages = fc.array(fc.record({ held: fc.nat(2), type: fc.constantFrom(4 as const, 5 as const) }))
  fc.assert(
    fc.property(messages, fc.infiniteStream(fc.nat()), (all, chance) => {
      const sent: number[] = []
      const withheld = new Withheld((_, messageId) => sent.push(messageId), 1000)
      const releases: (() => void)[] = []
      all.forEach(({ held, type }, index) => {
        for (let i = 0; i < held; i++) releases.push(withheld.withhold())
        withheld.answer(type, index)
      })
      const first = all.findIndex(({ held }) => held > 0)
      expect(sent).toHaveLength(first === -1 ? all.length : first)
      while (releases.length > 0) {
        const [release] = releases.splice(chance.next().value % releases.length, 1)
        release!()
        release!() // the second call has no effect
        expect(sent).toEqual(sent.map((_, index) => index))
      }
      expect(sent).toHaveLength(all.length)
    }),
  )
})

test('are dropped with the connection', () => {
  const sent: number[] = []
  const withheld = new Withheld((_, messageId) => sent.push(messageId), 1000)
  const release = withheld.withhold()
  withheld.answer(4, 1)
  withheld.clear()
  withheld.answer(4, 2)
  release()
  expect(sent).toEqual([2])
})

test('more than the limit is a protocol error', () => {
  const withheld = new Withheld(() => {}, 2)
  withheld.withhold()
  withheld.answer(4, 1)
  withheld.answer(4, 2)
  expect(() => withheld.answer(4, 3)).toThrow(ProtocolError)
})

test('65,535 wait, one more is a protocol error', () => {
  const withheld = new Withheld(() => {}, 65_535)
  withheld.withhold()
  for (let id = 1; id <= 65_535; id++) withheld.answer(4, id)
  expect(() => withheld.answer(4, 1)).toThrow('More than 65535 messages without an acknowledgement')
})
