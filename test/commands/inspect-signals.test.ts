// `mqttx inspect` handles signals during long work, and a second signal ends it at once (H27).
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { constants, deflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { opening, pcap, timed, toClient, toServer } from '../helpers/capture-builder.js'
import { scratch, startMqttx } from '../helpers/run.js'

/** Compressed WebSocket frames, each of which inflates to 60 MB of PINGREQ. */
function bomb(): Buffer {
  const frames = [...opening()]
  const head = 'Upgrade: websocket\r\nConnection: Upgrade\r\n'
  const request = `GET / HTTP/1.1\r\n${head}Sec-WebSocket-Protocol: mqtt\r\n\r\n`
  const answer = `HTTP/1.1 101 x\r\n${head}Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n`
  frames.push(toServer({ seq: 1000, ack: 5000, payload: request }))
  frames.push(toClient({ seq: 5000, ack: 1000 + request.length, payload: answer }))
  const pings = Buffer.alloc(60_000_000, Buffer.from([0xc0, 0]))
  const deflated = deflateRawSync(pings, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
  let seq = 1000 + request.length
  for (let i = 0; i < 3; i++) {
    const length = Buffer.alloc(8)
    length.writeUInt32BE(deflated.length, 4)
    const frame = Buffer.concat([Buffer.from([0xc2, 0xff]), length, Buffer.alloc(4), deflated])
    for (let at = 0; at < frame.length; at += 40_000) {
      const payload = frame.subarray(at, at + 40_000)
      frames.push(toServer({ seq, ack: 5000 + answer.length, payload }))
      seq += payload.length
    }
  }
  return pcap(timed(frames))
}

const file = join(scratch('bomb'), 'bomb.pcap')
writeFileSync(file, bomb())

test.each(['SIGINT', 'SIGTERM'] as const)(
  'E10: %s inside a message that inflates to 60 MB ends it, without reports about the rest',
  async (signal) => {
    const running = startMqttx(['inspect', '--view', 'line', file], { timeoutMs: 60_000 })
    await running.until((stdout) => stdout.includes('PINGREQ'))
    running.kill(signal)
    const { status, stdout, stderr } = await running.ended
    expect(status).toBe(signal === 'SIGINT' ? 130 : 143)
    expect(stderr).toBe(`Error: Ended by ${signal}: the input was not read to the end\n`)
    // The complete output would have 90 million lines.
    expect(stdout.length).toBeLessThan(1_000_000_000)
    expect(stdout.toString('latin1', stdout.length - 100)).toMatch(
      /connection 1 .*not followed to its end\n$/,
    )
  },
)

test('a second signal ends it at once even if its output is not read', async () => {
  const running = startMqttx(['inspect', '--view', 'line', file], { timeoutMs: 60_000 })
  await running.until((stdout) => stdout.includes('PINGREQ'))
  // Its output is not read any more, so it cannot end by itself.
  running.child.stdout?.pause()
  const exited = new Promise((resolve) => running.child.once('exit', resolve))
  // The first signal is handled within a turn; one of the following ones finds no handler.
  const again = setInterval(() => running.kill('SIGINT'), 200)
  await exited
  clearInterval(again)
  running.child.stdout?.resume()
  expect((await running.ended).status).toBe(130)
})
