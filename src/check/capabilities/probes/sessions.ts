// Sessions that survive their network connection.
import type { QoS } from '../../../codec/publish.js'
import type { ConnectSettings, Lab } from '../../lab.js'
import { declaredNo, type Finding, found, no, yes } from '../finding.js'
import { join } from '../peer.js'
import type { Probe } from '../probe.js'

/** CONNECT of a client whose session is kept for a minute, or in MQTT 3 for ever. */
function keptSession(lab: Lab): ConnectSettings {
  const clientId = lab.clientId()
  return lab.version === 5
    ? { clientId, properties: { sessionExpiryInterval: 60 } }
    : { clientId, clean: false }
}

/** Whether a session gets a message at `qos` that is published while its client is away. */
async function queues(lab: Lab, qos: QoS): Promise<Finding> {
  const topic = lab.topic(`queued-${qos}`)
  const session = keptSession(lab)
  const before = await join(lab, session)
  if (before.declared.sessionExpiryInterval === 0) return declaredNo('CONNACK: Session Expiry Interval 0')
  await before.subscribe(topic, { qos })
  await before.leave()
  const publisher = await join(lab)
  await publisher.publish(topic, { qos, payload: 'x' })
  const after = await join(lab, { ...session, clean: false })
  if (lab.version > 3 && after.client.connack?.sessionPresent !== true)
    return no('the session is gone when the client comes back')
  const came = qos === 0 ? await after.rest() : await after.received(1)
  return found(came.length > 0, 'the session is kept, the message is not')
}

export const sessions: readonly Probe[] = [
  {
    ...{ key: 'persistent-sessions', label: 'Sessions survive a disconnect', group: 'Sessions', since: 3 },
    feature: 'sessions',
    run: (lab, { qos }) => queues(lab, Math.min(qos, 1) as QoS),
  },
  {
    ...{ key: 'queued-qos-0', label: 'QoS 0 is queued for absent clients', group: 'Sessions', since: 3 },
    run: (lab) => queues(lab, 0),
  },
  {
    ...{ key: 'session-expiry', label: 'Session Expiry', group: 'Sessions', since: 5 },
    ...{ hasNoTopic: true, isSlow: true },
    async run(lab) {
      const ids = Array.from({ length: 4 }, () => lab.clientId())
      // Each is looked at once: to look at a session is to renew it.
      const [long, ...short] = ids
      await Promise.all(ids.map((clientId) => enter(lab, clientId, clientId === long ? 60 : 1)))
      if (!(await isPresent(lab, long!))) return no('a session of 60 s is gone at once')
      for (const clientId of short) {
        await lab.pause(1600)
        if (!(await isPresent(lab, clientId))) return yes()
      }
      return no('a session of 1 s is still there after 5 s')
    },
  },
  {
    ...{ key: 'session-expiry-maximum', label: 'Longest Session Expiry (s)', group: 'Sessions', since: 5 },
    hasNoTopic: true,
    async run(lab) {
      const { declared } = await join(lab, { properties: { sessionExpiryInterval: forever } })
      const seconds = declared.sessionExpiryInterval ?? forever
      return { value: seconds === forever ? 'unlimited' : seconds, detail: '' }
    },
  },
]

/** A Session Expiry Interval that does not end (MQTT 5.0, 3.1.2.11.2). */
const forever = 0xffffffff

async function enter(lab: Lab, clientId: string, sessionExpiryInterval: number): Promise<void> {
  const peer = await join(lab, { clientId, properties: { sessionExpiryInterval } })
  await peer.leave()
}

async function isPresent(lab: Lab, clientId: string): Promise<boolean> {
  const { client } = await join(lab, { clientId, clean: false })
  return client.connack?.sessionPresent === true
}
