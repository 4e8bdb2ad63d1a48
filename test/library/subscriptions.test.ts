// SUBSCRIBE and UNSUBSCRIBE across reconnects: every wanted subscription is kept.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LibrarySubscription, Subscriptions } from '../../src/library/subscriptions.js'

const turn = () => new Promise((done) => setImmediate(done))

interface Sent {
  readonly messageId: number
  readonly text: string
}

/** A connection and the server's Session. */
class Fake {
  up = true
  sent: Sent[] = []
  readonly known = new Set<string>()
  readonly all = new Subscriptions(this, { flushSoon() {}, idle: () => true, dropped() {} })
  #messageId = 0

  subscribe([filter]: readonly string[]): number {
    return this.#send(`+${filter}`)
  }

  unsubscribe([filter]: readonly string[]): number {
    return this.#send(`-${filter}`)
  }

  flush(): void {}

  stopDelivery(): void {}

  /** The server processes the next `count` packets; its answers arrive if `heard`. */
  serve(count = this.sent.length, heard = true): void {
    for (const { messageId, text } of this.sent.splice(0, count)) {
      const filter = text.slice(1)
      if (text.startsWith('+')) this.known.add(filter)
      else this.known.delete(filter)
      if (heard) this.all.answered({ messageId, reason: undefined }, [0])
    }
  }

  lose(): void {
    this.up = false
    this.sent = []
  }

  /** Packets sent on the new connection. */
  renew(sessionPresent: boolean): string[] {
    if (!sessionPresent) this.known.clear()
    this.up = true
    this.all.renew(sessionPresent)
    return this.sent.map(({ text }) => text)
  }

  /** A new subscription with the promise of its SUBACK. */
  add(filter: string): { member: LibrarySubscription; granted: Promise<LibrarySubscription> } {
    const member = new LibrarySubscription([filter], {}, this.all)
    return { member, granted: this.all.add(member) }
  }

  #send(text: string): number {
    this.sent.push({ messageId: ++this.#messageId, text })
    return this.#messageId
  }
}

test('with a resumed Session UNSUBSCRIBE is sent before SUBSCRIBE', async () => {
  const server = new Fake()
  const { member } = server.add('ended')
  server.serve()
  const gone = member.unsubscribe()
  const { granted } = server.add('wanted')
  server.lose()
  expect(server.renew(true)).toEqual(['-ended', '+wanted'])
  server.serve()
  await Promise.all([gone, granted])
  expect([...server.known]).toEqual(['wanted'])
})

test.each([false, true])(
  'a filter that another one has by now is not taken from it (granted: %s)',
  async (known) => {
    const server = new Fake()
    const { member } = server.add('t')
    server.serve()
    const gone = member.unsubscribe()
    const { granted } = server.add('t')
    if (known) {
      const [{ messageId }] = server.sent.splice(1) as [Sent] // answered before the UNSUBSCRIBE
      server.known.add('t')
      server.all.answered({ messageId, reason: undefined }, [0])
    }
    server.lose()
    expect(server.renew(true)).toEqual(known ? [] : ['+t'])
    await gone
    server.serve()
    await granted
    expect([...server.known]).toEqual(['t'])
  },
)

test('a subscription unknown to a new Session is not unsubscribed at the next connection', async () => {
  const server = new Fake()
  const { member } = server.add('t')
  server.serve()
  const gone = member.unsubscribe()
  server.lose()
  expect(server.renew(false)).toEqual([])
  await gone
  const { granted } = server.add('t')
  server.serve()
  await granted
  server.lose()
  expect(server.renew(true)).toEqual([])
})

test('a subscription not sent before the new Session was lost is sent again', async () => {
  const server = new Fake()
  server.add('t')
  server.serve()
  server.lose()
  expect(server.renew(false)).toEqual(['+t'])
  server.lose()
  expect(server.renew(true)).toEqual(['+t'])
  server.serve()
  server.lose()
  expect(server.renew(true)).toEqual([])
})

test('two unsubscribes from the same filter both resolve', async () => {
  const server = new Fake()
  const first = server.add('t').member
  server.serve()
  const gone = [first.unsubscribe()]
  const second = server.add('t').member
  gone.push(second.unsubscribe())
  server.serve()
  await Promise.all(gone)
  expect([...server.known]).toEqual([])
})

test('with any sequence of losses the server ends with the wanted subscriptions, and every call settles', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('add' as const), filter: fc.constantFrom('a', 'b') }),
    fc.record({ do: fc.constant('remove' as const), which: fc.nat() }),
    fc.record({ do: fc.constant('serve' as const), count: fc.integer({ min: 1, max: 3 }) }),
    fc.record({
      do: fc.constant('lose' as const),
      unheard: fc.nat(3),
      kept: fc.boolean(),
      meanwhile: fc.nat(2),
    }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const server = new Fake()
      const members: LibrarySubscription[] = [] // granted, so that they can be ended
      const told: Promise<unknown>[] = []
      const remove = (which: number) => {
        const [member] = members.splice(which % (members.length || 1), 1)
        if (member !== undefined) told.push(member.unsubscribe())
      }
      for (const one of steps) {
        if (one.do === 'add') {
          told.push(server.add(one.filter).granted.then((member) => members.push(member)))
        } else if (one.do === 'remove') remove(one.which)
        else if (one.do === 'serve') server.serve(one.count)
        else {
          server.serve(one.unheard, false)
          server.lose()
          for (let i = 0; i < one.meanwhile; i++) remove(i)
          server.renew(one.kept)
        }
        await turn()
      }
      server.serve()
      await Promise.all(told)
      expect([...server.known].sort()).toEqual([...new Set(members.map(({ filter }) => filter))].sort())
    }),
    { numRuns: 2000 },
  )
})
