// Looks for gateways of MQTT-SN (1.2, 6.1): SEARCHGW to one host, or broadcast, and the GWINFO that come back.
import { createSocket, type RemoteInfo } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { decodeMessage, encodeMessage } from '../codec/mqtt-sn.js'
import type { TcpAddress } from '../transport/endpoint.js'
import { udpTargets } from '../transport/udp.js'
import { networkError } from './sn-failures.js'

export interface FoundGateway {
  readonly id: number
  readonly address: string
  readonly port: number
}

/** SEARCHGW is sent again after so many milliseconds, as it may be lost. */
const againMs = 1000
const broadcast = '255.255.255.255'
/** Gateways that are remembered, so as to report each once. */
const mostGateways = 1000

/**
 * Calls `found` for each gateway that answers, once, until `signal` is aborted.
 * @param address `host` undefined: broadcast on the local networks
 * @throws ConnectionError if the name has no address, or nothing can be sent
 */
export async function discover(
  address: Omit<TcpAddress, 'host'> & { readonly host: string | undefined },
  found: (gateway: FoundGateway) => void,
  signal: AbortSignal,
): Promise<void> {
  const host = address.host ?? broadcast
  const [target] = await udpTargets({ ...address, host }, signal)
  const socket = createSocket({ type: isIPv6(target!.host) ? 'udp6' : 'udp4' })
  const seen = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void =>
        reject(networkError(error, { ...address, host }, false))
      socket.on('error', failed)
      socket.on('message', (datagram, from) => {
        const gateway = gatewayOf(datagram, from)
        if (gateway === undefined) return
        const key = `${gateway.id} ${gateway.address} ${gateway.port}`
        if (seen.has(key) || seen.size >= mostGateways) return
        seen.add(key)
        found(gateway)
      })
      signal.addEventListener('abort', () => resolve(), { once: true })
      socket.bind({ port: 0, ...(address.localAddress && { address: address.localAddress }) }, () => {
        if (address.host === undefined) socket.setBroadcast(true)
        const search = encodeMessage({ type: 'searchgw', radius: 0 })
        const send = (): void =>
          socket.send(search, target!.port, target!.host, (error) => error && failed(error))
        send()
        timer = setInterval(send, againMs)
      })
      if (signal.aborted) resolve()
    })
  } finally {
    clearInterval(timer)
    socket.close()
  }
}

/** GWINFO has an address if another client has sent it; the port is then that of the sender. */
function gatewayOf(datagram: Buffer, { address, port }: RemoteInfo): FoundGateway | undefined {
  const message = decodeMessage(datagram)
  if (message.type !== 'gwinfo') return undefined
  const bytes = message.gatewayAddress
  const other = bytes.length === 4 ? bytes.join('.') : undefined
  return { id: message.gatewayId, address: other ?? address, port }
}
