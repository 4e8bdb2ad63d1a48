// PUBACK, PUBREC, PUBREL and PUBCOMP from a server (3.4 to 3.7): their size, and the Reason Codes of MQTT 5.0.
import { subscribe } from '../delivery.js'
import { type ConnectSettings, demand, type Lab } from '../lab.js'
import type { Answer } from '../raw-client.js'
import { type Row, statementsOf } from '../statement.js'

/** Bytes; enough for the CONNACK of a server with a few properties. */
const maximumPacketSize = 100

type Kind = 'puback' | 'pubrec' | 'pubrel' | 'pubcomp'

/** Acknowledgements of this kind from the server; their codes are checked when they are read. */
async function acknowledgements(lab: Lab, kind: Kind, settings: ConnectSettings = {}): Promise<Answer[]> {
  const to = await lab.connect(settings)
  await subscribe(to, lab.topic('a'), { qos: 2 })
  const from = await lab.connect(settings)
  const answers: Answer[] = []
  for (const [index, rest] of ['a', 'nobody'].entries()) {
    const messageId = index + 1
    from.send(lab.publishPacket(lab.topic(rest), { qos: kind === 'puback' ? 1 : 2, messageId }))
    answers.push(await from.expect(kind === 'puback' ? kind : 'pubrec'))
    if (kind !== 'pubrel' && kind !== 'pubcomp') continue
    from.send({ cmd: 'pubrel', messageId })
    answers.push(await from.expect('pubcomp'))
  }
  if (kind === 'pubcomp') {
    from.send({ cmd: 'pubrel', messageId: 99 }) // not in use
    answers.push(await from.expect(kind))
  }
  if (kind === 'pubrel') {
    const { messageId = 0 } = await to.expect('publish')
    to.send({ cmd: 'pubrec', messageId })
    answers.push(await to.expect(kind))
  }
  return answers.filter(({ cmd }) => cmd === kind)
}

const sections = [
  ['3.4.2', 'puback'],
  ['3.5.2', 'pubrec'],
  ['3.6.2', 'pubrel'],
  ['3.7.2', 'pubcomp'],
] as const

const limited = [
  [2, 'Reason String', 'reasonString'],
  [3, 'User Property', 'userProperties'],
] as const

const rowsOf = ([section, cmd]: (typeof sections)[number]): Row[] => [
  {
    ...{ v3: `${section.slice(0, 3)}.1-a`, needs: ['qos 2'] },
    text: `${cmd.toUpperCase()} has a Remaining Length of 2`,
    async check(lab) {
      for (const { bytes } of await acknowledgements(lab, cmd))
        demand(bytes[1] === 2, `its Remaining Length is ${bytes[1]}`)
    },
  },
  {
    ...{ v5: `${section}-1`, needs: ['qos 2'] },
    text: `${cmd.toUpperCase()} has one of its Reason Codes`,
    async check(lab) {
      await acknowledgements(lab, cmd)
    },
  },
  ...limited.map(
    ([number, name, key]): Row => ({
      ...{ v5: `${section}-${number}`, needs: ['qos 2'] },
      text: `no ${name} makes ${cmd.toUpperCase()} larger than the Maximum Packet Size of the client`,
      async check(lab) {
        const answers = await acknowledgements(lab, cmd, { properties: { maximumPacketSize } })
        for (const answer of answers) {
          const { properties } = answer as { properties?: { [key: string]: unknown } }
          const isLarge = answer.bytes.length > maximumPacketSize && properties?.[key] !== undefined
          demand(!isLarge, `${answer.bytes.length} bytes instead of ${maximumPacketSize}`)
        }
      },
    }),
  ),
]

export const acknowledging = statementsOf(sections.flatMap(rowsOf))
