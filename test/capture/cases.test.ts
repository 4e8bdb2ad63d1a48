// Small captures and pasted bytes of the kinds that people have: what is found in each, and what a script is told.
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { mqttx } from '../helpers/run.js'

const folder = resolve(import.meta.dirname, '../fixtures/inspect/cases')

interface Case {
  readonly files: string
  /** Packets per type, in the order in which each type comes first. */
  readonly packets: string
  readonly status?: number
  /** The names of rules. */
  readonly violations?: readonly string[]
  /** What standard error has to say; nothing else where it is missing. */
  readonly notes?: RegExp
  readonly options?: readonly string[]
}

/** A connection with everything that one client needs. */
const talk = 'CONNECT CONNACK SUBSCRIBE SUBACK PUBLISH*2 PUBACK PINGREQ PINGRESP DISCONNECT'

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
]

/** Their Client Identifier has a "-". */
const remark = ['clientid-portable']

/** Text that holds a CONNECT, a SUBSCRIBE, a PUBLISH and a DISCONNECT, or less of it. */
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

test.each([...cases, ...pasted])(
  '$files',
  async ({ files, packets, status = 0, violations = [], notes, options = [] }) => {
    const paths = files.split(' ').map((file) => resolve(folder, file))
    const run = await mqttx(['inspect', '--view', 'json', ...options, ...paths])
    const counts = new Map<string, number>()
    const rules: string[] = []
    for (const line of run.stdout.toString().split('\n').slice(0, -1)) {
      const packet = JSON.parse(line) as { type: string; violations?: { rule: string }[] }
      counts.set(packet.type, (counts.get(packet.type) ?? 0) + 1)
      rules.push(...(packet.violations ?? []).map(({ rule }) => rule))
    }
    const found = [...counts].map(([type, count]) => (count === 1 ? type : `${type}*${count}`)).join(' ')
    const { stderr } = run
    expect({ found, rules, status: run.status }).toEqual({ found: packets, rules: violations, status })
    if (notes === undefined) expect(stderr).toBe('')
    else expect(stderr).toMatch(notes)
  },
)
