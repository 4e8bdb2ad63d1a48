// A URL and options become what a Connection must know.
import { endpoint } from '../connection/endpoint.js'
import type { ConnectOptions as CoreOptions } from '../connection/options.js'
import { MqttxError } from '../errors.js'
import { processHost } from '../host.js'
import type { ConnectOptions, Payload, Will } from './types.js'

type Address = Pick<Parameters<typeof endpoint>[0], 'host' | 'port' | 'unix' | 'transport' | 'wsPath'>

const schemes: Readonly<Record<string, readonly [NonNullable<Address['transport']>, number]>> = {
  'mqtt:': ['tcp', 1883],
  'mqtts:': ['tls', 8883],
  'ws:': ['ws', 80],
  'wss:': ['wss', 443],
}

/** @throws MqttxError where the URL or an option is wrong, or a file cannot be read */
export async function settings(address: string | URL, options: ConnectOptions): Promise<CoreOptions> {
  const url = parsed(address)
  const version = options.protocolVersion ?? 4
  const { tls = {}, will, cleanStart = true } = options
  return {
    endpoint: await endpoint(
      {
        ...addressOf(url),
        ...tls,
        ...{ tlsAlpn: tls.alpn, insecure: tls.insecure ?? false, tlsUseOsCerts: false, noTls: false },
        ...{ ws: false, wsHeaders: options.headers ?? [], srv: false, quiet: true },
      },
      { noDelay: true, host: processHost() },
    ),
    version,
    clientId: options.clientId ?? (version === 3 ? `mqttx-${process.pid.toString(36)}` : ''),
    cleanStart,
    keepAlive: whole('keepAlive', options.keepAlive ?? 60, [0, 65_535]),
    username: options.username ?? (decodeURIComponent(url.username) || undefined),
    password: bytesOf(options.password ?? (decodeURIComponent(url.password) || undefined)),
    will: will && willOf(will),
    properties: {},
    sessionExpiry: version === 5 ? whole('sessionExpiry', options.sessionExpiry ?? 0, [0, 0xffffffff]) : 0,
    receiveMaximum: 1000,
    maxInFlight: whole('maxInFlight', options.maxInFlight ?? 20, [1, 65_535]),
    connectTimeoutMs: 1000 * whole('connectTimeout', options.connectTimeout ?? 30, [1, 2_000_000]),
    retries: 0,
    reconnects: options.reconnects ?? Number.POSITIVE_INFINITY,
  }
}

function parsed(url: string | URL): URL {
  try {
    return new URL(url)
  } catch (cause) {
    throw new MqttxError(`'${url}' is no URL`, { cause, hint: 'as in mqtt://localhost:1883' })
  }
}

function addressOf({ protocol, hostname, port, pathname }: URL): Address {
  if (protocol === 'unix:') return { unix: decodeURIComponent(pathname), wsPath: '' }
  const known = schemes[protocol]
  if (known === undefined) {
    const hint = 'use mqtt://, mqtts://, ws://, wss:// or unix://'
    throw new MqttxError(`'${protocol}//' is no address of a MQTT server`, { hint })
  }
  const [transport, defaultPort] = known
  const webSocket = transport === 'ws' || transport === 'wss'
  if (!webSocket && pathname !== '' && pathname !== '/') {
    throw new MqttxError(`The URL has the path '${pathname}'`, { hint: 'only ws:// and wss:// have one' })
  }
  const host = hostname.replace(/^\[(.*)\]$/, '$1') || 'localhost'
  return { host, port: port === '' ? defaultPort : Number(port), transport, wsPath: pathname || '/' }
}

function willOf({ topic, payload = '', qos = 0, retain = false }: Will): CoreOptions['will'] {
  return { topic, payload: bytesOf(payload), qos, retain }
}

function bytesOf(payload: Payload): Buffer
function bytesOf(payload: Payload | undefined): Buffer | undefined
function bytesOf(payload: Payload | undefined): Buffer | undefined {
  return payload === undefined ? undefined : Buffer.from(payload as Uint8Array)
}

function whole(name: string, value: number, [least, most]: readonly [number, number]): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new MqttxError(`${name} is ${value}`, { hint: `a whole number from ${least} to ${most}` })
}
