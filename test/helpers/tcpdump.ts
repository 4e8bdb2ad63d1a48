// Captures on loopback by tcpdump, for the tests that compare what was read from a capture with what was sent.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished, type TestContext } from 'vitest'
import type { CaptureOptions } from '../../src/capture/options.js'
import { type CaptureLog, read } from './capture-log.js'
import { findPeer } from './peers.js'
import { scratch, start } from './run.js'
import { once } from './wait.js'

export interface Dump {
  readonly file: string
  /** Waits until the capture shows the ends of so many connections. */
  closed(connections?: number, settings?: CaptureOptions): Promise<CaptureLog>
  /** Ends it; how many packets the kernel had no room for. */
  dropped(): Promise<number>
}

/** KiB that the kernel keeps while tcpdump is not on a processor: all traffic of a test many times over. */
const room = 65_536
const attempts = 5
const longWaitMs = 15_000
/** For a test that captures once or twice, on a busy machine. */
export const captureTimeoutMs = 90_000

/** Starts tcpdump, and returns when it is listening. It needs the right to capture. */
export async function tcpdump(
  context: TestContext,
  port: number,
  options: readonly string[] = ['-i', 'lo'],
): Promise<Dump> {
  const file = join(scratch('tcpdump'), 'capture')
  const root = process.getuid?.() === 0 ? ['-Z', 'root'] : [] // else it gives up root and cannot write to the folder
  // Whole segments of loopback; written at once, so that the file shows when all of it has come.
  const fixed = ['-B', String(room), '-s', '66000', '-U', '-w', file]
  const running = start(findPeer('tcpdump')!, [...root, ...fixed, ...options, `tcp port ${port}`], {
    timeoutMs: 60_000,
  })
  onTestFinished(() => running.kill('SIGTERM'))
  await running.until((_stdout, stderr) => /listening on|permission|permitted/i.test(stderr))
  if (!/listening on/.test(running.stderr())) {
    if (process.env.CI) throw new Error(running.stderr())
    context.skip(`tcpdump may not capture: ${running.stderr()}`)
  }
  return {
    file,
    // What the kernel still holds when tcpdump is told to end is lost and not counted: so wait first, then end it.
    async closed(connections = 1, settings) {
      const now = () => read(readFileSync(file), settings)
      const ended = () => now().flows.filter(({ closed }) => closed === 'fin' || closed === 'rst').length
      await once(() => ended() >= connections, longWaitMs)
      return now()
    },
    async dropped() {
      running.kill('SIGINT')
      await running.ended
      return Number(/(\d+) packets? dropped by kernel/.exec(running.stderr())![1])
    },
  }
}

export interface Conversation<T> {
  readonly options?: readonly string[]
  readonly connections?: number
  /** Talks to the port, and ends all of its connections. */
  readonly body: () => Promise<T>
  readonly settings?: () => CaptureOptions
}

/**
 * Captures a conversation as a whole. Where the kernel says that it dropped packets the capture proves nothing: it is
 * made again, and when that does not help the test fails.
 */
export async function captured<T>(
  context: TestContext,
  port: number,
  { options, connections, body, settings }: Conversation<T>,
): Promise<{ log: CaptureLog; told: T; file: string }> {
  const lost: number[] = []
  while (lost.length < attempts) {
    const dump = await tcpdump(context, port, options)
    const told = await body()
    // A capture with holes need not show the end of its connection.
    const log = await dump.closed(connections, settings?.()).catch((error: Error) => error)
    const dropped = await dump.dropped()
    if (dropped === 0 && log instanceof Error) throw log
    if (dropped === 0) return { log: log as CaptureLog, told, file: dump.file }
    lost.push(dropped)
  }
  throw new Error(`the kernel dropped packets of ${attempts} captures: ${lost.join(', ')}`)
}
