// A step on the way to a connection, which the caller may give up at any moment.
import type { Duplex } from 'node:stream'

/**
 * The result of `work` on `stream`. If the signal comes first its reason is thrown; whenever this throws, the stream is
 * destroyed.
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
    stream?.on('error', () => {}) // what it says now, after its end was decided, is not news
    stream?.destroy()
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
