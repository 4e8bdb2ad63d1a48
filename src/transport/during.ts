// Runs one step of opening a connection, which the caller may abort.
import type { Duplex } from 'node:stream'

/**
 * The result of `work` on `stream`. On failure the stream is destroyed.
 * @throws what `work` throws; the reason of `signal` if it is aborted before
 */
export async function during<T>(
  signal: AbortSignal,
  stream: Duplex | undefined,
  work: Promise<T>,
): Promise<T> {
  let abort = () => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason as Error)
  })
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([aborted, work])
  } catch (error) {
    stream?.on('error', () => {}) // ignore further errors
    stream?.destroy()
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
