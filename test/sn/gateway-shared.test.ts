// One connection for all clients of a gateway: sessions, retained messages, and clients that take no more.
import { expect, test } from 'vitest'
import { Aggregate } from '../../src/sn/gateway-aggregate.js'
import type { UpstreamLink } from '../../src/sn/gateway-types.js'
import { FakeLink } from './gateway-rig.js'

function rig() {
  let shared!: FakeLink
  const time = { now: 0 }
  const dropped: string[] = []
  const aggregate = new Aggregate({
    open(events) {
      shared = new FakeLink({ clientId: '', clean: true, will: undefined, source: { key: '' } }, events)
      return shared
    },
    later: (work) => work(),
    now: () => time.now,
    dropped: (clientId) => dropped.push(clientId),
    ...{ sessions: 10, queueMessages: 10, queueBytes: 1000 },
  })
  shared.accept()
  const open = (clientId: string, clean: boolean): { link: UpstreamLink; events: string[] } => {
    const events: string[] = []
    const link = aggregate.open(
      { clientId, clean, will: undefined, source: { key: clientId } },
      {
        accepted: (sessionPresent) => events.push(`accepted ${sessionPresent}`),
        message: ({ topic, qos }) => events.push(`message ${topic} ${qos}`),
        ...{ refused() {}, settled() {}, suback() {}, unsuback() {}, drained() {} },
      },
    )
    return { link, events }
  }
  return { shared, open, dropped, time }
}

test('a session is present only if one was kept', () => {
  const { open } = rig()
  const begun = (clean: boolean) => {
    const { link, events } = open('c', clean)
    link.close()
    return events
  }
  expect([begun(false), begun(false), begun(true), begun(false)]).toEqual([
    ['accepted false'],
    ['accepted true'],
    ['accepted false'],
    ['accepted false'],
  ])
})

test('retained messages go to each client that has just subscribed, for five seconds', () => {
  const { shared, open, time } = rig()
  const [one, two] = [open('1', true), open('2', true)]
  one.link.subscribe('a', 0)
  two.link.subscribe('b', 0)
  for (const topic of ['a', 'b']) shared.message(topic, 'x', { retain: true })
  time.now = 5000
  two.link.subscribe('c', 0)
  for (const topic of ['a', 'b', 'c']) shared.message(topic, 'x', { retain: true })
  expect(one.events).toEqual(['accepted false', 'message a 0'])
  expect(two.events).toEqual(['accepted false', 'message b 0', 'message c 0'])
})

test('a client that takes no more loses messages at QoS 1 and 2, which are reported; QoS 0 is its own affair', () => {
  const { shared, open, dropped } = rig()
  const { link, events } = open('c', true)
  link.subscribe('a', 2)
  link.hold(true)
  for (const qos of [0, 1, 2] as const) shared.message('a', 'x', { qos })
  link.hold(false)
  shared.message('a', 'x', { qos: 2 })
  expect(events.slice(1)).toEqual(['message a 0', 'message a 2'])
  expect(dropped).toEqual(['c', 'c'])
})
