// Support for the AbortSignal of a caller.

/**
 * Settles like `work`. If `signal` aborts first, calls `aborted` and throws the signal's reason.
 */
export async function unlessAborted<T>(
  signal: AbortSignal | undefined,
  work: Promise<T>,
  aborted: () => void = () => {},
): Promise<T> {
  if (signal === undefined) return work
  let abort = () => {}
  const given = new Promise<never>((_resolve, reject) => {
    abort = () => {
      aborted()
      reject(signal.reason)
    }
  })
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([given, work])
  } finally {
    signal.removeEventListener('abort', abort)
    work.catch(() => {}) // avoids an unhandled rejection after an abort
  }
}
