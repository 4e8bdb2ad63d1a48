// PUBLISH, its flags and its Topic Name (3.3 in both versions), and the flags of PUBREL (3.6.1).
import { back, lasting, messages, publish, publishBytes, subscribe, subscriber } from '../delivery.js'
import { demand, type Lab } from '../lab.js'
import { described } from '../raw-client.js'
import { type Row, statementsOf } from '../statement.js'
import { Violation } from '../violation.js'

const rows: readonly Row[] = [
  {
    ...{ v3: '3.3.1-1', v5: '3.3.1-1', needs: ['qos 1', 'sessions'] },
    text: 'DUP is 1 in a PUBLISH that is sent again',
    async check(lab) {
      const settings = lasting(lab)
      const first = await subscriber(lab, lab.topic('a'), { qos: 1 }, settings)
      await publish(lab, await lab.connect(), { topic: lab.topic('a'), qos: 1 })
      await first.expect('publish')
      first.drop()
      const again = await (await back(lab, settings)).expect('publish')
      demand(again.dup, 'DUP is 0 in a PUBLISH that was sent again')
    },
  },
  {
    ...{ v3: '3.3.1-2', v5: '3.3.1-2', needs: ['qos 1'] },
    text: 'DUP is 0 in a PUBLISH of QoS 0',
    async check(lab) {
      const to = await subscriber(lab, lab.topic('a'))
      const from = await lab.connect()
      await publish(lab, from, { topic: lab.topic('a') })
      await publish(lab, from, { topic: lab.topic('a'), qos: 1, dup: true })
      for (const message of [await to.expect('publish'), await to.expect('publish')])
        demand(message.qos === 0 && !message.dup, `DUP is ${Number(message.dup)} at QoS ${message.qos}`)
    },
  },
  {
    ...{ v3: '3.3.1-3', v5: '3.3.1-3', needs: ['qos 1'] },
    text: 'DUP of a received PUBLISH is not passed on',
    async check(lab) {
      const to = await subscriber(lab, lab.topic('a'), { qos: 1 })
      await publish(lab, await lab.connect(), { topic: lab.topic('a'), qos: 1, dup: true })
      demand(!(await to.expect('publish')).dup, 'DUP is 1 in a PUBLISH that is sent for the first time')
    },
  },
  {
    ...{ v3: '3.3.1-4', v5: '3.3.1-4' },
    text: 'a PUBLISH with both QoS bits set ends the connection',
    async check(lab) {
      const client = await lab.connect()
      await client.ends('QoS 3', publishBytes(lab, Buffer.from(lab.topic('a')), { flags: 6 }))
    },
  },
  {
    ...{ v3: '3.3.2-1', v5: '3.3.2-1' },
    text: 'the Topic Name is a UTF-8 string, and is passed on unchanged; any other ends the connection',
    async check(lab) {
      const topic = lab.topic('é/日本/\u{1f600}')
      const to = await subscriber(lab, topic)
      const from = await lab.connect()
      await publish(lab, from, { topic })
      const message = await to.expect('publish')
      demand(message.topic === topic, `the Topic Name has become ${message.topic}`)
      const illFormed = Buffer.concat([Buffer.from(lab.topic('')), Buffer.of(0xc3, 0x28)])
      await from.ends('an ill-formed Topic Name', publishBytes(lab, illFormed))
    },
  },
  {
    ...{ v3: '3.3.2-2', v5: '3.3.2-2' },
    text: 'a PUBLISH to a Topic Name with a wildcard ends the connection',
    async check(lab) {
      for (const topic of [lab.topic('+'), lab.topic('a/#')]) {
        const client = await lab.connect()
        await client.ends(`Topic Name ${topic}`, lab.publishPacket(topic))
      }
    },
  },
  {
    ...{ v3: '3.3.2-3', v5: '3.3.2-3' },
    text: 'the Topic Name of a PUBLISH to a client matches its Topic Filter',
    async check(lab) {
      const to = await subscriber(lab, lab.topic('a/b'))
      const from = await lab.connect()
      const others = ['a/b/c', 'a', 'a/bc', 'A/b', 'a/b/', '/a/b'].map((rest) => lab.topic(rest))
      for (const topic of [...others, lab.topic('a/b')]) await publish(lab, from, { topic, payload: topic })
      const came = (await messages(lab, from, to)).map(({ topic }) => topic)
      const strange = came.find((topic) => topic !== lab.topic('a/b'))
      demand(strange === undefined, `a message on ${strange} came for the Topic Filter ${lab.topic('a/b')}`)
      demand(came.length === 1, `${came.length} messages came instead of one`)
    },
  },
  {
    ...{ v3: '3.3.4-1', v5: '3.3.4-1', needs: ['qos 2'] },
    text: 'a PUBLISH of QoS 0 is not answered, of QoS 1 with PUBACK, of QoS 2 with PUBREC',
    async check(lab) {
      const client = await lab.connect()
      await publish(lab, client, { topic: lab.topic('a') })
      await client.quiet('a PUBLISH of QoS 0 is answered')
      await publish(lab, client, { topic: lab.topic('a'), qos: 1 })
      await publish(lab, client, { topic: lab.topic('a'), qos: 2 })
    },
  },
  {
    ...{ v3: '3.3.5-1', v5: '3.3.4-2', needs: ['wildcards', 'qos 2'] },
    text: 'a message that matches several subscriptions of a client comes with the largest QoS of them',
    async check(lab) {
      for (const [first, second] of [
        [2, 0],
        [0, 2],
      ] as const) {
        const to = await subscriber(lab, lab.topic('a/+'), { qos: first })
        await subscribe(to, lab.topic('a/b'), { qos: second })
        const from = await lab.connect()
        await publish(lab, from, { topic: lab.topic('a/b'), qos: 2 })
        const copies = await messages(lab, from, to)
        const largest = Math.max(...copies.map(({ qos }) => qos))
        demand(largest === 2, `the largest QoS is ${largest}, not 2, of ${copies.length} copies`)
      }
    },
  },
  {
    ...{ v3: '3.3.5-2', needs: ['qos 1'] },
    text: 'a PUBLISH that is not allowed is acknowledged, or ends the connection',
    async check(lab) {
      const client = await lab.connect()
      client.send(lab.publishPacket(`$SYS/${lab.topic('a')}`, { qos: 1, messageId: 1 }))
      const answer = await client.next()
      if (answer !== undefined && answer.cmd !== 'puback') throw new Violation(`${described(answer)} came`)
    },
  },
  {
    ...{ v3: '3.6.1-1', v5: '3.6.1-1', needs: ['qos 2'] },
    text: 'a PUBREL whose flags are not 0010 ends the connection',
    async check(lab) {
      for (const flags of [0, 3, 10]) await sendPubrel(lab, flags)
    },
  },
]

async function sendPubrel(lab: Lab, flags: number): Promise<void> {
  const client = await lab.connect()
  client.send(lab.publishPacket(lab.topic('a'), { qos: 2, messageId: 1 }))
  await client.expect('pubrec')
  await client.ends(`a PUBREL with flags ${flags}`, Buffer.of(0x60 | flags, 2, 0, 1))
}

export const publishing = statementsOf(rows)
