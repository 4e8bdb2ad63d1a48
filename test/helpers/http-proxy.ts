// An HTTP proxy (RFC 9110, 9.3.6) that records its requests and can refuse them.
import { createServer, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface HttpProxyRules {
  login?: string
  /** Sent instead of a connection and its answer. */
  answer?: string | Buffer
  /** The connection is closed after `answer`. */
  closes?: boolean
  /** The target of all names. */
  port?: number
  /** The target's first bytes, sent in one write with the answer. */
  early?: Buffer
}

export interface HttpProxy {
  readonly port: number
  /** `localhost:1883` ... */
  readonly asked: string[]
}

export async function httpProxy(rules: HttpProxyRules): Promise<HttpProxy> {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  }
  const server = createServer()
  server.on('connection', keep)
  server.on('connect', ({ url = '', headers }: IncomingMessage, client: Socket, head: Buffer) => {
    asked.push(url)
    const { login } = rules
    const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`
    if (headers['proxy-authorization'] !== wanted)
      return client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n')
    if (rules.answer !== undefined) {
      client.write(rules.answer)
      if (rules.closes === true) client.end()
      return
    }
    const port = rules.port ?? Number(/:(\d+)$/.exec(url)![1])
    const target = connect(port, '127.0.0.1', () => {
      const answer = Buffer.from('HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n')
      client.write(Buffer.concat([answer, rules.early ?? Buffer.alloc(0)]))
      target.write(head)
      client.pipe(target).pipe(client)
    })
    keep(target)
    target.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as { port: number }).port, asked }
}
