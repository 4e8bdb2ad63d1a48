// One connection before all others: finds out whether there is a server, and which.
import type { Clock, Dial, Identity } from './client.js'

const topic = '$SYS/broker/version'
const patienceMs = 250
const retainedMs = 50 // a retained message follows its SUBACK closely

/** What each of the servers says; undefined where none does. */
export async function serverVersions(
  dial: Dial,
  { clientId }: Identity,
  { servers, clock }: { servers: number; clock: Clock },
): Promise<string | undefined> {
  const versions = new Set<string>()
  for (let index = 0; index < Math.max(1, servers); index++) {
    const version = await serverVersion(dial, { clientId, index }, clock)
    if (version !== undefined) versions.add(version)
  }
  return versions.size === 0 ? undefined : [...versions].join(', ')
}

/**
 * What the server says that it is; undefined where it does not say.
 * @throws MqttxError when it cannot be reached
 */
async function serverVersion(dial: Dial, identity: Identity, clock: Clock): Promise<string | undefined> {
  let heard: (text: string | undefined) => void = () => {}
  let giveUp = () => {}
  const answer = new Promise<string | undefined>((resolve) => {
    heard = resolve
  })
  const connection = dial(identity, {
    message: (publish) => heard(publish.payload.toString()),
    suback([code = 0]) {
      if (code >= 0x80) return heard(undefined)
      giveUp()
      giveUp = clock.after(retainedMs, () => heard(undefined))
    },
  })
  try {
    await connection.connect()
    connection.ended().catch(() => heard(undefined))
    giveUp = clock.after(patienceMs, () => heard(undefined))
    try {
      connection.subscribe([topic], { qos: 0 })
      connection.flush()
    } catch {
      heard(undefined) // the server takes no packet of this size
    }
    const version = await answer
    await connection.close().catch(() => {})
    return version
  } finally {
    giveUp()
    connection.destroy()
  }
}
