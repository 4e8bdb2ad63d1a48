// Damaged streams: nothing throws or hangs, and every view has output. MQTTX_FUZZ=n runs more of them.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { segmentOf } from '../../src/capture/stream.js'
import { Inspector } from '../../src/inspect/inspector.js'
import { BytesView } from '../../src/inspect/views/bytes.js'
import { FlowView } from '../../src/inspect/views/flow.js'
import { JsonView } from '../../src/inspect/views/json.js'
import { LineView } from '../../src/inspect/views/line.js'
import { StatsView } from '../../src/inspect/views/stats.js'
import { TreeView } from '../../src/inspect/views/tree.js'
import type { TextSink, View } from '../../src/inspect/views/view.js'

const streamCount = Number(process.env.MQTTX_FUZZ ?? 3000)
const origin = { record: 1, fileOffset: 0, second: 1_700_000_000, nanos: 0 }

class Text implements TextSink {
  text(text: string): void {
    this.all += text
  }
  range(bytes: Uint8Array, start: number, end: number): void {
    this.all += Buffer.from(bytes.subarray(start, end)).toString()
  }
  all = ''
}

const views: ((sink: TextSink) => View)[] = [
  (sink) => new BytesView(sink),
  (sink) => new LineView(sink),
  (sink) => new TreeView(sink),
  (sink) => new FlowView(sink),
  (sink) => new JsonView(sink, { fields: true }),
  (sink) => new StatsView(sink),
]

/** An MQTT 5 conversation with properties; the test changes bytes in it. */
const healthy = Buffer.from(
  [
    '101a 0004 4d515454 05 c2 000a 05 11 0000000a 0001 61 0001 75 0001 70',
    '820a 0001 02 0b01 0003 612f23 01',
    '3417 0003 612f62 0007 0a 26 0001 61 0001 62 230005 7b7d',
    '6202 0007 c000 e000',
  ]
    .join('')
    .replaceAll(' ', ''),
  'hex',
)

const mutation = fc.tuple(fc.nat(healthy.length - 1), fc.integer({ min: 0, max: 255 }))
const streams = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc.array(mutation, { maxLength: 6 }).map((changes) => {
    const bytes = Buffer.from(healthy)
    for (const [at, value] of changes) bytes[at] = value
    return bytes
  }),
)

test('damaged streams are inspected by every view', { timeout: 60_000 + streamCount * 50 }, () => {
  fc.assert(
    fc.property(
      streams,
      streams,
      fc.record({
        cut: fc.nat(60),
        sawStart: fc.boolean(),
        gap: fc.boolean(),
        udp: fc.boolean(),
        view: fc.nat(views.length - 1),
      }),
      (client, server, { cut, sawStart, gap, udp, view }) => {
        const sink = new Text()
        const inspector = new Inspector({ view: views[view]!(sink) })
        const flow = {
          id: 1,
          protocol: udp ? ('udp' as const) : ('tcp' as const),
          client: 'a:1',
          server: 'b:1883',
          sawStart,
        }
        inspector.open(flow)
        inspector.data(flow, 'c2s', segmentOf(client.subarray(0, cut), 0, origin))
        if (gap) inspector.gap(flow, 'c2s', Math.min(cut, client.length), 10, 'a test')
        inspector.data(flow, 's2c', segmentOf(server, 0, origin))
        const offset = Math.min(cut, client.length) + (gap ? 10 : 0)
        inspector.data(flow, 'c2s', segmentOf(client.subarray(cut), offset, origin))
        inspector.close(flow, 'fin')
        inspector.end()
        if (views[view] === views[4])
          for (const line of sink.all.split('\n')) if (line !== '') JSON.parse(line)
        expect(sink.all).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/)
      },
    ),
    { seed: 7, numRuns: streamCount },
  )
})
