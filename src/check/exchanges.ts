// Steps of exchanges about CONNECT and sessions.
import { lasting, subscribe } from './delivery.js'
import type { ConnectSettings, Lab } from './lab.js'
import { Violation } from './violation.js'

/** Leaves a session on the server that is subscribed to `topic` at QoS 1. @returns the settings to come back */
export async function leftSession(lab: Lab, topic: string): Promise<ConnectSettings> {
  const settings = lasting(lab)
  const client = await lab.connect(settings)
  await subscribe(client, topic, { qos: 1 })
  await client.leave()
  return settings
}

/** The server must not accept the CONNECT `bytes`, and must end the connection. `what`: what the CONNECT is. */
export async function refuses(lab: Lab, what: string, bytes: Uint8Array): Promise<void> {
  const client = await lab.open()
  client.send(bytes)
  const outcome = await client.refusal()
  if (outcome === 'accepted') throw new Violation(`${what} is accepted`)
  if (outcome === 'open') throw new Violation(`the connection is still open after ${what}`)
}
