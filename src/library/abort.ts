// AbortSignals that a caller hands in.

/**
 * Settles as `work` does. Where `signal` is aborted first: calls `aborted`, then throws the reason of the signal.
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
    work.catch(() => {}) // after an abort nobody asks how it went
  }
}
