// What users can do with topics, shown by messages that arrive, against brokers that refuse in their own ways.
import type { Packet } from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import { toClients } from '../breakings/tools.js'
import type { Breaking } from '../rig.js'
import { cellsOf, rightsOf } from './rights.js'

const list = `
user ada
topic readwrite a/#
user bob
topic read a/b
user eve
topic write a/b
`
const users = ['ada', 'bob', 'eve']

describe('access rights', () => {
  it('MQTT 5: a publication that is not allowed is refused, a subscription is silent', async () => {
    expect(await rightsOf({ list, users, topics: ['a/b', 'c'] })).toEqual([
      'ada a/b: publish subscribe receive',
      'bob a/b: publish:refused subscribe receive',
      'eve a/b: publish subscribe:silent receive:silent',
      'ada c: publish:refused subscribe:unknown receive:unknown',
      'bob c: publish:refused subscribe:unknown receive:unknown',
      'eve c: publish:refused subscribe:unknown receive:unknown',
    ])
  })

  it('MQTT 3.1.1: a publication that is not allowed is acknowledged, and silent', async () => {
    expect(await rightsOf({ list, users, topics: ['a/b'], version: 4 })).toEqual([
      'ada a/b: publish subscribe receive',
      'bob a/b: publish:silent subscribe receive',
      'eve a/b: publish subscribe:silent receive:silent',
    ])
  })

  it('a witness shows what no user can', async () => {
    const witnessed = { list: `${list}\nuser root\ntopic readwrite #`, users, topics: ['c'], witness: 'root' }
    expect(await rightsOf(witnessed)).toEqual([
      'ada c: publish:refused subscribe:silent receive:silent',
      'bob c: publish:refused subscribe:silent receive:silent',
      'eve c: publish:refused subscribe:silent receive:silent',
    ])
    expect((await rightsOf({ ...witnessed, version: 4 }))[0]).toBe(
      'ada c: publish:silent subscribe:silent receive:silent',
    )
  })

  it('topics that match one another are told apart', async () => {
    const overlapping = 'user ada\ntopic readwrite a/b\nuser root\ntopic readwrite #'
    const topics = ['a/b', 'a/+', 'a/#', '#', 'a']
    expect(await rightsOf({ list: overlapping, users: ['ada', 'root'], topics })).toEqual([
      'ada a/b: publish subscribe receive',
      'root a/b: publish subscribe receive',
      ...['a/+', 'a/#', '#', 'a'].flatMap((topic) => [
        `ada ${topic}: publish:refused subscribe:silent receive:silent`,
        `root ${topic}: publish subscribe receive`,
      ]),
    ])
  })

  it('a message that comes through a wider filter only is received', async () => {
    const [, subscribe, receive] = await cellsOf({
      ...{ list: 'topic readwrite #\nuser ada\ntopic readwrite #', users: ['ada'], topics: ['a/b'] },
      breaking: refusingSubscriptionsTo('a/b'),
    })
    expect(subscribe).toMatchObject({ outcome: 'refused', detail: 'SUBACK 0x87 Not authorized' })
    expect(receive).toMatchObject({ outcome: 'granted' })
    expect(receive!.detail).toMatch(/^through '(#|\+\/\+|a\/#|a\/\+)'$/)
  })

  it('$SYS: what the server publishes is received', async () => {
    const [, subscribe, receive] = await cellsOf({
      ...{ list: 'user ada\ntopic read $SYS/#', users: ['ada'], topics: ['$SYS/#'] },
    })
    expect([subscribe!.outcome, receive!.outcome]).toEqual(['granted', 'granted'])
  })
})

/** Answers a SUBSCRIBE to `filter` with 0x87, and does not pass it on. */
function refusingSubscriptionsTo(filter: string): Breaking {
  return (between) => ({
    fromClient({ packet, bytes }) {
      if (packet?.cmd !== 'subscribe' || packet.subscriptions[0]!.topic !== filter)
        return between.toServer(bytes)
      between.toClient({ cmd: 'suback', messageId: packet.messageId!, granted: [0x87] })
    },
  })
}

describe('a server that ends the connection instead of refusing', () => {
  const closing: Breaking = (between) => {
    let user: string | undefined
    const isRefused = (packet: Packet | undefined): boolean => {
      if (packet?.cmd === 'publish') return user !== 'ada' || !packet.topic.startsWith('a/')
      return packet?.cmd === 'subscribe' && packet.subscriptions[0]!.topic === 'c'
    }
    return {
      fromClient({ packet, bytes }) {
        if (packet?.cmd === 'connect') user = packet.username
        if (isRefused(packet)) between.close()
        else between.toServer(bytes)
      },
    }
  }

  it('is disconnected, and all others are found', async () => {
    const topics = ['a/b', 'c', 'a/c', 'd', 'a/d']
    expect(await rightsOf({ list, users: ['ada', 'bob'], topics, breaking: closing })).toEqual([
      'ada a/b: publish subscribe receive',
      'bob a/b: publish:disconnected subscribe receive',
      'ada c: publish:disconnected subscribe:disconnected receive:unknown',
      'bob c: publish:disconnected subscribe:disconnected receive:unknown',
      'ada a/c: publish subscribe receive',
      'bob a/c: publish:disconnected subscribe:silent receive:silent',
      'ada d: publish:disconnected subscribe:unknown receive:unknown',
      'bob d: publish:disconnected subscribe:unknown receive:unknown',
      'ada a/d: publish subscribe receive',
      'bob a/d: publish:disconnected subscribe:silent receive:silent',
    ])
  })
})

describe('servers with other habits', () => {
  it('QoS 0 only', async () => {
    for (const version of [4, 5] as const) {
      expect(await rightsOf({ list, users, topics: ['a/b'], version, settings: { maxQos: 0 } })).toEqual([
        'ada a/b: publish subscribe receive',
        'bob a/b: publish:silent subscribe receive',
        'eve a/b: publish subscribe:silent receive:silent',
      ])
    }
  })

  it('a PUBACK that refuses although the message is delivered: granted', async () => {
    const lying = toClients('puback', (packet) => ({ ...packet, reasonCode: 0x87 }))
    const [publish] = await cellsOf({ list, users: ['ada'], topics: ['a/b'], breaking: lying })
    expect(publish).toMatchObject({
      outcome: 'granted',
      detail: 'PUBACK 0x87 Not authorized, but it arrived',
    })
  })

  it('a PUBACK that accepts although the message is dropped: silent', async () => {
    const dropping: Breaking = (between) => {
      let user: string | undefined
      return {
        fromClient({ packet, bytes }) {
          if (packet?.cmd === 'connect') user = packet.username
          if (packet?.cmd === 'publish' && user === 'eve')
            between.toClient({ cmd: 'puback', messageId: packet.messageId!, reasonCode: 0 })
          else between.toServer(bytes)
        },
      }
    }
    const [publish] = await cellsOf({ list, users: ['eve', 'ada'], topics: ['a/b'], breaking: dropping })
    expect(publish!.outcome).toBe('silent')
    const [alone] = await cellsOf({ list, users: ['eve', 'bob'], topics: ['a/b'], breaking: dropping })
    expect(alone).toMatchObject({ outcome: 'unknown', detail: 'nobody received anything on this topic' })
  })

  it.each(['puback', 'suback'] as const)(
    'no %s: unknown unless messages arrive, within the time of one answer',
    async (cmd) => {
      const started = performance.now()
      const topics = ['a/b', 'a/c', 'a/d']
      const breaking = toClients(cmd, () => undefined)
      const rights = await rightsOf({ list, users: ['ada'], topics, breaking })
      const outcome = {
        puback: 'publish subscribe receive',
        suback: 'publish:unknown subscribe:unknown receive:unknown',
      }
      expect(rights).toEqual(topics.map((topic) => `ada ${topic}: ${outcome[cmd]}`))
      expect(performance.now() - started).toBeLessThan(4000)
    },
  )

  it('a server that is late: messages are waited for in proportion', async () => {
    const late: Breaking = (between) => ({
      fromServer({ packet, bytes }) {
        if (packet?.cmd === 'publish')
          setTimeout(() => between.toClient(bytes), packet.topic === 'a/c' ? 500 : 200)
        else between.toClient(bytes)
      },
    })
    expect(
      await rightsOf({ list, users: ['ada'], topics: ['a/b', 'a/c'], breaking: late, graceMs: 400 }),
    ).toEqual(['ada a/b: publish subscribe receive', 'ada a/c: publish subscribe receive'])
  })

  it('wrong password', async () => {
    await expect(
      rightsOf({ list, users: ['ada', 'nobody'], topics: ['a'], breaking: refusingUser('nobody') }),
    ).rejects.toThrow('user nobody cannot connect: CONNACK 0x86 Bad User Name or Password')
  })
})

describe('a hostile server', () => {
  it('ends each connection after CONNACK: unknown', async () => {
    const ending: Breaking = (between) => ({
      fromServer({ bytes }) {
        between.toClient(bytes)
        between.close()
      },
    })
    expect(await rightsOf({ list, users: ['ada'], topics: ['a/b', 'a/c'], breaking: ending })).toEqual([
      'ada a/b: publish:unknown subscribe:unknown receive:unknown',
      'ada a/c: publish:unknown subscribe:unknown receive:unknown',
    ])
  })

  it('floods with messages of others, and with messages that only look like ours', async () => {
    const flooding: Breaking = (between) => ({
      fromServer({ packet, bytes }) {
        if (packet?.cmd === 'puback' || packet?.cmd === 'suback') {
          const forged = ['mqttx check --acl 000000000000 0', 'mqttx check --acl', 'x'.repeat(10_000)]
          for (let round = 0; round < 100; round++)
            for (const payload of forged)
              between.toClient({ cmd: 'publish', topic: 'a/b', payload, qos: 0, retain: false, dup: false })
        }
        between.toClient(bytes)
      },
    })
    expect(await rightsOf({ list, users: ['eve', 'ada'], topics: ['a/b'], breaking: flooding })).toEqual([
      'eve a/b: publish subscribe:silent receive:silent',
      'ada a/b: publish subscribe receive',
    ])
  })

  it('sends what is no MQTT: unknown', async () => {
    const broken = toClients('suback', () => Buffer.from([0x90, 0x01, 0xff]))
    const [publish] = await cellsOf({ list, users: ['ada'], topics: ['a/b'], breaking: broken })
    expect(publish!.outcome).toBe('unknown')
  })
})

it('more than 50 topics that match one another are refused', async () => {
  const topics = Array.from({ length: 51 }, (_, depth) => `${'a/'.repeat(depth)}#`)
  await expect(rightsOf({ list, users: ['ada'], topics })).rejects.toThrow(
    /^more than 50 of the topics match/,
  )
})

function refusingUser(username: string): Breaking {
  return (between) => ({
    fromClient({ packet, bytes }) {
      if (packet?.cmd === 'connect' && packet.username === username)
        between.toClient({ cmd: 'connack', sessionPresent: false, reasonCode: 0x86, returnCode: 0x86 })
      else between.toServer(bytes)
    },
  })
}
