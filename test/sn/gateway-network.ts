// Our client and our gateway on a simulated network, with a server that never loses anything.

import { randomNumbers } from '../../src/commands/bench/random.js'
import { SnClient } from '../../src/sn/client.js'
import { Gateway } from '../../src/sn/gateway.js'
import { defaultLimits, type UpstreamEvents, type UpstreamLink } from '../../src/sn/gateway-types.js'
import { PredefinedTopics } from '../../src/sn/predefined.js'
import { named, publication, settingsOf } from './client-rig.js'
import { Network, type NetworkFaults } from './network.js'

/** Loss 0 to 40 %, doubled 0 to 30 %, delays that reorder. */
export const faultsOf = (seed: number): NetworkFaults => {
  const random = randomNumbers(seed * 7919)
  const least = random() * 20
  return { loss: random() * 0.4, doubled: random() * 0.3, delay: [least, least + random() * 400] }
}

const messages = 10

/** A run: `fault` is undefined if nothing was lost, nothing came twice at QoS 2, and no success was false. */
export function runOf(seed: number): { readonly fault: string | undefined; readonly datagrams: number } {
  const network = new Network(seed, faultsOf(seed))
  const random = randomNumbers(seed ^ 0x5bd1)
  const qos = seed % 2 === 0 ? 2 : 1
  // A client that sleeps is one that subscribes.
  const sleep = seed % 3 === 0 ? 60 : undefined
  const upward = sleep === undefined ? messages : 0
  const published: string[] = []
  const delivered: string[] = []
  const settled: number[] = []
  const waiting = new Set<number>()
  const ends: string[] = []
  let events: UpstreamEvents | undefined
  let token = 0
  let subscribed = false
  const linkOf = (own: UpstreamEvents): UpstreamLink => {
    events = own
    let isOpen = true
    const later = (work: () => void): void => network.later(5, () => isOpen && work())
    const link = {
      up: false,
      writable: true,
      publish: (topic: string, payload: Uint8Array, level: number) => {
        const mine = ++token
        published.push(`${topic} ${Buffer.from(payload)}`)
        if (level > 0) later(() => own.settled(mine, true))
        return mine
      },
      subscribe: (_: string, level: number) => {
        const mine = ++token
        later(() => {
          subscribed = true
          own.suback(mine, level)
        })
        return mine
      },
      unsubscribe: () => ++token,
      hold() {},
      close: () => {
        isOpen = false
        link.up = false
      },
      cut: () => link.close(),
    }
    later(() => {
      link.up = true
      own.accepted(true)
    })
    return link
  }
  const gateway: Gateway = new Gateway({
    settings: {
      ...{ gatewayId: 1, retryMs: 1000, retries: 8, predefined: new PredefinedTopics() },
      limits: defaultLimits,
    },
    upstream: { open: (_, own) => linkOf(own), publish: () => true },
    events: {
      ...{ connected() {}, refused() {}, slept() {}, moved() {}, ignored() {} },
      left: (_, how) => ends.push(how),
      dropped: (_, why) => ends.push(why),
    },
    now: () => network.now,
    random: () => Math.floor(random() * 65_536),
    send: (_, bytes) => network.send(bytes, toClient),
    broadcast() {},
  })
  const source = { key: 'client' }
  const toClient = (bytes: Uint8Array, now: number): void => {
    client.receive(bytes, now)
    client.acknowledge(now)
  }
  const again = (): void => network.later(100, (now) => client.state === 'off' && client.connect(now))
  let isFirst = true
  const client: SnClient = new SnClient(
    settingsOf({ clientId: `client-${seed}`, cleanSession: false, retryMs: 1000, retries: 12, sleep }),
    {
      send: (bytes) => network.send(bytes, (copy, now) => gateway.receive(copy, source, now)),
      connected: () => {
        if (isFirst) client.subscribe(named('t/#'), qos, network.now)
        isFirst = false
      },
      refused: again,
      lost: (reason) => {
        ends.push(reason)
        again()
      },
      message: ({ topic, data }) => void delivered.push(`${topic} ${Buffer.from(data)}`),
      settled: (id, code) => void (code === 0 && settled.push(id)),
      ...{ answered: () => {}, dropped: () => {}, congested: () => {}, asleep: () => {} },
      closed: () => {},
    },
  )
  network.add(client)
  network.add(gateway)
  client.connect(0)
  const fail = (what: string) => ({
    fault: `${what}; ${JSON.stringify({ published, delivered, settled: settled.length, ends, state: client.state })}`,
    datagrams: network.sent,
  })
  const limit = 4 * 3600_000
  if (!network.run(() => subscribed && client.isIdle, limit)) return fail('no subscription')
  const wanted: string[] = []
  const down: string[] = []
  for (let i = 0; i < messages; i++) {
    const topic = `t/${i % 3}`
    const message = { topic, payload: Buffer.from(`${i}`), qos, retain: false, dup: false } as const
    waiting.add(i)
    down.push(`${topic} ${i}`)
    events!.message(message, () => waiting.delete(i))
  }
  for (let i = 0; i < upward; i++) {
    if (!network.run(() => client.ready, limit)) return fail(`not ready for message ${i}`)
    const topic = `up/${i % 3}`
    wanted.push(`${topic} ${i}`)
    client.publish(publication(named(topic), `${i}`, { qos }), network.now)
  }
  const isDone = (): boolean => settled.length >= upward && waiting.size === 0 && delivered.length >= messages
  if (!network.run(isDone, limit)) return fail('not done')
  network.run(() => false, 30_000) // what is still under way
  const once = (list: readonly string[]): string => (qos === 2 ? list : [...new Set(list)]).join()
  if (once(published) !== wanted.join()) return fail('to the server')
  if (once(delivered) !== down.join()) return fail('to the client')
  if (settled.length !== upward) return fail('statuses')
  return { fault: undefined, datagrams: network.sent }
}
