// A SOCKS5 proxy (RFC 1928, 1929) that records its requests and can refuse them.
import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface ProxyRules {
  login?: { user: string; password: string }
  /** The reply to every request, instead of a connection. */
  reply?: number
  /** Sends this instead of speaking SOCKS. */
  greeting?: string
  /** The target of all names. */
  port?: number
}

export interface Proxy {
  readonly port: number
  /** `name example.org:1883`, `ipv4 127.0.0.1:1883` ... */
  readonly asked: string[]
}

export async function socksProxy(rules: ProxyRules): Promise<Proxy> {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    return socket
  }

  function request(socket: Socket, bytes: Buffer): void {
    const kinds = { 1: 'ipv4', 3: 'name', 4: 'ipv6' } as const
    const kind = kinds[bytes[3] as 1 | 3 | 4]
    const address = {
      ipv4: () => bytes.subarray(4, 8).join('.'),
      name: () => bytes.toString('latin1', 5, 5 + bytes[4]!),
      ipv6: () => bytes.toString('hex', 4, 20),
    }[kind]()
    const port = bytes.readUInt16BE(bytes.length - 2)
    asked.push(`${kind} ${address}:${port}`)
    const answer = (code: number) => Buffer.of(5, code, 0, 1, 127, 0, 0, 1, 0, 80)
    if (rules.reply !== undefined) return void socket.end(answer(rules.reply))
    const target = keep(
      connect(rules.port ?? port, '127.0.0.1', () => {
        socket.write(answer(0))
        socket.pipe(target).pipe(socket)
      }),
    )
    target.on('error', () => socket.end(answer(5)))
  }

  function login(socket: Socket, bytes: Buffer): void {
    const user = bytes.toString('utf8', 2, 2 + bytes[1]!)
    const password = bytes.toString('utf8', 3 + bytes[1]!)
    const good = user === rules.login?.user && password === rules.login.password
    socket.write(Buffer.of(1, good ? 0 : 1))
    if (good) socket.once('data', (next: Buffer) => request(socket, next))
    else socket.end()
  }

  const server = createServer((socket) => {
    keep(socket)
    socket.once('data', (methods: Buffer) => {
      if (rules.greeting !== undefined) return void socket.end(rules.greeting)
      const method = rules.login === undefined ? 0 : 2
      if (!methods.subarray(2).includes(method)) return void socket.end(Buffer.of(5, 0xff))
      socket.write(Buffer.of(5, method))
      socket.once('data', (next: Buffer) => (method === 0 ? request(socket, next) : login(socket, next)))
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, asked }
}
