// Capabilities that show when clients connect.

import { shown } from '../../../text.js'
import type { Lab } from '../../lab.js'
import { described } from '../../raw-client.js'
import { declaredNo, type Finding, no, Refusal, unknown, yes } from '../finding.js'
import { join } from '../peer.js'
import type { Probe } from '../probe.js'

/** Connects with `settings`, which the server may refuse. */
async function accepts(lab: Lab, settings: Parameters<Lab['connectPacket']>[0]): Promise<Finding> {
  const client = await lab.open()
  client.send(lab.connectPacket(settings))
  const answer = await client.next()
  if (answer?.cmd !== 'connack') return no(described(answer))
  const code = (lab.version === 5 ? answer.reasonCode : answer.returnCode) ?? 0
  if (code !== 0) return declaredNo(new Refusal('CONNACK', code, lab.version).message)
  return yes(answer.properties?.assignedClientIdentifier === undefined ? '' : 'the server assigns one')
}

export const connection: readonly Probe[] = [
  {
    ...{ key: 'anonymous', label: 'Clients without a login', group: 'Connection', since: 3 },
    ...{ feature: 'anonymous', hasNoTopic: true },
    run: (lab) => accepts(lab, { username: undefined!, password: undefined! }),
  },
  {
    ...{ key: 'empty-client-identifier', label: 'Empty Client Identifier', group: 'Connection', since: 4 },
    ...{ feature: 'empty client identifier', hasNoTopic: true },
    run: (lab) => accepts(lab, { clientId: '' }),
  },
  {
    ...{ key: 'takeover', label: 'A new connection replaces the old', group: 'Connection', since: 3 },
    hasNoTopic: true,
    async run(lab) {
      const clientId = lab.clientId()
      const old = await lab.connect({ clientId })
      await lab.connect({ clientId })
      const last = await old.closed()
      return yes(last === undefined ? 'the old one is closed' : `the old one gets ${described(last)}`)
    },
  },
  {
    ...{ key: 'keep-alive-maximum', label: 'Longest Keep Alive (s)', group: 'Connection', since: 5 },
    hasNoTopic: true,
    async run(lab) {
      const { declared } = await join(lab, { keepalive: 65_535 })
      return { value: declared.serverKeepAlive ?? 65_535, detail: '' }
    },
  },
  {
    ...{ key: 'sys-topics', label: 'Statistics below $SYS', group: 'Connection', since: 3 },
    hasNoTopic: true,
    async run(lab) {
      const peer = await join(lab)
      await peer.subscribe('$SYS/#')
      const came = (await peer.received(1, 1500)).concat(await peer.rest())
      if (came.length === 0) return unknown('SUBACK grants it, nothing came within 1.5 s')
      const version = came.find(({ topic }) => topic === '$SYS/broker/version')
      return yes(version === undefined ? '' : shown(String(version.payload), 100))
    },
  },
]

/** Whether a server speaks `version`, and what its CONNACK says. */
export async function speaks(lab: Lab): Promise<{ finding: Finding; code: number; window: number }> {
  const client = await lab.open()
  client.send(lab.connectPacket())
  const answer = await client.next()
  if (answer?.cmd !== 'connack') return { finding: no(described(answer)), code: 0, window: 0 }
  const code = (lab.version === 5 ? answer.reasonCode : answer.returnCode) ?? 0
  const window = answer.properties?.receiveMaximum ?? (lab.version === 5 ? 65_535 : 20)
  const refusal = new Refusal('CONNACK', code, lab.version).message
  const isVersion = code === 1 || code === 0x84
  const finding = code === 0 ? yes() : isVersion ? declaredNo(refusal) : unknown(refusal)
  return { finding, code, window }
}
