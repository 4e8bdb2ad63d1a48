// A server that keeps the Session of its client and drops the connection after a given packet.
import { createServer, type Socket } from 'node:net'
import mqtt, { type Packet } from 'mqtt-packet'
import type { QoS } from '../../src/codec/publish.js'

export interface KeptSession {
  readonly port: number
  /** Payloads that the server has delivered. */
  readonly delivered: readonly string[]
  /** The packets of each connection: `> PUBLISH 1 DUP`, `< PUBACK 1`. */
  readonly connections: readonly string[][]
  /** Messages that the client has not acknowledged. */
  pending(): number
  stop(): void
}

interface Outgoing {
  readonly payload: string
  readonly qos: QoS
  sent: boolean
  released: boolean
}

/** `cutAfter` counts packets of both directions; `queued` are the messages for the client. */
export async function keptSession(
  cutAfter: number,
  { qos = 0 as QoS, queued = [] as readonly string[] } = {},
): Promise<KeptSession> {
  const delivered: string[] = []
  const connections: string[][] = []
  const unreleased = new Set<number>()
  const outgoing = new Map<number, Outgoing>()
  for (const [index, payload] of queued.entries()) {
    outgoing.set(index + 1, { payload, qos, sent: false, released: false })
  }
  const sockets = new Set<Socket>()
  let seen = 0

  function serve(socket: Socket): void {
    const log: string[] = []
    let cut = false
    const transmit = (packet: Packet) => {
      if (cut) return
      log.push(`< ${words(packet)}`)
      cut = ++seen === cutAfter
      socket.write(mqtt.generate(packet), () => cut && socket.destroy())
    }
    const receive = (packet: Packet) => {
      if (cut) return
      log.push(`> ${words(packet)}`)
      cut = ++seen === cutAfter
      if (cut) socket.destroy()
      handle(packet, transmit)
    }
    connections.push(log)
    sockets.add(socket)
    socket.on('error', () => {})
    const parser = mqtt.parser()
    parser.on('packet', receive)
    socket.on('data', (chunk) => void parser.parse(chunk))
  }

  function handle(packet: Packet, transmit: (packet: Packet) => void): void {
    const { messageId = 0 } = packet
    const answer = (cmd: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp') => transmit({ cmd, messageId } as Packet)
    switch (packet.cmd) {
      case 'connect':
        transmit({ cmd: 'connack', returnCode: 0, sessionPresent: connections.length > 1 })
        return resend(transmit)
      case 'publish':
        if (packet.qos === 1 || !unreleased.has(messageId)) delivered.push(String(packet.payload))
        if (packet.qos === 2) unreleased.add(messageId)
        return answer(packet.qos === 1 ? 'puback' : 'pubrec')
      case 'pubrel':
        unreleased.delete(messageId)
        return answer('pubcomp')
      case 'pubrec':
        if (outgoing.has(messageId)) outgoing.get(messageId)!.released = true
        return answer('pubrel')
      case 'puback':
      case 'pubcomp':
        outgoing.delete(messageId)
    }
  }

  function resend(transmit: (packet: Packet) => void): void {
    for (const [messageId, message] of outgoing) {
      if (message.released) transmit({ cmd: 'pubrel', messageId } as Packet)
      else {
        const { payload, sent: dup } = message
        transmit({ cmd: 'publish', topic: 't', payload, qos, messageId, dup, retain: false })
        message.sent = true
      }
    }
  }

  const server = createServer({ noDelay: true }, serve)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    delivered,
    connections,
    pending: () => outgoing.size,
    stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

function words(packet: Packet): string {
  const dup = packet.cmd === 'publish' && packet.dup ? ' DUP' : ''
  return `${packet.cmd.toUpperCase()} ${packet.messageId ?? ''}`.trimEnd() + dup
}
