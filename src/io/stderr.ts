// Standard error: writing never fails, never blocks, and uses bounded memory.
import type { Writable } from 'node:stream'

/** Bytes that may be buffered for a slow reader. Messages beyond that are dropped and counted. */
const mostWaiting = 256 * 1024
/** After these errors a later write may succeed. */
const temporary = ['ENOSPC', 'EDQUOT', 'EAGAIN']

type Done = (error?: Error | null) => void

/**
 * Replaces `stream.write` by one that ignores errors, thrown or emitted, and drops messages while the buffer is full; the
 * number of dropped messages is written when there is room again. Modifies `stream`, as packages and Node write to
 * process.stderr too.
 */
export function neverFailing<S extends Writable>(stream: S): S {
  const write = stream.write.bind(stream) as (chunk: Uint8Array | string, ...rest: unknown[]) => boolean
  let broken = false
  let dropped = 0
  const fail = (error: Error & { code?: unknown }) => {
    broken ||= !temporary.includes(String(error.code))
  }
  const guarded = (chunk: Uint8Array | string, ...rest: unknown[]): boolean => {
    const waiting = stream.writableLength
    const full = waiting > 0 && waiting + chunk.length > mostWaiting && chunk.length > 0
    if (broken || full) {
      dropped++
      const done = rest.find((argument) => typeof argument === 'function') as Done | undefined
      if (done !== undefined) process.nextTick(done)
      return broken // a broken stream emits no 'drain'
    }
    try {
      if (dropped > 0 && chunk.length > 0) {
        const count = dropped
        dropped = 0
        write(`(${count} ${count === 1 ? 'message' : 'messages'} not shown: standard error was not read)\n`)
      }
      return write(chunk, ...rest)
    } catch (error) {
      fail(error as Error) // writes to a file are synchronous and throw
      return true
    }
  }
  stream.on('error', fail)
  return Object.assign(stream, { write: guarded })
}

/**
 * Waits until everything has been written, as long as the reader makes progress.
 * @param stalledMs milliseconds without progress
 * @returns false if the reader has stopped
 */
export async function written(stream: Writable, stalledMs: number): Promise<boolean> {
  if (stream.writableLength === 0 || stream.errored !== null) return true
  let timer: NodeJS.Timeout | undefined
  const done = new Promise<boolean>((resolve) => void stream.write('', () => resolve(true)))
  const stalled = new Promise<boolean>((resolve) => {
    let before = stream.writableLength
    timer = setInterval(() => {
      if (stream.writableLength >= before) resolve(false)
      before = stream.writableLength
    }, stalledMs)
  })
  return Promise.race([done, stalled]).finally(() => clearInterval(timer))
}
