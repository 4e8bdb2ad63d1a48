// Well-known ports, whose traffic is treated as MQTT or MQTT-SN without further evidence.
import type { Flow } from '../capture/stream.js'

const tcpPorts = [1883, 8883, 1884]
const udpPorts = [1883, 1884, 10_000, 2442]

/** True if one side uses a well-known port, or one of `more` (--port). */
export function isPortOf({ protocol, client, server }: Flow, more: readonly number[] = []): boolean {
  const known = protocol === 'udp' ? udpPorts : tcpPorts
  return [client, server].some((address) => {
    const port = Number(address.slice(address.lastIndexOf(':') + 1))
    return known.includes(port) || more.includes(port)
  })
}
