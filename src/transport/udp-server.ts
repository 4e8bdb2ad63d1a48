// UDP (RFC 768): a socket that serves many peers.
import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { type Address, formatAddress, listenError } from './listeners.js'

/** Where a datagram comes from. */
export interface UdpOrigin extends Address {
  /** `127.0.0.1:50000`, `[::1]:50000` */
  readonly key: string
}

export interface UdpWanted {
  /** An address of this machine, or a name for one. */
  readonly bind: string
  /** 0 takes a free one. */
  readonly port: number
  /** The options of the port and of the address in hints. */
  readonly names?: readonly [port: string, bind: string] | undefined
}

export interface UdpServer {
  readonly address: Address
  /** Sends a datagram, which must not change afterwards. It is lost if the system takes none, as in any network. */
  send(to: Address, datagram: Uint8Array): void
  /** To all hosts of the network that the socket is bound to. */
  broadcast(datagram: Uint8Array, port: number): void
  close(): Promise<void>
}

export interface UdpVisits {
  /** `datagram` is not used by the socket afterwards. */
  message(datagram: Buffer, origin: UdpOrigin): void
  /** The system reports an error; the socket goes on. */
  trouble(error: Error): void
}

/** Bytes; the system may give less. */
const receiveBuffer = 4 * 1024 * 1024
/** Datagrams that the system has not taken yet. More are lost. */
const mostQueued = 4096
/** Addresses whose keys are remembered. */
const mostOrigins = 16_384

/** @throws MqttxError */
export async function listenUdp(wanted: UdpWanted, visits: UdpVisits): Promise<UdpServer> {
  const { bind, port } = wanted
  const socket = createSocket({ type: isIPv6(bind.split('%')[0]!) ? 'udp6' : 'udp4' })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind({ address: bind, port }, () => {
      socket.off('error', reject)
      resolve()
    })
  }).catch((error) => {
    socket.close()
    throw listenError({ scheme: 'mqtt', ...wanted }, error)
  })
  return serve(socket, bind, visits)
}

function serve(socket: Socket, bind: string, { message, trouble }: UdpVisits): UdpServer {
  enlarge(socket)
  const found = socket.address()
  const address = { host: found.address, port: found.port }
  const origins = new Map<string, UdpOrigin>()
  let queued = 0
  let closed = false
  const sent = (): void => void queued--
  const send = ({ host, port }: Address, datagram: Uint8Array): void => {
    if (closed || queued >= mostQueued) return
    queued++
    socket.send(datagram, port, host, sent)
  }
  socket.on('error', trouble)
  socket.on('message', (datagram, { address: host, port }) => {
    if (port === 0) return // the sender wants no answer (RFC 768), and the system sends nothing to this port
    const name = `${host}:${port}`
    let origin = origins.get(name)
    if (origin === undefined) {
      if (origins.size >= mostOrigins) origins.clear()
      origin = { host, port, key: formatAddress({ host, port }) }
      origins.set(name, origin)
    }
    message(datagram, origin)
  })
  return {
    address,
    send,
    broadcast(datagram, port) {
      if (closed) return
      if (isIPv6(found.address)) return send({ host: 'ff02::1', port }, datagram)
      socket.setBroadcast(true)
      send({ host: bind.startsWith('127.') ? '127.255.255.255' : '255.255.255.255', port }, datagram)
    },
    close() {
      if (closed) return Promise.resolve()
      closed = true
      return new Promise((resolve) => socket.close(() => resolve()))
    },
  }
}

function enlarge(socket: Socket): void {
  try {
    socket.setRecvBufferSize(receiveBuffer)
  } catch {
    // the default of the system remains
  }
}
