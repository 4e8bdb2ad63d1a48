// Connects to each server once before the run: checks that it is reachable, and reads its version from $SYS.
import { withResolvers } from '../../io/promises.js'
import type { Clock } from '../clock.js'
import type { Dial, Identity } from './connection.js'

const topic = '$SYS/broker/version'
const timeoutMs = 250
const retainedMs = 50 // a retained message arrives soon after the SUBACK

/**
 * The distinct versions, separated by commas; undefined if no server publishes one.
 * @throws MqttxError when a server cannot be reached
 */
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

async function serverVersion(dial: Dial, identity: Identity, clock: Clock): Promise<string | undefined> {
  let cancel = () => {}
  const { promise: answer, resolve } = withResolvers<string | undefined>()
  const connection = dial(identity, {
    message: (publish) => resolve(publish.payload.toString()),
    suback([code = 0]) {
      if (code >= 0x80) return resolve(undefined)
      cancel()
      cancel = clock.after(retainedMs, () => resolve(undefined))
    },
  })
  try {
    await connection.connect()
    connection.ended().catch(() => resolve(undefined))
    cancel = clock.after(timeoutMs, () => resolve(undefined))
    try {
      connection.subscribe([topic], { qos: 0 })
      connection.flush()
    } catch {
      resolve(undefined) // the packet exceeds the server's Maximum Packet Size
    }
    const version = await answer
    await connection.close().catch(() => {})
    return version
  } finally {
    cancel()
    connection.destroy()
  }
}
