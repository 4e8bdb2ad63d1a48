// Messages of clients that never connect, and the connection to the server for them.
import { expect, test, vi } from 'vitest'
import { UnconnectedClients } from '../../src/gateway/unconnected.js'
import { FakeLink } from '../sn/gateway-rig.js'

function rig() {
  const links: FakeLink[] = []
  const lost: string[] = []
  const request = { clientId: '', clean: true, will: undefined, source: { key: '' } }
  const clients = new UnconnectedClients(
    (events) => {
      const link = new FakeLink(request, events)
      links.push(link)
      return link
    },
    (why) => lost.push(why),
  )
  return { links, lost, publish: (text: string) => clients.publish('t', Buffer.from(text), false) }
}

test('the first messages wait for the connection: 100, and 64 KiB', () => {
  for (const [text, most] of [
    ['x', 100],
    ['x'.repeat(30_000), 2],
  ] as const) {
    const { links, publish } = rig()
    const taken = Array.from({ length: 200 }, () => publish(text)).filter(Boolean)
    expect(taken).toHaveLength(most)
    links[0]!.accept()
    expect(links[0]!.published).toHaveLength(most)
    expect(publish('y')).toBe(true)
    expect(links[0]!.published.at(-1)).toMatchObject({ payload: 'y' })
    links[0]!.up = false
    expect(publish('z')).toBe(false)
    expect(links).toHaveLength(1)
  }
})

test('a message that is too large to wait does not keep others from waiting', () => {
  const { publish } = rig()
  expect(['x'.repeat(70_000), 'y', 'z'].map(publish)).toEqual([false, true, true])
})

test('a connection that the server refuses: the messages are reported, and it is opened again later', () => {
  const clock = vi.spyOn(performance, 'now').mockReturnValue(1000)
  const { links, lost, publish } = rig()
  publish('1')
  links[0]!.events.refused(false, 'not authorised')
  expect(lost).toEqual(['not authorised'])
  expect(publish('2')).toBe(false)
  expect(links).toHaveLength(1)
  clock.mockReturnValue(3000)
  expect(publish('3')).toBe(true)
  links[1]!.accept()
  expect(links[1]!.published).toMatchObject([{ payload: '3' }])
  clock.mockRestore()
})
