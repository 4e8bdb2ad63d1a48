// A library client that is closed after its test, and a server that answers in its version.
import type { Packet } from 'mqtt-packet'
import { onTestFinished } from 'vitest'
import { type Client, type ConnectOptions, connect } from '../../src/library/index.js'
import { answerTo, bytes } from '../connection/rig.js'
import { type ScriptedServer, scriptedServer } from '../helpers/scripted-server.js'

export async function client({ port }: { port: number }, options?: ConnectOptions): Promise<Client> {
  const made = await connect(`mqtt://127.0.0.1:${port}`, options)
  onTestFinished(() => made.close().catch(() => {}))
  return made
}

/** A normal server that does not answer packets for which `silent` returns true. */
export function server(version: 4 | 5, silent: (packet: Packet) => boolean = () => false) {
  return scriptedServer({
    packet(packet, socket) {
      const answer = silent(packet) ? undefined : answerTo(packet)
      if (answer !== undefined) socket.write(bytes({ reasonCode: 0, ...answer } as Packet, version))
    },
  })
}

/** The types of the packets sent to a server. */
export const kinds = ({ received }: ScriptedServer): string[] => received.map(({ cmd }) => cmd)
