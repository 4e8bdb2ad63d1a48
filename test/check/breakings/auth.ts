// Brokers that break the statements of src/check/statements/auth.ts.
import type { Breaking } from '../rig.js'
import { bytesFromClients } from './bytes.js'
import { answer, long, request, types } from './changes.js'

/** Ignores AUTH packets. */
const ignores = (matches: (bytes: Buffer) => boolean): Breaking =>
  bytesFromClients(({ type, bytes }) => (type === types.auth && matches(bytes) ? false : undefined))

/** Answers CONNECT with an Authentication Method of SCRAM. */
const answers = (bytes: (method: string) => Parameters<Parameters<Breaking>[0]['toClient']>[0]): Breaking =>
  request('connect', ({ properties }, { toClient }) => {
    const method = properties?.authenticationMethod
    if (method === undefined || !method.startsWith('SCRAM')) return undefined
    toClient(bytes(method))
    return false
  })

const asks = (properties: object, reasonCode = 0x18): Breaking =>
  answers((authenticationMethod) => ({
    cmd: 'auth',
    reasonCode,
    properties: { authenticationMethod, ...properties },
  }))

export const auth: Record<string, Breaking> = {
  'MQTT-3.15.1-1 in 5': ignores((bytes) => bytes[0] !== 0xf0),
  'MQTT-3.15.0-a in 5': ignores((bytes) => bytes[2] === 0x18 && bytes.length > 4),
  'MQTT-3.15.2.2.2-a in 5': ignores((bytes) => bytes[0] === 0xf0 && bytes.length <= 4),
  'MQTT-3.15.2-1 in 5': answers(() => Buffer.of(0xf0, 2, 1, 0)),
  'MQTT-3.15.2-2 in 5': asks({ reasonString: long }),
  'MQTT-3.15.2-3 in 5': asks({ userProperties: { a: long } }),
  'MQTT-4.12.0-1 in 5': request('connect', ({ properties, ...packet }) =>
    properties?.authenticationMethod === 'mqttx-check' ? packet : undefined,
  ),
  'MQTT-4.12.0-2 in 5': asks({}, 0),
  'MQTT-4.12.0-4 in 5': answers(() => Buffer.of(0x20, 3, 0, 0x87, 0)),
  'MQTT-4.12.0-5 in 5': asks({ authenticationMethod: 'PLAIN' }),
  'MQTT-4.12.0-6 in 5': answer('connack', (packet) => ({
    ...packet,
    properties: { ...packet.properties, authenticationMethod: 'PLAIN' },
  })),
  'MQTT-4.12.1-2 in 5': ignores((bytes) => bytes[2] === 0x19),
}

/** What the embedded broker skips: it has no enhanced authentication. */
export const notOffered: readonly string[] = ['3.15.2-1', '3.15.2-2', '3.15.2-3', '4.12.0-2', '4.12.0-5'].map(
  (id) => `MQTT-${id} in 5`,
)
