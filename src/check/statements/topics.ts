// Topic Names and Topic Filters (4.7 in both versions).
import { demand, type Lab } from '../lab.js'
import { field, packetOf, twoBytes } from '../raw-packets.js'
import { type Row, statementsOf } from '../statement.js'
import { request, Subscriber } from '../subscriber.js'
import { Violation } from '../violation.js'

/** The server must not grant the Topic Filters; it refuses in SUBACK, or ends the connection. @throws Violation */
export async function refusesFilters(lab: Lab, ...filters: readonly (string | Uint8Array)[]): Promise<void> {
  for (const filter of filters) {
    const client = await lab.connect()
    client.send(request(lab, 0x82, [field(filter), Uint8Array.of(0)]))
    const answer = await client.next()
    if (answer?.cmd !== 'suback') continue
    const code = answer.granted[0] as number
    demand(code >= 0x80, `the Topic Filter ${filter} was granted with ${code}`)
  }
}

/** The server must not take a PUBLISH of QoS 1 on the Topic Name: it ends the connection, or refuses in PUBACK. @throws Violation */
async function refusesName(lab: Lab, name: string | Uint8Array): Promise<void> {
  const client = await lab.connect()
  client.send(packetOf(0x32, field(name), twoBytes(1), Uint8Array.of(...(lab.version === 5 ? [0] : []))))
  const answer = await client.next()
  if (answer === undefined || answer.cmd === 'disconnect') return
  const isRefused = answer.cmd === 'puback' && (answer.reasonCode ?? 0) >= 0x80
  if (!isRefused)
    throw new Violation(`PUBLISH on a topic that is not allowed was answered with ${answer.cmd}`)
}

/** Which of `topics` the Topic Filter must match; all are below the topics of the exchange. */
async function matches(
  lab: Lab,
  filter: string,
  { does, doesNot }: { does: readonly string[]; doesNot: readonly string[] },
): Promise<void> {
  const subscriber = await Subscriber.connect(lab)
  await subscriber.granted(lab.topic(filter))
  const publisher = await lab.connect()
  for (const topic of [...doesNot, ...does])
    publisher.send(lab.publishPacket(lab.topic(topic), { payload: `'${topic}'` }))
  const expected = does.map((topic) => `'${topic}'`)
  await subscriber.expect(publisher, expected, `the Topic Filter '${filter}'`)
}

/** Publishes on a topic that the server may refuse. @returns whether it has taken the message */
async function isTaken(lab: Lab, topic: string): Promise<boolean> {
  const publisher = await lab.connect()
  publisher.send(lab.publishPacket(topic, { payload: 'a', qos: 1, messageId: 1 }))
  const answer = await publisher.next()
  return answer?.cmd === 'puback' && (answer.reasonCode ?? 0) < 0x80
}

async function longest(lab: Lab): Promise<void> {
  const subscriber = await Subscriber.connect(lab)
  await subscriber.granted(lab.topic('a/#'))
  const topic = lab.topic('a/').padEnd(65_535, 'x')
  const expected = (await isTaken(lab, topic)) ? ['a'] : []
  const messages = await subscriber.expect(await lab.connect(), expected, 'a topic of 65,535 bytes')
  for (const { topic: came } of messages)
    demand(came === topic, `a message on a topic of 65,535 bytes came with one of ${came.length}`)
}

const rows: readonly Row[] = [
  {
    v3: '4.7.1-1',
    v5: '4.7.0-1',
    text: 'a Topic Name with a wildcard is refused',
    needs: ['qos 1'],
    async check(lab) {
      await refusesName(lab, lab.topic('+'))
      await refusesName(lab, lab.topic('#'))
    },
  },
  {
    v3: '4.7.1-2',
    v5: '4.7.1-1',
    text: 'a Topic Filter in which # is not a level of its own, and the last one, is refused',
    check: (lab) => refusesFilters(lab, lab.topic('a#'), lab.topic('#/a')),
  },
  {
    v3: '4.7.1-3',
    v5: '4.7.1-2',
    text: 'a Topic Filter in which + is not a level of its own is refused',
    check: (lab) => refusesFilters(lab, lab.topic('a+'), lab.topic('+a/b')),
  },
  {
    v3: '4.7.1.2-a',
    v5: '4.7.1.2-a',
    text: '# matches the level before it and all levels below',
    needs: ['wildcards'],
    check: (lab) => matches(lab, 'a/#', { does: ['a', 'a/', 'a/b', 'a/b/c'], doesNot: ['ab', 'b/a', ''] }),
  },
  {
    v3: '4.7.1.3-a',
    v5: '4.7.1.3-a',
    text: '+ matches just one level, also an empty one',
    needs: ['wildcards'],
    check: (lab) => matches(lab, 'a/+/b', { does: ['a/x/b', 'a//b'], doesNot: ['a/b', 'a/x/y/b', 'a/x'] }),
  },
  {
    v3: '4.7.2-1',
    v5: '4.7.2-1',
    text: 'a Topic Filter that begins with a wildcard does not match a topic that begins with $',
    needs: ['wildcards', 'qos 1'],
    async check(lab) {
      const subscriber = await Subscriber.connect(lab)
      const topic = `$mqttx/${lab.prefix}`
      await subscriber.granted(`+/${lab.prefix}`)
      await subscriber.granted(`+/${lab.prefix}/#`)
      await isTaken(lab, topic)
      await subscriber.expect(await lab.connect(), [], 'Topic Filters that begin with +')
    },
  },
  {
    v3: '4.7.3-1',
    v5: '4.7.3-1',
    text: 'an empty Topic Name or Topic Filter is refused',
    needs: ['qos 1'],
    async check(lab) {
      await refusesFilters(lab, '')
      await refusesName(lab, '')
    },
  },
  {
    v3: '4.7.3-2',
    v5: '4.7.3-2',
    text: 'a Topic Name or Topic Filter with U+0000 is refused',
    needs: ['qos 1'],
    async check(lab) {
      await refusesFilters(lab, lab.topic('a\0b'))
      await refusesName(lab, lab.topic('a\0b'))
    },
  },
  {
    v3: '4.7.3-3',
    v5: '4.7.3-3',
    text: 'a topic of 65,535 bytes is passed on in full or refused',
    needs: ['wildcards', 'qos 1'],
    check: longest,
  },
  {
    v3: '4.7.3-4',
    v5: '4.7.3-4',
    text: 'topics are matched without normalization or substitution of characters',
    check: (lab) =>
      matches(lab, 'caf\u00e9/\ufb01', {
        does: ['caf\u00e9/\ufb01'],
        doesNot: ['cafe\u0301/\ufb01', 'caf\u00e9/fi', 'cafe/fi'],
      }),
  },
  {
    v3: '4.7.3-a',
    v5: '4.7.3-a',
    text: 'topics are case sensitive',
    check: (lab) => matches(lab, 'Topic', { does: ['Topic'], doesNot: ['topic', 'TOPIC'] }),
  },
  {
    v3: '4.7.3-b',
    v5: '4.7.3-b',
    text: 'topics can have spaces, which count',
    check: (lab) => matches(lab, ' a b', { does: [' a b'], doesNot: ['a b', ' ab', ' a b '] }),
  },
  {
    v3: '4.7.3-c',
    v5: '4.7.3-c',
    text: 'a / at the beginning or end makes another topic, and two in a row an empty level',
    check: (lab) => matches(lab, 'a//b', { does: ['a//b'], doesNot: ['a/b', 'a//b/', '/a//b', 'a///b'] }),
  },
]

export const topics = statementsOf(rows)
