// Captures loopback traffic with tcpdump, to compare a decoded capture with the sent packets.
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
  /** Waits until the capture has the end of this number of connections. */
  closed(connections?: number, settings?: CaptureOptions): Promise<CaptureLog>
  /** Ends it; returns the number of packets dropped by the kernel. */
  dropped(): Promise<number>
}

/** Kernel buffer in KiB, many times the traffic of a test. */
const room = 65_536
const attempts = 5
const longWaitMs = 15_000
/** For a test that captures once or twice, on a busy machine. */
export const captureTimeoutMs = 90_000

/** Starts tcpdump and returns when it is capturing. Needs the right to capture. */
export async function tcpdump(
  context: TestContext,
  port: number,
  options: readonly string[] = ['-i', 'lo'],
): Promise<Dump> {
  const file = join(scratch('tcpdump'), 'capture')
  const root = process.getuid?.() === 0 ? ['-Z', 'root'] : [] // otherwise it drops root and cannot write to the folder
  // Whole segments, written immediately, so that the file shows when the capture is complete.
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
    // Packets in the kernel buffer when tcpdump ends are lost and not counted: wait before ending it.
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
  /** Uses the port and ends all of its connections. */
  readonly body: () => Promise<T>
  readonly settings?: () => CaptureOptions
}

/**
 * Captures a conversation completely. If the kernel reports dropped packets, repeats the capture;
 * if that does not help, fails.
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
    // A capture with gaps may lack the end of a connection.
    const log = await dump.closed(connections, settings?.()).catch((error: Error) => error)
    const dropped = await dump.dropped()
    if (dropped === 0 && log instanceof Error) throw log
    if (dropped === 0) return { log: log as CaptureLog, told, file: dump.file }
    lost.push(dropped)
  }
  throw new Error(`the kernel dropped packets of ${attempts} captures: ${lost.join(', ')}`)
}
