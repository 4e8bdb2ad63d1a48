import { expect, test } from 'vitest'
import { InspectedConnection } from '../../src/inspect/connection.js'
import { messageOf } from '../../src/inspect/mqtt-sn.js'
import type { Packet } from '../../src/inspect/packet.js'
import { BytesView } from '../../src/inspect/views/bytes.js'
import { packetOf } from './packet-of.js'

const flow = { id: 1, protocol: 'raw', client: '', server: '', sawStart: true } as const
const connection = new InspectedConnection(flow, undefined)

function shown(packets: readonly Packet[]): string {
  let text = ''
  const view = new BytesView({
    text: (more) => void (text += more),
    range: (bytes, start, end) => void (text += Buffer.from(bytes.subarray(start, end)).toString()),
  })
  for (const packet of packets) view.packet(packet, connection)
  return text
}

test('lines of the Fixed Header are not mixed up: all first bytes, versions and both protocols in one view', () => {
  const all = [3, 4, 5].flatMap((version) =>
    Array.from({ length: 256 }, (_, first) => [
      packetOf(Uint8Array.of(first, 4, 0, 1, 0, 0), 'c2s', version),
      packetOf(Uint8Array.of(first, 0), 's2c', version),
      messageOf(Uint8Array.of(4, first, 0, 1), 'c2s')!,
      messageOf(Uint8Array.of(2, first), 's2c')!,
    ]).flat(),
  )
  expect(shown([...all, ...all])).toBe([...all, ...all].map((packet) => shown([packet])).join(''))
})
