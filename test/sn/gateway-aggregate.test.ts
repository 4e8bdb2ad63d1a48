// One connection to the server for all clients of a gateway.
import { expect, test } from 'vitest'
import { Aggregate } from '../../src/sn/gateway-aggregate.js'
import type { Incoming, UpstreamLink } from '../../src/sn/gateway-types.js'
import { FakeLink } from './gateway-rig.js'

function rig(limits: { sessions?: number; queueMessages?: number } = {}) {
  const dropped: string[] = []
  let shared!: FakeLink
  const time = { now: 0 }
  const aggregate = new Aggregate({
    open(events) {
      shared = new FakeLink({ clientId: '', clean: true, will: undefined, source: { key: '' } }, events)
      return shared
    },
    later: (work) => work(),
    now: () => time.now,
    dropped: (clientId) => dropped.push(clientId),
    ...{ sessions: 10, queueMessages: 10, queueBytes: 1000, ...limits },
  })
  shared.accept()
  const refusals: string[] = []
  const open = (clientId: string, clean = true, will?: string) => {
    const got: string[] = []
    const present: boolean[] = []
    const codes: number[] = []
    const settled: number[] = []
    const will_ =
      will === undefined ? undefined : { topic: will, payload: Buffer.from('w'), qos: 1, retain: false }
    const link: UpstreamLink = aggregate.open(
      { clientId, clean, will: will_ as never, source: { key: clientId } },
      {
        accepted: (sessionPresent) => present.push(sessionPresent),
        refused: (busy, why) => refusals.push(`${busy} ${why}`),
        settled: (token) => settled.push(token),
        suback: (_, granted) => codes.push(granted),
        unsuback: (token) => codes.push(token),
        message: ({ topic, payload, qos, retain }: Incoming) =>
          got.push(`${topic} ${Buffer.from(payload)} ${qos}${retain ? ' retained' : ''}`),
        drained: () => {},
      },
    )
    const subscribe = (filter: string, qos: 0 | 1 | 2) => {
      link.subscribe(filter, qos)
      shared.events.suback(shared.token, qos)
    }
    return { link, got, present, codes, settled, subscribe }
  }
  return { aggregate, shared, open, dropped, time, refusals, last: () => shared }
}

test('a message goes to each client whose filters match, once, with the QoS of its subscription', () => {
  const { shared, open } = rig()
  const [one, two, three] = ['1', '2', '3'].map((id) => open(id))
  one!.subscribe('a/#', 0)
  one!.subscribe('a/+', 1)
  two!.subscribe('a/b', 2)
  three!.subscribe('c', 2)
  shared.message('a/b', 'x', { qos: 2 })
  expect([one!.got, two!.got, three!.got]).toEqual([['a/b x 1'], ['a/b x 2'], []])
})

test('a filter is left when its last subscriber leaves; the highest QoS is asked for', () => {
  const { shared, open } = rig()
  const [one, two] = [open('1'), open('2')]
  one.subscribe('a', 2)
  two.subscribe('a', 0)
  expect(shared.calls).toEqual(['subscribe a 2', 'subscribe a 2'])
  one.link.unsubscribe('a')
  expect(shared.calls).toHaveLength(2)
  two.link.unsubscribe('a')
  expect(shared.calls.at(-1)).toBe('unsubscribe a')
  two.subscribe('b', 0)
  two.link.close()
  expect(shared.calls.at(-1)).toBe('unsubscribe b')
})

test('retained messages go to whom has subscribed a moment ago', () => {
  const { shared, open, time } = rig()
  const [one, two] = [open('1'), open('2')]
  one.subscribe('a', 0)
  time.now += 60_000
  two.subscribe('a', 0)
  shared.message('a', 'old', { retain: true })
  expect([one.got, two.got]).toEqual([[], ['a old 0 retained']])
})

test('acknowledgements find their client', () => {
  const { shared, open } = rig()
  const [one, two] = [open('1'), open('2')]
  const first = one.link.publish('t', Buffer.from('1'), 1, false)
  const second = two.link.publish('t', Buffer.from('2'), 2, false)
  shared.events.settled(second, true)
  shared.events.settled(first, true)
  expect([one.settled, two.settled]).toEqual([[first], [second]])
})

test('a kept session gets its messages when it is back; the queue is bounded', () => {
  const { shared, open, dropped } = rig({ queueMessages: 2 })
  const before = open('1', false)
  before.subscribe('a', 1)
  before.link.close()
  for (const text of ['1', '2', '3']) shared.message('a', text, { qos: 1 })
  shared.message('a', 'zero')
  expect(dropped).toEqual(['1'])
  expect(open('1', false).got).toEqual(['a 1 1', 'a 2 1'])
})

test('a clean session forgets; too many sessions that are away: the first goes', () => {
  const { shared, open } = rig({ sessions: 2 })
  for (const id of ['1', '2', '3']) {
    const client = open(id, false)
    client.subscribe(id, 1)
    client.link.close()
  }
  expect(shared.calls).toContain('unsubscribe 1')
  open('2')
  expect(shared.calls).toContain('unsubscribe 2')
})

test('the will of a client that is lost is published; of one that disconnects it is not', () => {
  const { shared, open } = rig()
  open('1', true, 'gone').link.cut()
  open('2', true, 'left').link.close()
  expect(shared.published.map(({ topic }) => topic)).toEqual(['gone'])
})

test('after a loss all filters are subscribed to again; a slow client holds up nobody', () => {
  const { shared, open, dropped } = rig()
  const [one, two] = [open('1'), open('2')]
  one.subscribe('a', 1)
  two.subscribe('a', 1)
  shared.calls.length = 0
  shared.accept(false)
  expect(shared.calls).toEqual(['subscribe a 1'])
  one.link.hold(true)
  shared.message('a', 'x', { qos: 1 })
  expect([one.got, two.got, dropped]).toEqual([[], ['a x 1'], ['1']])
})

test('a connection that the server refuses is opened again when a client comes', () => {
  const { shared, open, time, refusals, last, aggregate } = rig()
  const kept = open('kept', false)
  kept.subscribe('a', 1)
  const clean = open('clean')
  clean.subscribe('b', 1)
  clean.link.publish('t', Buffer.from('x'), 1, false)
  shared.up = false
  shared.events.refused(false, 'not authorised')
  expect(refusals).toEqual(['false not authorised', 'false not authorised'])
  open('early')
  expect(refusals.at(-1)).toBe('true not authorised')
  expect(last()).toBe(shared)
  time.now += 60_000
  aggregate.publish('t', Buffer.from('x'), false)
  expect(last()).not.toBe(shared)
  last().accept()
  expect(last().calls).toEqual(['subscribe a 1'])
  const back = open('kept', false)
  last().message('a', 'x', { qos: 1 })
  expect([kept.got, back.got]).toEqual([[], ['a x 1']])
})

test('clients that are refused while there is no connection are not kept', () => {
  const { shared, open, refusals } = rig({ sessions: 3 })
  shared.up = false
  for (let i = 0; i < 100; i++) open(`c${i}`)
  expect(refusals).toHaveLength(100)
  shared.accept()
  const kept = open('kept', false)
  kept.subscribe('a', 1)
  kept.link.close()
  open('other')
  shared.message('a', 'x', { qos: 1 })
  expect(open('kept', false).got).toEqual(['a x 1'])
})

test('a session is present only if one was kept', () => {
  const { open } = rig()
  const begun = (clean: boolean) => {
    const { link, present } = open('c', clean)
    link.close()
    return present
  }
  expect([begun(false), begun(false), begun(true), begun(false)]).toEqual([[false], [true], [false], [false]])
})

test('retained messages go to each client that has just subscribed, for five seconds', () => {
  const { shared, open, time } = rig()
  const [one, two] = [open('1'), open('2')]
  one.link.subscribe('a', 0)
  two.link.subscribe('b', 0)
  for (const topic of ['a', 'b']) shared.message(topic, 'x', { retain: true })
  time.now = 5000
  two.link.subscribe('c', 0)
  for (const topic of ['a', 'b', 'c']) shared.message(topic, 'x', { retain: true })
  expect(one.got).toEqual(['a x 0 retained'])
  expect(two.got).toEqual(['b x 0 retained', 'c x 0 retained'])
})

test('a client that takes no more loses messages at QoS 1 and 2, which are reported; QoS 0 is its own affair', () => {
  const { shared, open, dropped } = rig()
  const { link, got } = open('c')
  link.subscribe('a', 2)
  link.hold(true)
  for (const qos of [0, 1, 2] as const) shared.message('a', 'x', { qos })
  link.hold(false)
  shared.message('a', 'x', { qos: 2 })
  expect(got).toEqual(['a x 0', 'a x 2'])
  expect(dropped).toEqual(['c', 'c'])
})
