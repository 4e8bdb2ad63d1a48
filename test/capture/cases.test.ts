// Small captures and pasted bytes: the packets that are found, the violations, the exit status.
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { mqttx } from '../helpers/run.js'

const folder = resolve(import.meta.dirname, '../fixtures/inspect/cases')

interface Case {
  readonly files: string
  /** Packets by type, in the order of the first of each type. */
  readonly packets: string
  /** The rules that are violated; default none. */
  readonly violations?: readonly string[]
  readonly status?: number
  /** Expected standard error; default empty. */
  readonly notes?: RegExp
  readonly options?: readonly string[]
}

/** A complete connection. */
const talk = 'CONNECT CONNACK SUBSCRIBE SUBACK PUBLISH*2 PUBACK PINGREQ PINGRESP DISCONNECT'

/** MQTT 5, captured in mid-stream. */
const joined = 'PUBLISH PUBACK SUBSCRIBE SUBACK UNSUBSCRIBE UNSUBACK DISCONNECT'

const cases: readonly Case[] = [
  ...['vxlan', 'gre', 'erspan1', 'mpls', 'radiotap', 'pktap149', 'ethfcs'].map((name) => ({
    files: `${name}.pcap`,
    packets: talk,
  })),
  { files: 'proxyv1.pcap', packets: talk },
  { files: 'proxyv2.pcap', packets: talk },
  { files: 'rot.pcap0 rot.pcap1 rot.pcap2', packets: talk },
  { files: 'rot.pcap2 rot.pcap0 rot.pcap1', packets: talk },
  {
    files: 'capture.zip',
    packets: '',
    status: 41,
    notes: /this is a zip archive; it was not read; run: unzip -p \S*capture\.zip \| mqttx inspect/,
  },
  {
    files: 'capture.pcap.xz',
    packets: '',
    status: 41,
    notes: /this is compressed by xz; it was not read; run: xz -dc \S*capture\.pcap\.xz \| mqttx inspect/,
  },
  {
    files: 'lost_connect.pcap',
    packets:
      'SKIPPED CONNACK SUBSCRIBE SUBACK PUBLISH*3 PUBACK*2 PUBREC PUBREL PUBCOMP PINGREQ PINGRESP DISCONNECT',
  },
  {
    files: 'lost_publish.pcap',
    packets:
      'CONNECT CONNACK SUBSCRIBE SUBACK PUBLISH*2 PUBACK*2 SKIPPED PUBREC PUBREL PUBCOMP PINGREQ PINGRESP DISCONNECT',
  },
  { files: 'lost_in_payload4.pcap', packets: 'CONNECT CONNACK PUBLISH PUBACK DISCONNECT' },
  {
    files: 'swap_puback.pcap',
    packets:
      'CONNECT CONNACK SUBSCRIBE SUBACK PUBLISH*3 PUBACK*2 PUBREC PUBREL PUBCOMP PINGREQ PINGRESP DISCONNECT',
  },
  { files: 'mid5_clean.pcap', packets: joined },
  { files: 'mid5_inpacket.pcap', packets: `SKIPPED ${joined}` },
  {
    files: 'snap96_v5.pcap',
    packets: 'CONNECT CONNACK PUBLISH PUBACK DISCONNECT',
    violations: ['clientid-portable'],
  },
  { files: 'assigned_id.pcap', packets: 'CONNECT CONNACK PUBLISH DISCONNECT' },
  {
    files: 'assigned_id.pcap',
    options: ['--client', 'auto-77'],
    packets: 'CONNECT CONNACK PUBLISH DISCONNECT',
  },
  {
    files: 'assigned_id.pcap',
    options: ['--client', 'other'],
    packets: '',
    notes: /^No packet matches the filters: 4 packets read\.\n$/,
  },
]

/** The Client Identifier has a "-". */
const remark = ['clientid-portable']

/** Text with some of CONNECT, SUBSCRIBE, PUBLISH and DISCONNECT. */
const pasted: readonly Case[] = [
  ...['c.bin', 'c.hexdump', 'c.od', 'c.odx'].map((files) => ({ files, packets: 'CONNECT' })),
  { files: 'carray_comment.js', packets: 'PUBACK' },
  ...['bom.txt', 'psformathex.txt', 'pybytes.txt', 'utf16.txt'].map((files) => ({
    files,
    packets: 'CONNECT SUBSCRIBE PUBLISH DISCONNECT',
    violations: remark,
  })),
  {
    files: 'nodebuf.txt',
    packets: 'CONNECT SUBSCRIBE PUBLISH SKIPPED',
    violations: remark,
    notes: /: 6 bytes are left out in line 1\n/,
  },
  { files: 'tslog.txt', packets: 'CONNECT CONNACK', violations: remark },
  { files: 'sn_hex.txt', packets: 'REGISTER', options: ['--protocol', 'mqtt-sn'] },
]

const titled = [...cases, ...pasted].map((one): [string, Case] => [
  [one.files, ...(one.options ?? [])].join(' '),
  one,
])

test.each(titled)(
  '%s',
  async (_title, { files, packets, violations = [], status = 0, notes, options = [] }) => {
    const paths = files.split(' ').map((file) => resolve(folder, file))
    const run = await mqttx(['inspect', '--view', 'json', ...options, ...paths])
    const counts = new Map<string, number>()
    const broken: string[] = []
    for (const line of run.stdout.toString().split('\n').slice(0, -1)) {
      const packet = JSON.parse(line) as { type: string; violations?: { rule: string }[] }
      counts.set(packet.type, (counts.get(packet.type) ?? 0) + 1)
      for (const { rule } of packet.violations ?? []) broken.push(rule)
    }
    const found = [...counts].map(([type, count]) => (count === 1 ? type : `${type}*${count}`)).join(' ')
    const { stderr } = run
    expect({ found, broken, status: run.status }).toEqual({ found: packets, broken: violations, status })
    if (notes === undefined) expect(stderr).toBe('')
    else expect(stderr).toMatch(notes)
  },
)

test('a capture that starts inside a packet: version 5 is inferred from the packets after it', async () => {
  const run = await mqttx(['inspect', '--view', 'line', resolve(folder, 'mid5_inpacket.pcap')])
  const lines = run.stdout.toString().split('\n')
  expect(lines[0]).toMatch(/MQTT 5\.0 \(inferred\), joined in mid-stream$/)
  expect(lines[1]).toContain('20 bytes at offset 0 not decoded')
  expect(lines.map((line) => line.split(' ')[4]).slice(2, 9)).toEqual(joined.split(' '))
})

test('a missing message is reported at its place; fields that were not captured are null', async () => {
  const lost = await mqttx(['inspect', '--view', 'line', resolve(folder, 'lost_publish.pcap')])
  expect(lost.stdout.toString()).toMatch(
    /PUBACK m2.*\n.*12 bytes at offset 38.*missing from the capture\n.*PUBACK m3 frame 10\n/,
  )
  const cut = await mqttx(['inspect', '--view', 'json', resolve(folder, 'lost_in_payload4.pcap')])
  const publish = cut.stdout
    .toString()
    .split('\n')
    .find((line) => line.includes('"PUBLISH"'))
  expect(JSON.parse(publish!)).toMatchObject({ payload: null, missing: 40 })
  const snapped = await mqttx(['inspect', '--view', 'json', resolve(folder, 'snap96_v5.pcap')])
  const property = /"user_property":.*$/m.exec(snapped.stdout.toString())![0]
  expect(property).toBe('"user_property":null,"missing":68}')
})
