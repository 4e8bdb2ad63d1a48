// Each packet is shown with the frame number under which Wireshark shows it: that of its last byte.
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { opening, pcap, timed, toServer } from '../helpers/capture-builder.js'
import { findPeer, peerTest } from '../helpers/peers.js'
import { mqttx, scratch, start } from '../helpers/run.js'

const fixture = (name: string): string => resolve(import.meta.dirname, '../fixtures/inspect', name)

async function shown(view: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await mqttx(['inspect', '--view', view, ...args])
  return stdout.toString()
}

interface Shown {
  readonly frame?: number
  readonly file?: string
  readonly type: string
}

async function objects(...args: readonly string[]): Promise<Shown[]> {
  const lines = (await shown('json', ...args)).trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as Shown).filter(({ type }) => type !== 'CLOSED')
}

const split = [
  '10 0d 00 04 4d 51 54 54 04 02 00 3c 00 01 63',
  '30 05 00 01 74 68', // its last byte is in the next segment
  '69 30 05 00 01 74 68 6f',
].map((text) => Buffer.from(text.replaceAll(' ', ''), 'hex'))

/** Three frames of the handshake, then a packet in frame 4, one in 5 and 6, and one in 6. */
function splitCapture(name: string, from = 0): string {
  let seq = 1000
  const frames = split.map((payload) => {
    const frame = toServer({ seq, ack: 5000, flags: 'PA', payload })
    seq += payload.length
    return frame
  })
  const file = join(scratch('frames'), name)
  writeFileSync(file, pcap(timed([...opening(), ...frames]).slice(from)))
  return file
}

const views: readonly (readonly [view: string, pattern: RegExp])[] = [
  ['line', / frame (\d+)$/gm],
  ['bytes', /^[→←].* {2}frame (\d+) {2}/gm],
  ['tree', /^[→←].* {2}frame (\d+) {2}/gm],
  ['flow', / frame (\d+) *│/g],
  ['json', /"frame":(\d+),/g],
]

test.each(views)('--view %s shows the frame of the last byte', async (view, pattern) => {
  const text = await shown(view, splitCapture('split.pcap'))
  expect([...text.matchAll(pattern)].map(([, frame]) => Number(frame))).toEqual([4, 6, 6])
})

test.each(views)('--view %s shows no frame for bytes that are not from a network capture', async (view) => {
  expect(await shown(view, '--hex', split.map((part) => part.toString('hex')).join(''))).not.toContain(
    'frame',
  )
})

test('with several files, frames are counted per file and the file is named', async () => {
  const files = [splitCapture('a.pcap'), fixture('picture.pcap')] as const
  const places = (await objects(...files)).map(({ file, frame }) => [file, frame])
  expect(places.filter(([file]) => file === files[0])).toEqual([4, 6, 6].map((frame) => [files[0], frame]))
  expect(places.find(([file]) => file === files[1])).toEqual([files[1], (await objects(files[1]))[0]?.frame])
  for (const view of ['line', 'bytes', 'tree', 'flow']) {
    expect(await shown(view, ...files), view).toMatch(new RegExp(`frame 6 of ${files[0]}(?: |$)`, 'm'))
  }
})

test('a single file is not named', async () => {
  const file = splitCapture('a.pcap')
  expect((await objects(file)).every((object) => object.file === undefined)).toBe(true)
  expect(await shown('line', file)).not.toContain('a.pcap')
})

for (const name of ['mqttv31.pcap', 'mqttv311.pcap', 'mqttv5.pcap', 'picture.pcap', 'split.pcap']) {
  peerTest(`tshark shows each packet of ${name} in the same frame`, ['tshark'], async () => {
    const file = name === 'split.pcap' ? splitCapture(name) : fixture(name)
    const fields = ['-T', 'fields', '-e', 'frame.number', '-e', 'mqtt.msgtype']
    const { stdout } = await start(findPeer('tshark')!, ['-n', '-r', file, '-Y', 'mqtt', ...fields]).ended
    const rows = stdout.toString().trimEnd().split('\n')
    const theirs = rows.flatMap((row) => {
      const [frame, types = ''] = row.split('\t')
      return types.split(',').map(() => Number(frame))
    })
    expect((await objects(file)).map(({ frame }) => frame)).toEqual(theirs)
  })
}
