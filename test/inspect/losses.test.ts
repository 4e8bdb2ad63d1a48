// Frames lost or reordered by the capture must not be reported as violations: in every valid capture any frame may be
// missing, and any two neighbours may be swapped. Pairs of missing frames are chosen by a seed; MQTTX_LOSSES=all tries all.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Dice } from '../helpers/dice.js'
import { type Fixture, fixtures, type Inspected, inspected } from './captures.js'
import { conversations } from './conversations.js'

const isLong = process.env.MQTTX_LOSSES === 'all'
const pairs = Number(process.env.MQTTX_LOSSES_PAIRS ?? 60)

/** Splits a pcap file into its header and records. */
function recordsOf(file: Buffer): { header: Buffer; records: Buffer[] } {
  const isLittle = file.readUInt32LE(0) === 0xa1b2c3d4 || file.readUInt32LE(0) === 0xa1b23c4d
  const records: Buffer[] = []
  for (let at = 24; at + 16 <= file.length; ) {
    const length = isLittle ? file.readUInt32LE(at + 8) : file.readUInt32BE(at + 8)
    records.push(file.subarray(at, at + 16 + length))
    at += 16 + length
  }
  return { header: file.subarray(0, 24), records }
}

/**
 * The packets of each connection, as what was sent by whom. `apart`: of each direction by itself, where both sides sent
 * at the same time, so that any order of the two is right.
 */
function packetsOf({ packets, connections }: Inspected, apart: boolean): Map<string, string[]> {
  const all = new Map<string, string[]>()
  for (const { connection, direction, bytes, start, end, holes } of packets) {
    if (holes.length > 0) continue
    const { client } = connections.find(({ number }) => number === connection)!
    const key = apart ? `${client} ${direction}` : client
    const list = all.get(key) ?? []
    all.set(key, list)
    list.push(`${direction} ${Buffer.from(bytes.subarray(start, end)).toString('hex')}`)
  }
  return all
}

function isSubsequence(some: readonly string[], all: readonly string[]): boolean {
  let at = 0
  for (const one of some) {
    at = all.indexOf(one, at) + 1
    if (at === 0) return false
  }
  return true
}

/** True for a rule about a missing packet. */
function saysLoss({ skips, notes, packets }: Inspected): boolean {
  return skips.length > 0 || notes.length > 0 || packets.some(({ holes }) => holes.length > 0)
}

/** One conversation in several encapsulations and file formats. */
const carried = ['erspan1', 'ethfcs', 'gre', 'mpls', 'pktap149', 'radiotap', 'vxlan'].map(
  (name): [string, Fixture] => [
    `${name}.pcap`,
    { file: readFileSync(resolve(import.meta.dirname, `../fixtures/inspect/cases/${name}.pcap`)) },
  ],
)
const healthy = [...Object.entries(fixtures), ...carried, ...Object.entries(conversations)]
const isUdp = (name: string): boolean => name.startsWith('mqtt-sn')
const answered = ({ packets }: Inspected): number => packets.filter(({ answers }) => answers > 0).length

describe.each(healthy)('%s', (name, fixture) => {
  const { header, records } = recordsOf(fixture.file)
  const whole = inspected(fixture)
  const isRecorded = name.endsWith('.pcap')
  const expected = packetsOf(whole, isRecorded)
  const isJoined = whole.connections.some(({ sawStart }) => !sawStart)
  const without = (...left: number[]): Inspected => {
    return inspected({
      ...fixture,
      file: Buffer.concat([header, ...records.filter((_, i) => !left.includes(i))]),
    })
  }

  test('has no violations', () => {
    expect(whole.broken).toEqual([])
    expect(whole.skips).toEqual([])
    expect(whole.packets.length).toBeGreaterThan(3)
  })

  test('with a missing frame: no violation, other packets in order, the loss is reported', () => {
    for (let i = 0; i < records.length; i++) {
      const found = without(i)
      expect([i, found.broken]).toEqual([i, []])
      let count = 0
      for (const [client, packets] of packetsOf(found, isRecorded)) {
        count += packets.length
        expect([i, isSubsequence(packets, expected.get(client) ?? [])]).toEqual([i, true])
      }
      // The first packets are not missed if the connection existed before the capture.
      const isUnknowable = isUdp(name) || (isJoined && i < 2)
      if (count < whole.packets.length && !isUnknowable) expect([i, saysLoss(found)]).toEqual([i, true])
      if (count < whole.packets.length - 12 && !name.startsWith('tls'))
        throw new Error(`without frame ${i} only ${count} packets are left`)
    }
  })

  test('with swapped neighbours: the same packets in the same order', () => {
    for (let i = 0; i + 1 < records.length; i++) {
      const order = [...records]
      ;[order[i], order[i + 1]] = [records[i + 1]!, records[i]!]
      const found = inspected({ ...fixture, file: Buffer.concat([header, ...order]) })
      expect([i, found.broken]).toEqual([i, []])
      if (!isUdp(name)) expect([i, packetsOf(found, isRecorded)]).toEqual([i, expected])
      if (!isUdp(name)) expect([i, answered(found)]).toEqual([i, answered(whole)])
      expect(found.packets.length).toBe(whole.packets.length)
    }
  })

  test('with two missing frames: no error', () => {
    const dice = new Dice(12)
    const all: [number, number][] = []
    for (let i = 0; i < records.length; i++) for (let j = i + 1; j < records.length; j++) all.push([i, j])
    const chosen = isLong ? all : Array.from({ length: Math.min(pairs, all.length) }, () => dice.of(all))
    for (const [i, j] of chosen) {
      const found = without(i, j)
      const errors = found.packets.flatMap(({ violations }) =>
        violations.filter(({ severity }) => severity === 'error'),
      )
      expect([i, j, errors.map(({ rule }) => rule.key)]).toEqual([i, j, []])
      const late = found.late.filter(({ severity }) => severity === 'error')
      expect([i, j, late.map(({ rule }) => rule.key)]).toEqual([i, j, []])
    }
  })
})
