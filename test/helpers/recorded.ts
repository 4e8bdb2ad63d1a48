// Captures loopback traffic of a function with tcpdump.
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { onTestFinished, type TestContext } from 'vitest'
import { findPeer } from './peers.js'
import { scratch, start } from './run.js'
import { once } from './wait.js'

const mark = 'that is all'

/**
 * Captures the traffic of `port` while `scene` runs; returns the file. Skips the test without the right to capture. If
 * the kernel reports dropped packets, as on a busy machine, runs `scene` once more.
 */
export async function recorded(
  context: TestContext,
  port: number,
  scene: (attempt: number) => Promise<void>,
): Promise<string> {
  for (let attempt = 1; attempt <= 3; attempt++) {
    const file = join(scratch('tcpdump'), 'capture')
    const root = process.getuid?.() === 0 ? ['-Z', 'root'] : [] // otherwise it drops root and cannot write to the folder
    const options = [...root, '-i', 'lo', '-B', '16384', '-s', '66000', '-U', '-w', file, `tcp port ${port}`]
    const running = start(findPeer('tcpdump')!, options, { timeoutMs: 120_000 })
    onTestFinished(() => running.kill('SIGTERM'))
    await running.until((_stdout, stderr) => /listening on|permission|permitted/i.test(stderr))
    if (!/listening on/.test(running.stderr())) {
      if (process.env.CI) throw new Error(running.stderr())
      context.skip(`tcpdump may not capture: ${running.stderr()}`)
    }
    await scene(attempt)
    connect(port, '127.0.0.1')
      .on('error', () => {})
      .end(mark)
    await once(() => readFileSync(file).includes(mark))
    running.kill('SIGINT')
    await running.ended
    if (Number(/(\d+) packets? dropped by kernel/.exec(running.stderr())?.[1] ?? 0) === 0) return file
  }
  context.skip('the kernel dropped packets of three captures')
}
