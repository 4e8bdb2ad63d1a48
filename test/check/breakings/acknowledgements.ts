// Brokers that break the statements of src/check/statements/acknowledgements.ts.
import type { Packet } from 'mqtt-packet'
import type { Breaking } from '../rig.js'
import { toClients } from './tools.js'

const tooLong = 'x'.repeat(200)

/** Each with the first byte, and a Reason Code that it must not have. */
const kinds = [
  ['3.4.2', 'puback', 0x40, 0x92],
  ['3.5.2', 'pubrec', 0x50, 0x92],
  ['3.6.2', 'pubrel', 0x62, 0x10],
  ['3.7.2', 'pubcomp', 0x70, 0x10],
] as const

const entries = kinds.flatMap(([section, cmd, first, code]): [string, Breaking][] => {
  const adding = (properties: object): Breaking =>
    toClients(cmd, (packet) => ({ ...packet, properties }) as Packet)
  const withCode: Breaking = toClients(cmd, ({ messageId = 0 }) =>
    Buffer.of(first, 3, messageId >> 8, messageId & 255, code),
  )
  return [
    [`MQTT-${section.slice(0, 3)}.1-a in 4`, withCode],
    [`MQTT-${section}-1 in 5`, withCode],
    [`MQTT-${section}-2 in 5`, adding({ reasonString: tooLong })],
    [`MQTT-${section}-3 in 5`, adding({ userProperties: { why: tooLong } })],
  ]
})

export const acknowledging: Record<string, Breaking> = Object.fromEntries(entries)
