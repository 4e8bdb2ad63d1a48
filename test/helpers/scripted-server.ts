// A TCP server that follows a script, for behaviour that no correct broker has.
import { createServer, type Socket } from 'node:net'
import mqtt, { type Packet } from 'mqtt-packet'
import { onTestFinished } from 'vitest'

/** The reaction to each packet of the client: send bytes, close, or nothing. */
export interface Script {
  /** Called when a connection is accepted. */
  accept?: (socket: Socket) => void
  packet?: (packet: Packet, socket: Socket) => void
}

export interface ScriptedServer {
  readonly port: number
  readonly at: readonly string[]
  readonly received: readonly Packet[]
  connections(): number
}

/** A CONNACK of MQTT 3.1.1 with a Return Code. */
export const connack = (returnCode = 0): Buffer => Buffer.of(0x20, 2, 0, returnCode)

/** Runs a script on a free loopback port until the test ends. */
export async function scriptedServer(script: Script): Promise<ScriptedServer> {
  const received: Packet[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {})
    const parser = mqtt.parser()
    parser.on('packet', (packet: Packet) => {
      received.push(packet)
      script.packet?.(packet, socket)
    })
    parser.on('error', () => {})
    socket.on('data', (chunk) => void parser.parse(chunk))
    script.accept?.(socket)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { port, at: ['-h', '127.0.0.1', '-p', String(port)], received, connections: () => connections }
}
