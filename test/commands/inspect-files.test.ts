// `mqttx inspect` with several files: one capture in the order of record times, with few files open at once.
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import * as zlib from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { CaptureReader } from '../../src/capture/open.js'
import { readFiles } from '../../src/commands/capture-files.js'
import {
  ethernet,
  interfaceBlock,
  ipv4,
  opening,
  packetBlock,
  pcap,
  section,
  tcp,
  toServer,
} from '../helpers/capture-builder.js'
import { CaptureLog } from '../helpers/capture-log.js'
import { isBun, mqttx, scratch } from '../helpers/run.js'

interface Read {
  readonly log: CaptureLog
  /** Maximum number of files open at once. */
  readonly open: number
  /** Chunks read before the first file was closed. */
  readonly left: number
}

/** Reads files from memory in chunks of `size` bytes. */
async function read(files: Record<string, Buffer>, { size = 64, enough = Infinity } = {}): Promise<Read> {
  const log = new CaptureLog()
  const reader = new CaptureReader(log, { ports: [1883] })
  let [open, most, chunks] = [0, 0, 0]
  await readFiles(Object.keys(files), {
    reader,
    async *open(name) {
      most = Math.max(most, ++open)
      try {
        const bytes = files[name]!
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
      } finally {
        open -= 1
      }
    },
    enter() {},
    after: async () => ++chunks < enough,
  })
  reader.end()
  return { log, open: most, left: open }
}

const connect = '\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0'
const letters = 'abcdefghijklmnopqrstuvwxyz'
const letter = (index: number) => toServer({ seq: 1014 + index, payload: letters[index]! })
const start = [...opening(), toServer({ seq: 1000, payload: connect })]
/** The frames of one connection, one second apart. */
const frames = [...start, ...[...letters].map((_, index) => letter(index))].map((bytes, time) => ({
  bytes,
  time,
}))
const whole = [connect + letters]

function texts({ log }: Read): string[] {
  expect(log.notes).toEqual([])
  return log.flows.map(({ c2s }) => c2s)
}

describe('one connection', () => {
  const part = (from: number, to?: number) => pcap(frames.slice(from, to))

  test.each([1, 50, 1000])(
    'split over consecutive files, in any argument order (chunks of %s bytes)',
    async (size) => {
      const files = { a: part(0, 5), b: part(5, 20), c: part(20) }
      for (const order of ['abc', 'cba', 'bca']) {
        const named = Object.fromEntries([...order].map((name) => [name, files[name as 'a']]))
        const result = await read(named, { size })
        expect(texts(result)).toEqual(whole)
        expect(result.open).toBeLessThanOrEqual(2)
        expect(result.left).toBe(0)
      }
    },
  )

  test.each([1, 50, 1000])('with interleaved records (chunks of %s bytes)', async (size) => {
    const of = (rest: number) => frames.filter((_, index) => index % 3 === rest)
    const files = {
      odd: pcap(of(1)),
      even: pcap(of(0), { little: false }),
      third: pcap(of(2), { nano: true }),
    }
    const result = await read(files, { size })
    expect(texts(result)).toEqual(whole)
    expect(result.log.flows[0]!.retransmitted).toEqual({ c2s: 0, s2c: 0 })
  })

  test('in pcap and in pcapng', async () => {
    const blocks = Buffer.concat([
      section(),
      interfaceBlock(),
      ...frames.slice(10).map(({ bytes, time }) => packetBlock({ bytes, ticks: BigInt(time) * 1_000_000n })),
    ])
    expect(texts(await read({ blocks, first: part(0, 10) }))).toEqual(whole)
  })

  test('one file for each direction', async () => {
    const isAnswer = (_: unknown, index: number) => index === 1
    const files = {
      asked: pcap(frames.filter((frame, index) => !isAnswer(frame, index))),
      answered: pcap(frames.filter(isAnswer)),
    }
    expect(texts(await read(files))).toEqual(whole)
  })

  test('captured at two places is shown as two connections', async () => {
    expect(texts(await read({ a: part(0), b: part(0) }))).toEqual([...whole, ...whole])
    const shifted = pcap(frames.map(({ bytes, time }) => ({ bytes, time: time + 0.25 })))
    expect(texts(await read({ a: part(0), b: shifted }, { size: 50 }))).toEqual([...whole, ...whole])
    const other = pcap(
      [...opening(), toServer({ seq: 1000, payload: 'other' })].map((bytes, time) => ({ bytes, time })),
    )
    expect(texts(await read({ a: part(0), other })).sort()).toEqual([...whole, 'other'])
  })

  test('a SYN retransmitted in the next file opens no other connection', async () => {
    expect(texts(await read({ a: part(0, 1), b: part(0) }))).toEqual(whole)
  })

  test('a thousand files: two are open at once', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `f${(index * 7919) % 1000}`)
    const files = Object.fromEntries(names.map((name): [string, Buffer] => [name, Buffer.alloc(0)]))
    for (let index = 0; index < 1000; index++) {
      const bytes = ethernet(ipv4(tcp({ seq: 1000 + index, payload: letters[index % 26]! })))
      files[`f${index}`] = pcap([{ bytes, time: index / 100 }])
    }
    const result = await read(files)
    expect(result.log.flows.map(({ c2s }) => c2s.replace('<?>', ''))).toEqual([
      letters.repeat(39).slice(0, 1000),
    ])
    expect(result.open).toBeLessThanOrEqual(2)
  })
})

test('byte streams are read in argument order; an empty file is reported', async () => {
  const raw = Buffer.from('\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0\xc0\0', 'latin1')
  const { log } = await read({
    raw,
    later: pcap(frames.slice(10)),
    first: pcap(frames.slice(0, 10)),
    text: Buffer.from('c0 00\n'),
    none: Buffer.alloc(0),
  })
  expect(log.flows.map(({ flow, c2s }) => [flow.protocol, c2s.length])).toEqual([
    ['raw', 16],
    ['tcp', 40],
    ['raw', 2],
  ])
  expect(log.notes).toEqual(['the input is empty'])
})

test('a truncated file, and a file without packets', async () => {
  const cut = pcap(frames.slice(0, 10)).subarray(0, -3)
  const { log } = await read({ rest: pcap(frames.slice(10)), cut, none: pcap([]) })
  expect(log.notes).toHaveLength(1)
  expect(log.notes[0]).toMatch(/^the file ends inside record 10/)
  expect(log.flows[0]!.c2s).toBe(`${connect}abcde<1>${letters.slice(6)}`)
})

test('all files are closed when reading stops early', async () => {
  const of = (rest: number) => pcap(frames.filter((_, index) => index % 2 === rest))
  for (const enough of [1, 2, 5]) {
    const { left, log } = await read({ a: of(0), b: of(1) }, { enough })
    expect(left).toBe(0)
    for (const { closed } of log.flows) expect(closed).not.toBe('')
  }
})

const folder = resolve(import.meta.dirname, '../fixtures/inspect/cases')
const rotated = ['rot.pcap0', 'rot.pcap1', 'rot.pcap2'].map((name) => join(folder, name))

test('a note names its file; a missing file ends the run before any output', async () => {
  const some = await mqttx(['inspect', '--view', 'line', ...rotated, join(folder, 'capture.zip')])
  expect(some.stderr).toContain('capture.zip: offset 0: this is a zip archive')
  expect(some.status).toBe(0)
  const missing = await mqttx(['inspect', '--view', 'line', ...rotated, join(folder, 'none')])
  expect(missing.stderr).toContain('No such file')
  expect(missing.stdout).toHaveLength(0)
  expect(missing.status).toBe(1)
})

test('standard input and a file are read together', async () => {
  const { status, stdout } = await mqttx(['inspect', '--view', 'line', '-', rotated[2]!], {
    stdin: readFileSync(rotated[0]!),
  })
  expect(stdout.toString()).toMatch(/SUBSCRIBE[\s\S]*PINGREQ[\s\S]*DISCONNECT/)
  expect(status).toBe(0)
})

test('a compressed file of several megabytes causes no Node warning (H49)', async () => {
  const file = join(scratch('packed'), 'large.pcap.gz')
  const bytes = readFileSync(rotated[0]!)
  // Random bytes do not compress, so the decompressor is fed often.
  const rest = pcap([{ bytes: randomBytes(250_000) }]).subarray(24)
  writeFileSync(file, zlib.gzipSync(Buffer.concat([bytes, ...Array<Buffer>(24).fill(rest)]), { level: 1 }))
  const { stderr, stdout } = await mqttx(['inspect', '--view', 'line', file])
  expect(stderr.toString()).not.toMatch(/Warning/)
  expect(stdout.toString()).toContain('SUBSCRIBE')
})

test('zstd is decompressed if the runtime supports it, otherwise the error names a command to run', async () => {
  const file = resolve(folder, 'rot.pcap0.zst')
  const { stderr, stdout, status } = await mqttx(['inspect', '--view', 'line', file])
  if (isBun || 'createZstdDecompress' in zlib) {
    expect(stdout.toString()).toContain('SUBSCRIBE')
    expect(stderr).toBe('')
  } else {
    expect(stderr).toContain(
      `this is compressed by zstd; it was not read; run: zstd -dc ${file} | mqttx inspect`,
    )
    expect(status).toBe(41)
  }
})
