// Standard error: messages for people. Writing there never fails, never waits, and keeps a bounded amount of memory.
import type { Writable } from 'node:stream'

/** Bytes that may wait for a slow reader. Messages beyond that are dropped and counted. */
const mostWaiting = 256 * 1024
/** After these errors a later write may succeed. */
const passing = ['ENOSPC', 'EDQUOT', 'EAGAIN']

type Done = (error?: Error | null) => void

/**
 * Changes `stream.write` so that it is safe to call from anywhere: errors are dropped, whether thrown or emitted, and so
 * are messages for which there is no room. How many were dropped is written as soon as there is room again. Done in
 * place, because packages and Node write to process.stderr too.
 */
export function neverFailing<S extends Writable>(stream: S): S {
  const write = stream.write.bind(stream) as (chunk: Uint8Array | string, ...rest: unknown[]) => boolean
  let broken = false
  let dropped = 0
  const fail = (error: Error & { code?: unknown }) => {
    broken ||= !passing.includes(String(error.code))
  }
  const guarded = (chunk: Uint8Array | string, ...rest: unknown[]): boolean => {
    const waiting = stream.writableLength
    const full = waiting > 0 && waiting + chunk.length > mostWaiting && chunk.length > 0
    if (broken || full) {
      dropped++
      const done = rest.find((argument) => typeof argument === 'function') as Done | undefined
      if (done !== undefined) process.nextTick(done)
      return broken // no 'drain' would come from a broken stream
    }
    try {
      if (dropped > 0 && chunk.length > 0) {
        const count = dropped
        dropped = 0
        write(`(${count} ${count === 1 ? 'message' : 'messages'} not shown: standard error was not read)\n`)
      }
      return write(chunk, ...rest)
    } catch (error) {
      fail(error as Error) // a file is written at once, and its errors are thrown
      return true
    }
  }
  stream.on('error', fail)
  return Object.assign(stream, { write: guarded })
}

/**
 * Waits until everything has been written, as long as the reader goes on reading.
 * @param patienceMs for how long nothing may be read
 * @returns false where the reader has stopped
 */
export async function written(stream: Writable, patienceMs: number): Promise<boolean> {
  if (stream.writableLength === 0 || stream.errored !== null) return true
  let timer: NodeJS.Timeout | undefined
  const done = new Promise<boolean>((resolve) => void stream.write('', () => resolve(true)))
  const stalled = new Promise<boolean>((resolve) => {
    let before = stream.writableLength
    timer = setInterval(() => {
      if (stream.writableLength >= before) resolve(false)
      before = stream.writableLength
    }, patienceMs)
  })
  return Promise.race([done, stalled]).finally(() => clearInterval(timer))
}
