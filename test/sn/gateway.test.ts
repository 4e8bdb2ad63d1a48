// The gateway's side of MQTT-SN 1.2, section 6, statement by statement.
import { describe, expect, test } from 'vitest'
import type { SnMessage } from '../../src/codec/mqtt-sn-messages.js'
import { type FakeLink, Rig, retries, retryMs } from './gateway-rig.js'

const short = (name: string) => ({ kind: 'short', name }) as const
const named = (name: string) => ({ kind: 'name', name }) as const
const predefined = (id: number) => ({ kind: 'predefined', id }) as const
const normal = (id: number) => ({ kind: 'normal', id }) as const

const types = (messages: readonly SnMessage[]): string[] => messages.map(({ type }) => type)

async function subscribed(rig: Rig, filter: string, qos = 0, clientId = 'sensor-one'): Promise<FakeLink> {
  const link = await rig.connect(clientId)
  await rig.prove()
  rig.ask({ type: 'subscribe', topic: named(filter), qos, messageId: 1 })
  link.events.suback(link.token, qos)
  rig.take()
  return link
}

interface Row {
  readonly says: string
  run(rig: Rig): Promise<unknown> | unknown
  readonly options?: ConstructorParameters<typeof Rig>[0]
}

const rows: readonly Row[] = [
  {
    says: '6.1 SEARCHGW is answered with GWINFO',
    run: (rig) =>
      expect(rig.ask({ type: 'searchgw', radius: 1 })).toMatchObject([{ type: 'gwinfo', gatewayId: 9 }]),
  },
  {
    says: '6.1 ADVERTISE only when asked, at once and at each interval',
    options: { settings: { advertise: 900 } },
    run(rig) {
      rig.pass(1800_000)
      expect(rig.broadcasts).toHaveLength(3)
      expect(rig.broadcasts[0]).toMatchObject({ type: 'advertise', gatewayId: 9, duration: 900 })
      const other = new Rig()
      other.pass(1800_000)
      expect(other.broadcasts).toEqual([])
    },
  },
  {
    says: '6.1 ADVERTISE and GWINFO of other gateways have no answer and are not reported',
    run(rig) {
      expect(rig.ask({ type: 'advertise', gatewayId: 1, duration: 900 })).toEqual([])
      expect(rig.ask({ type: 'gwinfo', gatewayId: 1, gatewayAddress: Buffer.alloc(0) })).toEqual([])
      expect(rig.log).toEqual([])
    },
  },
  {
    says: '6.2 CONNECT without will: CONNACK when the server has accepted',
    options: { accepting: false },
    run(rig) {
      expect(rig.ask({ type: 'connect', clientId: 'c1' })).toEqual([])
      expect(rig.link.request).toMatchObject({ clientId: 'c1', clean: true, will: undefined })
      rig.link.accept()
      expect(rig.take()).toEqual([{ type: 'connack', returnCode: 0 }])
    },
  },
  {
    says: '6.2 CONNECT with will: WILLTOPICREQ, WILLMSGREQ, and the will goes to the server',
    async run(rig) {
      expect(types(rig.ask({ type: 'connect', clientId: 'c1', will: true }))).toEqual(['willtopicreq'])
      expect(types(rig.ask({ type: 'willtopic', willTopic: 'gone', qos: 1, retain: true }))).toEqual([
        'willmsgreq',
      ])
      expect(rig.links).toEqual([])
      rig.ask({ type: 'willmsg', data: Buffer.from('bye') })
      expect(rig.link.request.will).toMatchObject({ topic: 'gone', qos: 1, retain: true })
      expect(Buffer.from(rig.link.request.will!.payload).toString()).toBe('bye')
      await Promise.resolve()
      expect(types(rig.take())).toEqual(['connack'])
      // CONNACK was lost: WILLMSG comes again.
      expect(types(rig.ask({ type: 'willmsg', data: Buffer.from('bye') }))).toEqual(['connack'])
    },
  },
  {
    says: '6.2 requests for the will are sent again when the message before them is',
    run(rig) {
      rig.ask({ type: 'connect', clientId: 'c1', will: true })
      expect(types(rig.ask({ type: 'connect', clientId: 'c1', will: true }))).toEqual(['willtopicreq'])
      rig.ask({ type: 'willtopic', willTopic: 'gone' })
      expect(types(rig.ask({ type: 'willtopic', willTopic: 'gone' }))).toEqual(['willmsgreq'])
    },
  },
  {
    says: '6.2 a server that is down: congestion',
    options: { accepting: false },
    run(rig) {
      rig.ask({ type: 'connect', clientId: 'c1' })
      rig.link.events.refused(true, 'down')
      expect(rig.take()).toEqual([{ type: 'connack', returnCode: 1 }])
      expect(rig.gateway.clients).toBe(0)
    },
  },
  {
    says: '6.2 a server that refuses for good: not supported',
    options: { accepting: false },
    run(rig) {
      rig.ask({ type: 'connect', clientId: 'c1' })
      rig.link.events.refused(false, 'bad password')
      expect(rig.take()).toEqual([{ type: 'connack', returnCode: 3 }])
    },
  },
  {
    says: '6.2 another version of the protocol, no Client Identifier, a long one: not supported',
    run(rig) {
      for (const fault of [{ protocolId: 2 }, { clientId: '' }, { clientId: 'x'.repeat(300) }])
        expect(rig.ask({ type: 'connect', clientId: 'c', ...fault })).toEqual([
          { type: 'connack', returnCode: 3 },
        ])
    },
  },
  {
    says: '6.2 a CONNECT that is sent again is answered again, and the session goes on',
    async run(rig) {
      const link = await subscribed(rig, 'a/b')
      expect(types(rig.ask({ type: 'connect', clientId: 'sensor-one' }))).toEqual(['connack'])
      expect(rig.links).toHaveLength(1)
      expect(link.calls).not.toContain('cut')
    },
  },
  {
    says: '6.3 a clean session: subscriptions and will are deleted',
    async run(rig) {
      const link = await subscribed(rig, 'a/b')
      rig.pass(retryMs * 10)
      rig.ask({ type: 'pingreq' })
      await rig.connect()
      expect(link.calls.at(-1)).toBe('cut')
      expect(rig.link.request.clean).toBe(true)
      expect(rig.link.calls).toEqual([])
    },
  },
  {
    says: '6.3 a kept session: topic identifiers, subscriptions and the will are kept, without prompting',
    async run(rig) {
      rig.ask({ type: 'connect', clientId: 'c1', will: true, cleanSession: false })
      rig.ask({ type: 'willtopic', willTopic: 'gone' })
      rig.ask({ type: 'willmsg', data: Buffer.from('bye') })
      await Promise.resolve()
      const [regack] = rig.ask({ type: 'register', name: 'a/b', messageId: 4 })
      const { topicId } = regack as { topicId: number }
      rig.ask({ type: 'subscribe', topic: named('a/#'), qos: 1, messageId: 5 })
      rig.link.events.suback(rig.link.token, 1)
      rig.ask({ type: 'disconnect' })
      expect(rig.link.calls).toContain('close')
      await rig.connect('c1', { cleanSession: false })
      expect(rig.link.request).toMatchObject({ clean: false, will: { topic: 'gone' } })
      // The server has not kept the session.
      expect(rig.link.calls).toEqual(['subscribe a/# 1'])
      rig.ask({ type: 'publish', topic: normal(topicId) })
      expect(rig.link.published).toMatchObject([{ topic: 'a/b' }])
    },
  },
  {
    says: '6.3 an empty WILLTOPIC deletes the will',
    async run(rig) {
      rig.ask({ type: 'connect', clientId: 'c1', will: true, cleanSession: false })
      rig.ask({ type: 'willtopic', willTopic: '' })
      await Promise.resolve()
      expect(types(rig.take())).toEqual(['connack'])
      expect(rig.link.request.will).toBeUndefined()
    },
  },
  {
    says: '6.3 a will that no server would publish is refused: a wildcard, as the topic of the will and of its update',
    async run(rig) {
      rig.ask({ type: 'connect', clientId: 'c1', will: true })
      expect(rig.ask({ type: 'willtopic', willTopic: 'a/#' })).toMatchObject([
        { type: 'connack', returnCode: 3 },
      ])
      expect(rig.gateway.clients).toBe(0)
      rig.ask({ type: 'connect', clientId: 'c1', will: true, duration: 10 })
      rig.ask({ type: 'willtopic', willTopic: 'gone' })
      rig.ask({ type: 'willmsg', data: Buffer.from('bye') })
      await Promise.resolve()
      expect(rig.ask({ type: 'willtopicupd', willTopic: '+' })).toMatchObject([
        { type: 'willtopicresp', returnCode: 3 },
      ])
      rig.pass(15_000)
      expect(rig.link.calls).toEqual(['cut'])
    },
  },
  {
    says: '6.4 the will is updated, and published by the gateway',
    async run(rig) {
      rig.ask({ type: 'connect', clientId: 'c1', will: true, duration: 10 })
      rig.ask({ type: 'willtopic', willTopic: 'gone' })
      rig.ask({ type: 'willmsg', data: Buffer.from('bye') })
      await Promise.resolve()
      expect(types(rig.ask({ type: 'willtopicupd', willTopic: 'left', qos: 1 }))).toEqual(['willtopicresp'])
      expect(types(rig.ask({ type: 'willmsgupd', data: Buffer.from('ciao') }))).toEqual(['willmsgresp'])
      rig.pass(16_000)
      expect(rig.link.published).toMatchObject([{ topic: 'left', payload: 'ciao', qos: 1 }])
      expect(rig.link.calls.at(-1)).toBe('close')
    },
  },
  {
    says: '6.5 REGISTER gets an identifier, the same one again, and none for an invalid name',
    async run(rig) {
      await rig.connect()
      const [one] = rig.ask({ type: 'register', name: 'a/b', messageId: 1 })
      expect(one).toMatchObject({ type: 'regack', messageId: 1, returnCode: 0 })
      expect(rig.ask({ type: 'register', name: 'a/b', messageId: 2 })[0]).toMatchObject({
        topicId: (one as { topicId: number }).topicId,
      })
      for (const name of ['', 'a/#', 'a\0'])
        expect(rig.ask({ type: 'register', name, messageId: 1 })[0] ?? { returnCode: 3 }).toMatchObject({
          returnCode: 3,
        })
    },
  },
  {
    says: '6.6 PUBLISH with an unknown identifier: invalid topic id, at QoS 0 too',
    async run(rig) {
      await rig.connect()
      for (const qos of [0, 1, 2])
        expect(rig.ask({ type: 'publish', topic: normal(77), qos, messageId: qos })).toMatchObject([
          { type: 'puback', topicId: 77, messageId: qos, returnCode: 2 },
        ])
    },
  },
  {
    says: '6.6 QoS 1: PUBACK when the server has acknowledged; a copy meanwhile is not forwarded',
    async run(rig) {
      const link = await rig.connect()
      const publish = { type: 'publish', topic: short('ab'), qos: 1, messageId: 5 } as const
      expect(rig.ask(publish)).toEqual([])
      expect(rig.ask({ ...publish, dup: true })).toEqual([])
      expect(link.published).toMatchObject([{ topic: 'ab', qos: 1 }])
      link.events.settled(link.token, true)
      expect(rig.take()).toMatchObject([{ type: 'puback', messageId: 5, returnCode: 0 }])
    },
  },
  {
    says: '6.6 QoS 2: PUBREC when the server has it, PUBCOMP; copies are not forwarded',
    async run(rig) {
      const link = await rig.connect()
      const publish = { type: 'publish', topic: short('ab'), qos: 2, messageId: 5 } as const
      rig.ask(publish)
      expect(rig.ask({ type: 'pubrel', messageId: 5 })).toEqual([])
      link.events.settled(link.token, true)
      expect(rig.take()).toMatchObject([{ type: 'pubrec', messageId: 5 }])
      expect(rig.ask({ ...publish, dup: true })).toMatchObject([{ type: 'pubrec' }])
      expect(rig.ask({ type: 'pubrel', messageId: 5 })).toMatchObject([{ type: 'pubcomp', messageId: 5 }])
      expect(rig.ask({ type: 'pubrel', messageId: 5 })).toMatchObject([{ type: 'pubcomp', messageId: 5 }])
      // A copy that was under way.
      expect(rig.ask(publish)).toMatchObject([{ type: 'pubrec' }])
      expect(link.published).toHaveLength(1)
      // Another message with the same identifier.
      rig.ask({ ...publish, data: Buffer.from('other') })
      expect(link.published).toHaveLength(2)
    },
  },
  {
    says: '6.6 without a connection to the server: congestion; at QoS 0 it is lost, which is reported',
    async run(rig) {
      const link = await rig.connect()
      link.up = false
      for (const qos of [1, 2])
        expect(rig.ask({ type: 'publish', topic: short('ab'), qos, messageId: 3 })).toMatchObject([
          { type: 'puback', returnCode: 1 },
        ])
      expect(rig.log.filter((line) => line.startsWith('dropped'))).toEqual([])
      expect(rig.ask({ type: 'publish', topic: short('ab') })).toEqual([])
      expect(link.published).toEqual([])
      expect(rig.log).toContainEqual(expect.stringMatching(/^dropped .*does not take/))
    },
  },
  {
    says: '6.6 a message at QoS 0 that the connection to the server does not take is lost, which is reported',
    async run(rig) {
      const link = await rig.connect()
      link.publish = () => -1
      expect(rig.ask({ type: 'publish', topic: short('ab') })).toEqual([])
      expect(rig.log).toContainEqual(expect.stringMatching(/^dropped .*does not take/))
    },
  },
  {
    says: '6.6 what the server refuses is not accepted',
    async run(rig) {
      const link = await rig.connect()
      rig.ask({ type: 'publish', topic: short('ab'), qos: 1, messageId: 3 })
      link.events.settled(link.token, false)
      expect(rig.take()).toMatchObject([{ type: 'puback', returnCode: 3 }])
    },
  },
  {
    says: '6.7 predefined and short topics need no REGISTER; an unknown predefined one is invalid',
    options: { predefined: '7 home/kitchen' },
    async run(rig) {
      const link = await rig.connect()
      rig.ask({ type: 'publish', topic: predefined(7) })
      rig.ask({ type: 'publish', topic: short('ab'), retain: true })
      expect(link.published).toMatchObject([
        { topic: 'home/kitchen', retain: false },
        { topic: 'ab', retain: true },
      ])
      expect(rig.ask({ type: 'publish', topic: predefined(8) })).toMatchObject([{ returnCode: 2 }])
      expect(rig.ask({ type: 'publish', topic: short('a#') })).toMatchObject([{ returnCode: 2 }])
    },
  },
  {
    says: '6.7 predefined topics are known after a reconnect',
    options: { predefined: '7 home/kitchen' },
    async run(rig) {
      await rig.connect()
      rig.ask({ type: 'disconnect' })
      const link = await rig.connect()
      rig.ask({ type: 'publish', topic: predefined(7) })
      expect(link.published).toMatchObject([{ topic: 'home/kitchen' }])
    },
  },
  {
    says: '6.8 QoS -1 without a connection: to topics of the file only, and never an answer',
    options: { predefined: '7 home/kitchen\n8 ok' },
    run(rig) {
      const topics = [predefined(7), predefined(9), short('ok'), short('no'), normal(7)]
      for (const topic of topics) expect(rig.ask({ type: 'publish', topic, qos: -1 }, 'stranger')).toEqual([])
      expect(rig.unconnected).toEqual(['home/kitchen x', 'ok x'])
    },
  },
  {
    says: '6.8 QoS -1 of a client that is connected is a message of its own',
    async run(rig) {
      const link = await rig.connect()
      expect(rig.ask({ type: 'publish', topic: short('ab'), qos: -1 })).toEqual([])
      expect(link.published).toMatchObject([{ topic: 'ab', qos: 0 }])
    },
  },
  {
    says: '6.9 SUBSCRIBE to a name: SUBACK has its identifier, and PUBLISH uses it without REGISTER',
    async run(rig) {
      const link = await rig.connect()
      await rig.prove()
      expect(rig.ask({ type: 'subscribe', topic: named('a/b'), qos: 1, messageId: 3 })).toEqual([])
      link.events.suback(link.token, 1)
      const [suback] = rig.take()
      expect(suback).toMatchObject({ type: 'suback', messageId: 3, qos: 1, returnCode: 0 })
      link.message('a/b', 'hello')
      expect(rig.take()).toMatchObject([
        { type: 'publish', topic: normal((suback as { topicId: number }).topicId), qos: 0 },
      ])
    },
  },
  {
    says: '6.9 SUBSCRIBE to a shared subscription without a name or a filter is refused',
    async run(rig) {
      await rig.connect()
      for (const [index, filter] of ['$share/g', '$share//a', '$share/+/a', '$share/g/'].entries())
        expect(rig.ask({ type: 'subscribe', topic: named(filter), messageId: index })).toMatchObject([
          { type: 'suback', returnCode: 3 },
        ])
      expect(rig.ask({ type: 'subscribe', topic: named('$share/g//a'), messageId: 9 })).toEqual([])
    },
  },
  {
    says: '6.9 SUBSCRIBE with wildcards, to a short and to a predefined topic',
    options: { predefined: '7 home/kitchen' },
    async run(rig) {
      const link = await rig.connect()
      await rig.prove()
      const topics = [named('a/#'), short('ab'), predefined(7)]
      const ids = topics.map((topic, index) => {
        rig.ask({ type: 'subscribe', topic, messageId: index + 1 })
        link.events.suback(link.token, 0)
        return (rig.take()[0] as { topicId: number }).topicId
      })
      expect(ids).toEqual([0, 0, 7])
      expect(link.calls).toEqual(['subscribe a/# 0', 'subscribe ab 0', 'subscribe home/kitchen 0'])
      link.message('ab', '1')
      link.message('home/kitchen', '2')
      expect(rig.take()).toMatchObject([{ topic: short('ab') }, { topic: predefined(7) }])
    },
  },
  {
    says: '6.9 a SUBSCRIBE that is sent again is answered again',
    async run(rig) {
      const link = await rig.connect()
      const subscribe = { type: 'subscribe', topic: named('a/b'), messageId: 3 } as const
      rig.ask(subscribe)
      expect(rig.ask({ ...subscribe, dup: true })).toEqual([])
      link.events.suback(link.token, 0)
      expect(types(rig.take())).toEqual(['suback'])
      expect(types(rig.ask({ ...subscribe, dup: true }))).toEqual(['suback'])
      expect(link.calls).toHaveLength(1)
    },
  },
  {
    says: '6.9 what cannot be subscribed to: not supported, invalid topic id, congestion',
    async run(rig) {
      const link = await rig.connect()
      const code = (topic: object) =>
        (rig.ask({ type: 'subscribe', topic, messageId: 3 })[0] as { returnCode: number }).returnCode
      expect(code(named('a#'))).toBe(3)
      expect(code(predefined(5))).toBe(2)
      rig.ask({ type: 'subscribe', topic: named('secret'), messageId: 4 })
      link.events.suback(link.token, 0x80)
      expect(rig.take()).toMatchObject([{ type: 'suback', returnCode: 3 }])
      link.up = false
      expect(code(named('a/b'))).toBe(1)
    },
  },
  {
    says: '6.9 UNSUBSCRIBE: UNSUBACK when the server has answered',
    async run(rig) {
      const link = await subscribed(rig, 'a/b')
      expect(rig.ask({ type: 'unsubscribe', topic: named('a/b'), messageId: 9 })).toEqual([])
      link.events.unsuback(link.token)
      expect(rig.take()).toMatchObject([{ type: 'unsuback', messageId: 9 }])
      expect(link.calls.at(-1)).toBe('unsubscribe a/b')
    },
  },
  {
    says: '6.10 REGISTER before PUBLISH if the client does not know the topic; sent again without an answer',
    async run(rig) {
      const link = await subscribed(rig, '#')
      link.message('some/topic', 'hello')
      const [register] = rig.take()
      expect(register).toMatchObject({ type: 'register', name: 'some/topic' })
      rig.pass(retryMs)
      expect(rig.take()).toEqual([register])
      const { messageId, topicId } = register as { messageId: number; topicId: number }
      expect(rig.ask({ type: 'regack', topicId, messageId })).toMatchObject([
        { type: 'publish', topic: normal(topicId), data: Buffer.from('hello') },
      ])
    },
  },
  {
    says: '6.10 QoS 1: sent again with DUP, acknowledged to the server at PUBACK, one at a time',
    async run(rig) {
      const link = await subscribed(rig, 'ab', 1)
      const first = link.message('ab', '1', { qos: 1 })
      const second = link.message('ab', '2', { qos: 1 })
      const [publish] = rig.take()
      expect(publish).toMatchObject({ type: 'publish', dup: false, data: Buffer.from('1') })
      rig.pass(retryMs)
      expect(rig.take()).toMatchObject([{ dup: true, data: Buffer.from('1') }])
      expect(first.done).toBe(false)
      const { messageId } = publish as { messageId: number }
      expect(rig.ask({ type: 'puback', messageId })).toMatchObject([{ data: Buffer.from('2') }])
      expect([first.done, second.done]).toEqual([true, false])
    },
  },
  {
    says: '6.10 QoS 2: acknowledged to the server at PUBREC, PUBREL sent again',
    async run(rig) {
      const link = await subscribed(rig, 'ab', 2)
      const message = link.message('ab', '1', { qos: 2 })
      const { messageId } = rig.take()[0] as { messageId: number }
      expect(rig.ask({ type: 'pubrec', messageId })).toMatchObject([{ type: 'pubrel', messageId }])
      expect(message.done).toBe(true)
      rig.pass(retryMs)
      expect(rig.take()).toMatchObject([{ type: 'pubrel', messageId }])
      link.message('ab', '2', { qos: 2 })
      expect(rig.take()).toEqual([])
      expect(rig.ask({ type: 'pubcomp', messageId })).toMatchObject([
        { type: 'publish', data: Buffer.from('2') },
      ])
    },
  },
  {
    says: '6.10 a client that does not know the identifier gets REGISTER again',
    async run(rig) {
      const link = await subscribed(rig, 'a/b', 1)
      link.message('a/b', '1', { qos: 1 })
      const { messageId, topic } = rig.take()[0] as { messageId: number; topic: { id: number } }
      const [register] = rig.ask({ type: 'puback', messageId, topicId: topic.id, returnCode: 2 })
      expect(register).toMatchObject({ type: 'register', name: 'a/b' })
      expect(rig.ask({ ...(register as object), type: 'regack' })).toMatchObject([
        { type: 'publish', data: Buffer.from('1') },
      ])
    },
  },
  {
    says: '6.10 no answer after N_retry: the gateway waits until it hears from the client',
    async run(rig) {
      const link = await subscribed(rig, 'ab', 1)
      link.message('ab', '1', { qos: 1 })
      rig.pass(retryMs * (retries + 3))
      expect(rig.take()).toHaveLength(1 + retries)
      expect(types(rig.ask({ type: 'pingreq' }))).toEqual(['publish', 'pingresp'])
    },
  },
  {
    says: '6.11 PINGREQ is answered, and a silent client is lost after 1.5 times its Keep Alive: the will',
    async run(rig) {
      const link = await rig.connect('c1', { duration: 10 })
      rig.pass(14_000)
      expect(types(rig.ask({ type: 'pingreq' }))).toEqual(['pingresp'])
      rig.pass(14_900)
      expect(link.calls).toEqual([])
      rig.pass(200)
      expect(link.calls).toEqual(['cut'])
      expect(rig.log.at(-1)).toBe('lost c1')
      expect(rig.ask({ type: 'pingreq' })).toMatchObject([{ type: 'disconnect' }])
    },
  },
  {
    says: '6.11 PINGRESP waits while the server takes nothing',
    async run(rig) {
      const link = await rig.connect()
      link.writable = false
      expect(rig.ask({ type: 'pingreq' })).toEqual([])
      link.events.drained()
      expect(types(rig.take())).toEqual(['pingresp'])
    },
  },
  {
    says: '6.12 DISCONNECT is answered, and again if it comes again; no will',
    async run(rig) {
      const link = await rig.connect()
      expect(types(rig.ask({ type: 'disconnect' }))).toEqual(['disconnect'])
      expect(link.calls).toEqual(['close'])
      expect(types(rig.ask({ type: 'disconnect' }))).toEqual(['disconnect'])
      expect(rig.ask({ type: 'disconnect' }, 'b')).toEqual([])
    },
  },
  {
    says: '6.14 a sleeping client: messages wait, PINGREQ fetches them, then PINGRESP',
    async run(rig) {
      const link = await subscribed(rig, '#', 1)
      expect(rig.ask({ type: 'disconnect', duration: 100 })).toMatchObject([
        { type: 'disconnect', duration: undefined },
      ])
      link.message('ab', '1')
      const second = link.message('cd', '2', { qos: 1 })
      expect(rig.take()).toEqual([])
      const answers = rig.ask({ type: 'pingreq', clientId: 'sensor-one' })
      expect(answers).toMatchObject([{ data: Buffer.from('1') }, { data: Buffer.from('2') }])
      link.message('ef', 'meanwhile')
      const { messageId } = answers[1] as { messageId: number }
      expect(types(rig.ask({ type: 'puback', messageId }))).toEqual(['pingresp'])
      expect(second.done).toBe(true)
      expect(rig.ask({ type: 'pingreq', clientId: 'sensor-one' })).toMatchObject([
        { data: Buffer.from('meanwhile') },
        { type: 'pingresp' },
      ])
    },
  },
  {
    says: '6.14 a sleeping client gets also what the server sends when it acknowledges, up to --max-queue',
    options: { limits: { queueMessages: 30 } },
    async run(rig) {
      const link = await subscribed(rig, '#', 1)
      rig.ask({ type: 'disconnect', duration: 100 })
      // A server that has two messages in flight.
      const inFlight = [link.message('ab', 'x', { qos: 1 }), link.message('ab', 'x', { qos: 1 })]
      let got = 0
      let [last] = rig.ask({ type: 'pingreq', clientId: 'sensor-one' })
      for (; last?.type === 'publish'; got++) {
        ;[last] = rig.ask({ type: 'puback', messageId: last.messageId })
        if (inFlight[got]!.done) inFlight.push(link.message('ab', 'x', { qos: 1 }))
      }
      expect([got, last]).toMatchObject([32, { type: 'pingresp' }])
    },
  },
  {
    says: '6.14 a sleeping client without messages gets PINGRESP; one that is silent for too long is lost',
    async run(rig) {
      const link = await subscribed(rig, '#', 1)
      rig.ask({ type: 'disconnect', duration: 100 })
      rig.pass(140_000)
      expect(types(rig.ask({ type: 'pingreq', clientId: 'sensor-one' }))).toEqual(['pingresp'])
      rig.pass(149_000)
      expect(link.calls).not.toContain('cut')
      rig.pass(2000)
      expect(link.calls).toContain('cut')
    },
  },
  {
    says: '6.14 a sleeping client that connects is active, on the same connection to the server',
    async run(rig) {
      const link = await subscribed(rig, '#', 1)
      rig.ask({ type: 'disconnect', duration: 100 })
      link.message('ab', '1')
      expect(rig.ask({ type: 'connect', clientId: 'sensor-one', cleanSession: false })).toMatchObject([
        { type: 'connack' },
        { type: 'publish' },
      ])
      expect(rig.links).toHaveLength(1)
    },
  },
  {
    says: '6.14 a sleeping client may sleep for another time, or disconnect',
    async run(rig) {
      const link = await subscribed(rig, '#', 1)
      rig.ask({ type: 'disconnect', duration: 10 })
      rig.ask({ type: 'disconnect', duration: 100 })
      rig.pass(100_000)
      expect(link.calls).not.toContain('cut')
      rig.ask({ type: 'disconnect' })
      expect(link.calls.at(-1)).toBe('close')
    },
  },
  {
    says: '6.14 an awake client that does not answer sleeps again, and gets the message with DUP later',
    async run(rig) {
      const link = await subscribed(rig, 'ab', 1)
      rig.ask({ type: 'disconnect', duration: 100 })
      link.message('ab', '1', { qos: 1 })
      rig.ask({ type: 'pingreq', clientId: 'sensor-one' })
      rig.pass(retryMs * (retries + 2))
      expect(rig.take()).toHaveLength(retries)
      expect(rig.ask({ type: 'pingreq', clientId: 'sensor-one' })).toMatchObject([{ dup: true }])
    },
  },
]

describe('MQTT-SN 1.2, section 6', () => {
  test.each(rows)('$says', async ({ run, options }) => {
    await run(new Rig(options))
  })
})
