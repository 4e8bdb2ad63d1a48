// The responder of bench rr, at a server that stops reading.
import { expect, test } from 'vitest'
import type { Publish } from '../../../src/codec/publish.js'
import { preparePublish } from '../../../src/codec/publish-properties.js'
import type { BenchConnection } from '../../../src/commands/bench/connection.js'
import { BenchResponder } from '../../../src/commands/bench/responder.js'
import { RunStats } from '../../../src/commands/bench/run-stats.js'
import { stampSize, writeStamp } from '../../../src/commands/bench/stamp.js'
import { wholeRun } from '../../../src/commands/bench/workload.js'

function request(size: number): Publish {
  const bytes = Buffer.alloc(stampSize + size)
  const times = { intended: 1, sent: 1 }
  writeStamp(bytes, { measured: true, host: 1, run: 7, client: 0, sequence: 0, ...times })
  return { bytes, payload: bytes, payloadStart: 0, payloadEnd: bytes.length } as unknown as Publish
}

test.each([
  ['large payloads', 1_000_000, 't', 67],
  ['long topics', 0, 'x'.repeat(65_000), 1031],
  ['many', 0, 't', 65_536],
])('the queue of responses is bounded in number and bytes: %s', (_, size, topic, most) => {
  const stats = new RunStats()
  const connection = { ready: false, drain: () => new Promise(() => {}), publish: () => sent++ }
  let sent = 0
  const template = preparePublish(topic, { qos: 0, retain: false, version: 4 })
  const responder = new BenchResponder(connection as unknown as BenchConnection, {
    ...{ stats, run: 7, shard: wholeRun, template: () => template },
    failed: (error) => {
      throw error
    },
  })
  const one = request(size)
  for (let i = 0; i < most + 10; i++) responder.message(one)
  expect(stats.failed).toEqual({ 'response dropped: queue full': 10 })

  connection.ready = true
  responder.answer()
  expect(sent).toBe(most)
  responder.message(one)
  responder.answer()
  expect(sent).toBe(most + 1)
})
