// Sessions that survive their network connection.
import type { QoS } from '../../../codec/publish.js'
import { type ConnectSettings, demand, type Lab } from '../../lab.js'
import { found, Lacking, no, yes } from '../finding.js'
import { join, type Peer } from '../peer.js'
import type { Probe } from '../probe.js'

/** CONNECT of a client whose session is kept for a minute, or in MQTT 3 for ever. */
function keptSession(lab: Lab): ConnectSettings {
  const clientId = lab.clientId()
  return lab.version === 5
    ? { clientId, properties: { sessionExpiryInterval: 60 } }
    : { clientId, clean: false }
}

/**
 * A subscriber that was away while a message was published.
 * @throws Lacking, Violation if its session does not survive
 */
async function returned(lab: Lab, topic: string, qos: QoS): Promise<Peer> {
  const session = keptSession(lab)
  const before = await join(lab, session)
  if (before.declared.sessionExpiryInterval === 0) throw new Lacking('Session Expiry Interval is 0')
  await before.subscribe(topic, { qos })
  await before.leave()
  const publisher = await join(lab)
  await publisher.publish(topic, { qos, payload: 'meanwhile' })
  const after = await join(lab, { ...session, clean: false })
  demand(
    lab.version === 3 || after.client.connack?.sessionPresent === true,
    'the session is gone when the client comes back',
  )
  return after
}

export const sessions: readonly Probe[] = [
  {
    ...{ key: 'persistent-sessions', label: 'Sessions survive a disconnect', group: 'Sessions', since: 3 },
    feature: 'sessions',
    async run(lab, { qos }) {
      const topic = lab.topic('persistent')
      const subscriber = await returned(lab, topic, Math.min(qos, 1) as QoS)
      if (qos > 0) {
        const isKept = (await subscriber.received(1)).length > 0
        return found(isKept, 'the session is kept, its messages are not')
      }
      await (await join(lab)).publish(topic)
      return found((await subscriber.received(1)).length > 0, 'the subscriptions are gone')
    },
  },
  {
    ...{ key: 'queued-qos-0', label: 'QoS 0 is queued for absent clients', group: 'Sessions', since: 3 },
    async run(lab) {
      const subscriber = await returned(lab, lab.topic('queued'), 0)
      return found((await subscriber.rest()).length > 0, 'dropped')
    },
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
