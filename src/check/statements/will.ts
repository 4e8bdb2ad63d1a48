// Will Messages (3.1.2.5 to 3.1.2.7 and 3.1.3 in both versions).
import type { IConnectPacket } from 'mqtt-packet'
import { addUserProperty, noUserProperties, pairsOf } from '../../codec/user-properties.js'
import { lasting, messages, publishBytes, retainedFor, subscriber, textOf } from '../delivery.js'
import { refuses } from '../exchanges.js'
import { type ConnectSettings, demand, type Lab } from '../lab.js'
import { byteAt, changedConnect, connectFlags } from '../raw-packets.js'
import { type Row, statementsOf } from '../statement.js'
import { Inconclusive } from '../violation.js'

type Will = NonNullable<IConnectPacket['will']>

const text = 'will payload'

function willOf(lab: Lab, more: Partial<Will> = {}): Will {
  return { topic: lab.topic('will'), payload: Buffer.from(text), qos: 0, retain: false, ...more }
}

const watching = (lab: Lab, qos: 0 | 1 = 0) => subscriber(lab, lab.topic('will'), { qos })

/** A CONNECT with a will whose Connect Flags are `flags(those)` must be refused. */
function refusesFlags(lab: Lab, what: string, flags: (byte: number) => number, will = true): Promise<void> {
  const bytes = changedConnect(lab, byteAt(connectFlags, flags), will ? { will: willOf(lab) } : {})
  return refuses(lab, `a CONNECT ${what}`, bytes)
}

/** The will of a client whose connection is lost. */
async function published(lab: Lab, will: Partial<Will> = {}, settings: ConnectSettings = {}) {
  const watcher = await watching(lab, 1)
  ;(await lab.connect({ will: willOf(lab, will), ...settings })).drop()
  return { watcher, message: await watcher.expect('publish') }
}

/** The client is gone for the server when another has its Client Identifier. */
async function lost(lab: Lab, settings: ConnectSettings): Promise<void> {
  ;(await lab.connect(settings)).drop()
  await lab.connect(settings)
}

/** What a watcher has seen so far. */
async function seen(lab: Lab, watcher: Awaited<ReturnType<typeof watching>>): Promise<number> {
  return (await messages(lab, await lab.connect(), watcher)).length
}

const delayed = (willDelayInterval: number, sessionExpiryInterval: number, lab: Lab): ConnectSettings => ({
  properties: { sessionExpiryInterval },
  will: willOf(lab, { properties: { willDelayInterval } }),
})

const rows: readonly Row[] = [
  {
    ...{ v3: '3.1.2-8', v5: '3.1.2-7' },
    text: 'the will of a client is published when its connection is lost, or ended for a fault of the client',
    async check(lab) {
      const { watcher, message } = await published(lab)
      demand(textOf(message) === text, 'another payload is published')
      const client = await lab.connect({ will: willOf(lab) })
      client.send(publishBytes(lab, Buffer.from(lab.topic('a')), { flags: 6 })) // QoS 3
      await watcher.expect('publish')
    },
  },
  {
    ...{ v5: '3.1.2-8', needs: ['sessions'] },
    text: 'a will is published after its Will Delay Interval, or when the session ends if that is earlier',
    async check(lab) {
      const watcher = await watching(lab)
      ;(await lab.connect(delayed(60, 0, lab))).drop()
      await watcher.expect('publish')
      const start = performance.now()
      ;(await lab.connect(delayed(2, 60, lab))).drop()
      await watcher.expect('publish', 3000 + lab.patienceMs)
      const took = Math.round(performance.now() - start)
      demand(took > 900, `a will is published after ${took} ms, its Will Delay Interval is 2 s`)
    },
  },
  {
    ...{ v3: '3.1.2-9', v5: '3.1.2-9', needs: ['qos 1'] },
    text: 'a CONNECT with the Will Flag has a will, whose QoS is used',
    async check(lab) {
      const { message } = await published(lab, { qos: 1 })
      demand(message.qos === 1, `a will of QoS 1 is published with QoS ${message.qos}`)
      await refusesFlags(lab, 'with the Will Flag and no will', (byte) => byte | 4, false)
    },
  },
  {
    ...{ v3: '3.1.2-10', v5: '3.1.2-10', needs: ['sessions'] },
    text: 'a will is removed when it was published, and by DISCONNECT',
    async check(lab) {
      const settings = lasting(lab)
      const { watcher } = await published(lab, {}, settings)
      await lost(lab, settings)
      demand((await seen(lab, watcher)) === 0, 'a will is published a second time')
      await (await lab.connect({ will: willOf(lab) })).leave()
      demand((await seen(lab, watcher)) === 0, 'a will is published after DISCONNECT')
    },
  },
  {
    v3: '3.1.2-11',
    text: 'a CONNECT with a will and without the Will Flag ends the connection',
    check: (lab) => refusesFlags(lab, 'with a will and no Will Flag', (byte) => byte & ~4),
  },
  {
    v3: '3.1.2-12',
    text: 'without the Will Flag nothing is published when the connection is lost',
    async check(lab) {
      const watcher = await watching(lab)
      const clientId = lab.clientId()
      await (await lab.connect({ clientId, will: willOf(lab) })).leave()
      await lost(lab, { clientId })
      demand((await seen(lab, watcher)) === 0, 'the will of an earlier connection is published')
    },
  },
  {
    ...{ v3: '3.1.2-13', v5: '3.1.2-11' },
    text: 'a CONNECT with a Will QoS and without the Will Flag ends the connection',
    check: (lab) => refusesFlags(lab, 'with Will QoS 1 and no Will Flag', (byte) => byte | 8, false),
  },
  {
    ...{ v3: '3.1.2-14', v5: '3.1.2-12' },
    text: 'a CONNECT with Will QoS 3 ends the connection',
    check: (lab) => refusesFlags(lab, 'with Will QoS 3', (byte) => byte | 0x18),
  },
  {
    ...{ v3: '3.1.2-15', v5: '3.1.2-13' },
    text: 'a CONNECT with Will Retain and without the Will Flag ends the connection',
    check: (lab) => refusesFlags(lab, 'with Will Retain and no Will Flag', (byte) => byte | 0x20, false),
  },
  {
    ...{ v3: '3.1.2-16', v5: '3.1.2-14' },
    text: 'a will without Will Retain is published as a message that is not retained',
    async check(lab) {
      const { watcher } = await published(lab)
      lab.publishPacket(lab.topic('will'), { retain: true }) // removes it at the end if it is retained
      const retained = await retainedFor(lab, watcher, lab.topic('will'))
      demand(retained.length === 0, 'the will is retained')
    },
  },
  {
    ...{ v3: '3.1.2-17', v5: '3.1.2-15', needs: ['retain'] },
    text: 'a will with Will Retain is published as a retained message',
    async check(lab) {
      await published(lab, { retain: true })
      const late = await subscriber(lab, lab.topic('a'))
      const [message] = await retainedFor(lab, late, lab.topic('will'))
      demand(message?.retain === true, 'the will is not retained')
    },
  },
  {
    ...{ v3: '3.1.3-1', v5: '3.1.3-1' },
    text: 'the fields of CONNECT are Client Identifier, Will Topic and Will Payload, in this order',
    async check(lab) {
      const clientId = lab.clientId()
      const watcher = await watching(lab)
      await lost(lab, { clientId, will: willOf(lab) })
      const { topic, payload } = await watcher.expect('publish')
      demand(topic === lab.topic('will') && String(payload) === text, 'Will Topic and Payload are others')
    },
  },
  {
    ...{ v3: '3.1.3-10', v5: '3.1.3-11' },
    text: 'a CONNECT whose Will Topic is not UTF-8 ends the connection',
    check(lab) {
      const will = willOf(lab)
      const spoil = (body: Buffer): Buffer => {
        Buffer.from('eda080', 'hex').copy(body, body.indexOf(will.topic))
        return body
      }
      return refuses(lab, 'a CONNECT whose Will Topic is not UTF-8', changedConnect(lab, spoil, { will }))
    },
  },
  {
    ...{ v5: '3.1.3-9', needs: ['sessions'] },
    text: 'no will is published if the client is back before its Will Delay Interval has passed',
    async check(lab) {
      const watcher = await watching(lab)
      const { clientId, ...session } = lasting(lab)
      ;(await lab.connect({ ...session, ...delayed(2, 60, lab), clientId: clientId! })).drop()
      const start = performance.now()
      await lab.connect({ ...session, clientId: clientId! })
      if (performance.now() - start > 1500) throw new Inconclusive('the server was too slow')
      demand((await seen(lab, watcher)) === 0, 'the will is published at once')
      await lab.pause(3100)
      demand((await seen(lab, watcher)) === 0, 'the will is published after its Will Delay Interval')
    },
  },
  {
    v5: '3.1.3-10',
    text: 'the User Properties of a will are published in their order',
    async check(lab) {
      const userProperties = noUserProperties()
      for (const name of ['b', 'a', 'b', 'c']) addUserProperty(userProperties, name, 'value')
      const { message } = await published(lab, { properties: { userProperties } })
      const names = pairsOf(message.properties?.userProperties ?? {}).map(([name]) => name)
      demand(names.join(' ') === 'b a b c', `the order b a b c has become ${names.join(' ')}`)
    },
  },
]

export const will = statementsOf(rows)
