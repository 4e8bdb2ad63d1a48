// `mqttx inspect --write` writes a capture of the matching packets that mqttx and other programs can read.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ethernet, interfaceBlock, ipv4, packetBlock, section, tcp } from '../helpers/capture-builder.js'
import { findPeer, peerTest } from '../helpers/peers.js'
import { mqttx, scratch, start } from '../helpers/run.js'

const picture = resolve(import.meta.dirname, '../fixtures/inspect/picture.pcap')

interface Line {
  readonly time: string
  readonly type: string
  readonly connection: number
  readonly violations?: unknown
}

async function packets(args: readonly string[]): Promise<Line[]> {
  const { stdout, stderr } = await mqttx(['inspect', '--view', 'json', ...args])
  expect(stderr).toBe('')
  const lines = stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Line)
}

/** Writes the packets that `args` select; returns the output and the file. */
async function written(args: readonly string[]): Promise<{ shown: Line[]; file: string }> {
  const file = join(scratch('write'), 'out.pcapng')
  return { shown: await packets(['--write', file, ...args]), file }
}

const essence = ({ time, type, connection }: Line) => ({ time, type, connection })

test('the whole capture: reading it back gives the same output except for frame numbers', async () => {
  const { file } = await written([picture])
  const view = async (name: string) =>
    (await mqttx(['inspect', '--view', 'line', name])).stdout.toString().replace(/ frame \d+$/gm, '')
  expect(await view(file)).toBe(await view(picture))
})

describe.each([
  ['a type', ['--type', 'publish']],
  ['a client', ['--client', 'sensor']],
  ['a topic', ['--topic', 'home/+/temperature']],
  ['a number of packets', ['-C', '7']],
  ['a time', ['--from', '1795232900.9']],
])('%s', (_name, filter) => {
  test('the same packets, and no new violations', async () => {
    const { shown, file } = await written([...filter, picture])
    expect(shown.length).toBeGreaterThan(0)
    const again = await packets([file])
    // Packets are held back until the version of their connection is known.
    const inTime = (all: readonly Line[]) => all.map(({ time, type }) => `${time} ${type}`).sort()
    expect(inTime(again)).toEqual(inTime(shown))
    expect(again.filter(({ violations }) => violations !== undefined)).toEqual([])
  })
})

test('two connections with the same ports stay separate', async () => {
  const older = resolve(import.meta.dirname, '../fixtures/inspect/cases/vxlan.pcap')
  const newer = resolve(import.meta.dirname, '../fixtures/inspect/cases/gre.pcap')
  const later = join(scratch('later'), 'gre.pcap')
  const bytes = readFileSync(newer)
  for (let at = 24; at < bytes.length; at += 16 + bytes.readUInt32LE(at + 8))
    bytes.writeUInt32LE(bytes.readUInt32LE(at) + 60, at)
  writeFileSync(later, bytes)
  const { shown, file } = await written(['--type', 'publish', older, later])
  expect(new Set(shown.map(({ connection }) => connection))).toEqual(new Set([1, 2]))
  expect((await packets([file])).map(essence)).toHaveLength(shown.length)
})

test.each([
  ['2553', 18_400_000_000n],
  ['2555', 18_460_000_000n],
  ['586000', 18_400_000_000_000n],
])('a packet of the year %s keeps its time (H48)', async (_year, second) => {
  const source = join(scratch('late'), 'late.pcapng')
  const ticks = second * 1_000_000n + 250_000n
  const packet = ethernet(ipv4(tcp({ payload: '\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0' })))
  writeFileSync(source, Buffer.concat([section(), interfaceBlock(), packetBlock({ bytes: packet, ticks })]))
  const { shown, file } = await written([source])
  expect(shown.map(({ time }) => time)).toEqual([`${second}.250000000`])
  expect((await packets([file])).map(essence)).toEqual(shown.map(essence))
})

test('bytes from --hex', async () => {
  const { shown, file } = await written(['--hex', '32 0a 00 03 61 2f 62 00 07 68 69 21'])
  const again = await packets([file])
  expect(again.map(({ type }) => type)).toEqual(shown.map(({ type }) => type))
  expect(again[0]!.violations).toBeUndefined()
})

peerTest('tshark reads the same', ['tshark'], async () => {
  const { shown, file } = await written(['--type', 'publish', '--type', 'connect', picture])
  const fields = ['-T', 'fields', '-e', 'frame.time_epoch', '-e', 'mqtt.msgtype']
  const { stdout } = await start(findPeer('tshark')!, ['-n', '-r', file, '-Y', 'mqtt', ...fields]).ended
  const theirs = stdout.toString().trim().split('\n')
  expect(theirs).toEqual(shown.map(({ time, type }) => `${time}\t${type === 'CONNECT' ? 1 : 3}`))
})
