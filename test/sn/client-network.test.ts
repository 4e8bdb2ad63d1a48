// The client and a scripted gateway on a network that loses, doubles and reorders datagrams.
import { describe, expect, test } from 'vitest'
import { randomNumbers } from '../../src/commands/bench/random.js'
import { SnClient } from '../../src/sn/client.js'
import { amount } from '../helpers/amount.js'
import { named, publication, settingsOf } from './client-rig.js'
import { Network, type NetworkFaults } from './network.js'
import { ScriptedGateway } from './scripted-gateway.js'

const faultsOf = (seed: number): NetworkFaults => {
  const random = randomNumbers(seed * 7919)
  const least = random() * 20
  return { loss: random() * 0.4, doubled: random() * 0.3, delay: [least, least + random() * 400] }
}

interface Run {
  readonly network: Network
  readonly gateway: ScriptedGateway
  readonly client: SnClient
  readonly settled: number[]
  readonly delivered: string[]
  readonly ends: string[]
}

/** `ready` is called whenever the client is connected. */
function runOf(seed: number, cleanSession: boolean, connected: (client: SnClient, now: number) => void): Run {
  const network = new Network(seed, faultsOf(seed))
  const settled: number[] = []
  const delivered: string[] = []
  const ends: string[] = []
  const gateway = new ScriptedGateway((datagram) =>
    network.send(datagram, (bytes, now) => {
      client.receive(bytes, now)
      client.acknowledge(now)
    }),
  )
  const again = (): void => network.later(100, (now) => client.state === 'off' && client.connect(now))
  const client = new SnClient(settingsOf({ cleanSession, retryMs: 1000, retries: 8 }), {
    send: (datagram) => network.send(datagram, (bytes, now) => gateway.receive(bytes, now)),
    connected: () => connected(client, network.now),
    refused: again,
    lost: (reason) => {
      ends.push(reason)
      if (reason !== 'session') again()
    },
    message: ({ topic, data }) => void delivered.push(`${topic} ${Buffer.from(data).toString()}`),
    settled: (id, code) => void (code === 0 && settled.push(id)),
    ...{ answered: () => {}, dropped: () => {}, congested: () => {}, asleep: () => {} },
    closed: (isAnswered) => void ends.push(`closed ${isAnswered}`),
  })
  network.add(client)
  network.add(gateway)
  client.connect(0)
  return { network, gateway, client, settled, delivered, ends }
}

const seeds = Array.from({ length: amount({ inCi: 600, here: 60 }) }, (_, index) => index + 1)

describe('on a network with loss up to 40 %, doubled and reordered datagrams', () => {
  test('everything published at QoS 1 and 2 arrives, at QoS 2 once, and no success is false', () => {
    for (const seed of seeds) {
      const qos = seed % 2 === 0 ? 2 : 1
      const wanted = Array.from({ length: 12 }, (_, index) => `${index}`)
      const run = runOf(seed, qos === 1, () => {})
      const { network, gateway, client, settled } = run
      for (const [index, payload] of wanted.entries()) {
        const topic = index % 5 === 4 ? ({ kind: 'short', name: 'sh' } as const) : named(`t/${index % 3}`)
        const isReady = network.run(() => client.ready)
        expect(isReady, `seed ${seed}`).toBe(true)
        client.publish(publication(topic, payload, { qos }), network.now)
      }
      expect(
        network.run(() => client.isIdle && client.state === 'active'),
        `seed ${seed}`,
      ).toBe(true)
      expect(settled.length, `seed ${seed}`).toBe(wanted.length)
      const got = gateway.got.map(({ payload }) => payload)
      if (qos === 2) expect(got, `seed ${seed}`).toEqual(wanted)
      else expect([...new Set(got)], `seed ${seed}`).toEqual(wanted)
    }
  })

  test('everything that the gateway publishes arrives, at QoS 2 once and in order', () => {
    for (const seed of seeds) {
      const qos = seed % 2 === 0 ? 2 : 1
      const run = runOf(seed, false, (client, now) => {
        client.subscribe(named('t/#'), 2, now)
        client.subscribe(named('name'), 2, now)
      })
      const { network, gateway, client, delivered } = run
      network.run(() => client.isIdle && client.state === 'active' && gateway.filters.length >= 2)
      const wanted = Array.from({ length: 12 }, (_, index) => {
        const topic = ['t/1', 'name', 'sh'][index % 3]!
        gateway.publish(topic, String(index), qos, network.now)
        return `${topic} ${index}`
      })
      expect(
        network.run(() => gateway.left === 0),
        `seed ${seed}`,
      ).toBe(true)
      if (qos === 2) expect(delivered, `seed ${seed}`).toEqual(wanted)
      else expect([...new Set(delivered)], `seed ${seed}`).toEqual(wanted)
    }
  })

  test('a sleeping client gets at QoS 1 and 2 what the gateway kept', () => {
    for (const seed of seeds.slice(0, seeds.length / 2)) {
      const network = new Network(seed, faultsOf(seed))
      const delivered: string[] = []
      let sleeps = 0
      const gateway = new ScriptedGateway((datagram) =>
        network.send(datagram, (bytes, now) => {
          client.receive(bytes, now)
          client.acknowledge(now)
        }),
      )
      const nothing = (): void => {}
      const again = (): void => network.later(100, (now) => client.state === 'off' && client.connect(now))
      const client = new SnClient(settingsOf({ cleanSession: false, retryMs: 1000, retries: 8, sleep: 60 }), {
        send: (datagram) => network.send(datagram, (bytes, now) => gateway.receive(bytes, now)),
        connected: () => void client.subscribe(named('t/#'), 2, network.now),
        message: ({ data }) => void delivered.push(Buffer.from(data).toString()),
        asleep: () => void sleeps++,
        ...{ refused: again, lost: again, settled: nothing, answered: nothing, dropped: nothing },
        ...{ congested: nothing, closed: nothing },
      })
      network.add(client)
      network.add(gateway)
      client.connect(0)
      for (let turn = 1; turn <= 4; turn++) {
        expect(
          network.run(() => sleeps >= turn && client.state === 'asleep'),
          `seed ${seed}`,
        ).toBe(true)
        for (const part of ['a', 'b']) gateway.publish('t/x', `${turn}${part}`, 2, network.now)
      }
      expect(
        network.run(() => gateway.left === 0),
        `seed ${seed}`,
      ).toBe(true)
      const wanted = ['1a', '1b', '2a', '2b', '3a', '3b', '4a', '4b']
      expect(delivered, `seed ${seed}`).toEqual(wanted)
    }
  })
})
