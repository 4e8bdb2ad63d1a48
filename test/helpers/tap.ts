// A TCP relay between a client and a broker that detects when the client is subscribed
// and can break the connection.
import { connect, createServer, type Socket } from 'node:net'
import mqtt, { type Packet } from 'mqtt-packet'
import { onTestFinished } from 'vitest'
import { once } from './wait.js'

export interface Tap {
  readonly port: number
  readonly at: readonly string[]
  /** The packets in both directions: `> publish 1 dup`, `< puback 1`. Only with `trace`. */
  readonly trace: readonly string[]
  /** Resolves when the broker has answered `count` SUBSCRIBE packets since the beginning. */
  subscribed(count?: number): Promise<void>
  connections(): number
  /** Breaks every connection. */
  cut(): void
  /** Accepts connections or drops them at once. */
  admit(open: boolean): void
}

function words(direction: string, packet: Packet): string {
  const dup = packet.cmd === 'publish' && packet.dup ? ' dup' : ''
  return `${direction} ${packet.cmd} ${packet.messageId ?? ''}${dup}`.trimEnd()
}

/** Listens on a free port and relays to `port`; closes when the test is over. */
export async function tap(port: number, { trace = false } = {}): Promise<Tap> {
  const seen: string[] = []
  const sockets = new Set<Socket>()
  let subacks = 0
  let connections = 0
  let open = true

  function watch(from: Socket, direction: string): void {
    const parser = mqtt.parser()
    parser.on('packet', (packet: Packet) => {
      if (packet.cmd === 'suback') subacks++
      if (trace) seen.push(words(direction, packet))
    })
    parser.on('error', () => from.off('data', feed))
    const feed = (chunk: Buffer) => void parser.parse(chunk)
    from.on('data', feed)
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (!open) return void client.destroy()
    connections++
    const upstream = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => sockets.delete(from) && to.destroySoon())
    }
    if (trace) watch(client, '>')
    watch(upstream, '<')
    client.pipe(upstream).pipe(client)
  })
  const cut = () => sockets.forEach((socket) => void socket.destroy())
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    cut()
    server.close()
  })
  const address = server.address()
  const own = typeof address === 'object' && address !== null ? address.port : 0
  return {
    port: own,
    at: ['-h', '127.0.0.1', '-p', String(own)],
    trace: seen,
    subscribed: (count = 1) => once(() => subacks >= count),
    connections: () => connections,
    cut,
    admit: (value) => void (open = value),
  }
}
