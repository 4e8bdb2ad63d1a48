// A client's connection and the one to the server for it: bytes pass in both directions until both have ended.
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { farewell } from '../transport/farewell.js'
import { limitFrames } from '../transport/frame-limit.js'
import type { Direction } from './fault-language.js'
import { type AppliedFault, type FaultSink, FaultStream } from './fault-stream.js'
import type { FaultedConnection, Faults } from './faults.js'
import { Pipe } from './pipe.js'

export interface Passing {
  /** Those of now; undefined: there are never any, and packets need not be found. */
  readonly faults: (() => Faults) | undefined
  /** Bytes that have arrived and, but for faults, are forwarded when this returns. */
  passed(direction: Direction, bytes: Buffer): void
  applied(fault: AppliedFault): void
  /** The CONNACK that the client gets in place of the server's. */
  answered(connack: Buffer): void
  /** Once. `reset`: a side has reset its connection, or a fault both. */
  closed(how: 'closed' | 'reset'): void
}

/** Joins `client` and `server`, of which nothing has been read. */
export function join(client: Duplex, server: Duplex, connection: FaultedConnection, passing: Passing): void {
  const up = new Pipe(client, server)
  const down = new Pipe(server, client)
  let ended = false

  function finish(how: 'closed' | 'reset'): void {
    if (ended) return
    ended = true
    up.close()
    down.close()
    passing.closed(how)
  }

  function end(how: 'close' | 'reset'): void {
    finish(how === 'reset' ? 'reset' : 'closed')
    for (const stream of [client, server]) {
      if (how === 'reset') reset(stream)
      else farewell(stream, new Uint8Array())
    }
  }

  /** The server has answered: WebSocket messages may be as long as a packet from now on. */
  function accepted(): void {
    for (const stream of [client, server]) limitFrames(stream, Number.POSITIVE_INFINITY)
  }

  function follow(direction: Direction, from: Duplex, to: Duplex, pipe: Pipe): void {
    const sink: FaultSink = {
      send: (bytes, bytesPerSecond) => pipe.send(bytes, bytesPerSecond),
      delay: (ms) => pipe.delay(ms),
      end: (how) => pipe.after(() => end(how)),
      answer(connack) {
        passing.answered(connack)
        finish('closed')
        farewell(client, connack)
        server.destroy()
      },
      applied: (fault) => passing.applied(fault),
    }
    const { faults } = passing
    const packets = faults && new FaultStream(direction, connection, faults, sink)
    if (direction === 's2c') from.once('data', accepted)
    from.on('data', (chunk: Buffer) => {
      if (packets === undefined) pipe.send(chunk)
      passing.passed(direction, chunk)
      packets?.push(chunk)
    })
    from.once('end', () => {
      packets?.end()
      pipe.after(() => void to.end())
    })
    from.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (ended || (code !== 'ECONNRESET' && code !== 'EPIPE')) return
      finish('reset')
      reset(to)
    })
    from.once('close', () => {
      if (to.destroyed) return finish('closed')
      pipe.after(() => {
        finish('closed')
        farewell(to, new Uint8Array())
      })
    })
  }
  follow('c2s', client, server, up)
  follow('s2c', server, client, down)
  client.resume() // it was paused
}

/** Sends RST if this is TCP without layers; any other stream is just closed. */
export function reset(stream: Duplex): void {
  stream.on('error', () => {})
  // resetAndDestroy() would send FIN before RST, and throws for a unix socket.
  if (stream instanceof Socket && stream.remoteFamily !== undefined)
    Object.assign(stream, { resetAndClosing: true })
  stream.destroy()
}
