// One connection before all others: finds out whether there is a server, and which.
import type { Clock, Dial } from './client.js'

const topic = '$SYS/broker/version'
const patienceMs = 250

/**
 * What the server says that it is; undefined where it does not say.
 * @throws MqttxError when it cannot be reached
 */
export async function serverVersion(dial: Dial, clientId: string, clock: Clock): Promise<string | undefined> {
  let heard: (text: string | undefined) => void = () => {}
  const answer = new Promise<string | undefined>((resolve) => {
    heard = resolve
  })
  const connection = dial(clientId, {
    message: (publish) => heard(publish.payload.toString()),
    suback: ([code = 0]) => void (code >= 0x80 && heard(undefined)),
  })
  await connection.connect()
  connection.ended().catch(() => heard(undefined))
  connection.subscribe([topic], { qos: 0 })
  connection.flush()
  const off = clock.after(patienceMs, () => heard(undefined))
  const version = await answer
  off()
  await connection.close().catch(() => {})
  return version
}
