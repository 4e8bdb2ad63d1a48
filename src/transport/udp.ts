// UDP (RFC 768): a socket that exchanges datagrams with one peer.
import { createSocket, type Socket } from 'node:dgram'
import { addressesOf } from './dial.js'
import { during } from './during.js'
import { addressText, type TcpAddress } from './endpoint.js'

/** An address that a name has. */
export interface UdpTarget {
  readonly host: string
  readonly family: number
  readonly port: number
}

/** Called by a `UdpPeer`. */
export interface UdpEvents {
  /** A datagram of the peer; the system drops those of others. */
  message(datagram: Buffer): void
  /** `writable` is true again. */
  drained(): void
  /** The system reports an error, such as ECONNREFUSED after an ICMP message. The socket is closed. */
  failed(error: NodeJS.ErrnoException): void
}

/** Datagrams that the system has not taken yet. */
const mostQueued = 64
/** Bytes; the system may give less. */
const receiveBuffer = 4 * 1024 * 1024

/**
 * The addresses of a host, those of IPv4 first: gateways of MQTT-SN rarely have others.
 * @throws ConnectionError if the name has none
 */
export async function udpTargets({ host, port }: TcpAddress, signal: AbortSignal): Promise<UdpTarget[]> {
  const found = await during(signal, undefined, addressesOf(host, undefined))
  const sorted = found.toSorted((one, other) => one.family - other.family)
  return sorted.map(({ address, family }) => ({ host: address, family, port }))
}

export class UdpPeer {
  readonly #socket: Socket
  readonly #events: UdpEvents
  #queued = 0
  #isClosed = false

  private constructor(socket: Socket, events: UdpEvents) {
    this.#socket = socket
    this.#events = events
    socket.on('message', (datagram) => {
      if (!this.#isClosed) events.message(datagram)
    })
    socket.on('error', (error) => this.#fail(error))
  }

  /**
   * A socket whose peer is `target`; nothing is sent.
   * @param local the address of this machine to send from
   * @throws the error of the system
   */
  static open(target: UdpTarget, local: string | undefined, events: UdpEvents): Promise<UdpPeer> {
    const socket = createSocket({ type: target.family === 6 ? 'udp6' : 'udp4' })
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void => {
        socket.close()
        reject(error)
      }
      socket.once('error', failed)
      const connect = (): void =>
        socket.connect(target.port, target.host, (error?: Error) => {
          if (error !== undefined && error !== null) return failed(error)
          socket.off('error', failed)
          enlarge(socket)
          resolve(new UdpPeer(socket, events))
        })
      if (local === undefined) connect()
      else socket.bind({ address: local, port: 0 }, connect)
    })
  }

  /** Fewer datagrams than the bound wait for the system. */
  get writable(): boolean {
    return this.#queued < mostQueued
  }

  /** The system has taken every datagram. */
  get idle(): boolean {
    return this.#queued === 0
  }

  /** Both ends as `address:port`. */
  get ends(): { readonly client: string; readonly server: string } {
    const [local, remote] = [this.#socket.address(), this.#socket.remoteAddress()]
    return {
      client: addressText({ host: local.address, port: local.port }),
      server: addressText({ host: remote.address, port: remote.port }),
    }
  }

  /** Sends a datagram, which must not change afterwards. */
  send(datagram: Uint8Array): void {
    if (this.#isClosed) return
    this.#queued++
    this.#socket.send(datagram, this.#onSent)
  }

  readonly #onSent = (error: Error | null): void => {
    const wasFull = !this.writable
    this.#queued--
    if (this.#isClosed) return
    if (error !== null) this.#fail(error)
    else if (this.#queued === 0 || (wasFull && this.writable)) this.#events.drained()
  }

  /** Sends what waits, and closes. No event is reported afterwards. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#socket.close()
  }

  #fail(error: Error): void {
    if (this.#isClosed) return
    this.close()
    this.#events.failed(error)
  }
}

function enlarge(socket: Socket): void {
  try {
    socket.setRecvBufferSize(receiveBuffer)
  } catch {
    // the default of the system remains
  }
}
