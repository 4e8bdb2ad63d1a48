// Happy Eyeballs (RFC 8305): tries several addresses of one name concurrently.

/** Milliseconds between the starts of two attempts (RFC 8305, 5). */
const attemptDelayMs = 250

/** Alternates between the address families, starting with that of the first address (RFC 8305, 4). */
export function interleaved<T extends { readonly family: number }>(addresses: readonly T[]): T[] {
  const first = addresses.filter(({ family }) => family === addresses[0]!.family)
  const others = addresses.filter(({ family }) => family !== addresses[0]!.family)
  const longest = Math.max(first.length, others.length)
  return Array.from({ length: longest }, (_, i) => [first[i], others[i]])
    .flat()
    .filter((address) => address !== undefined)
}

/**
 * The first connection that succeeds; the other attempts are aborted.
 * @throws the first error if all attempts fail
 */
export function firstOf<T, C extends { destroy(): unknown }>(
  targets: readonly T[],
  connect: (target: T, signal: AbortSignal) => Promise<C>,
  signal: AbortSignal,
): Promise<C> {
  const decided = new AbortController()
  const limit = AbortSignal.any([signal, decided.signal])
  return new Promise((resolve, reject) => {
    let failure: Error | undefined
    let started = 0
    let running = 0
    let timer: NodeJS.Timeout | undefined
    const failed = (error: Error) => {
      running--
      failure ??= error
      if (decided.signal.aborted) return
      if (started < targets.length && !signal.aborted) return start()
      if (running === 0) reject(failure)
    }
    const succeeded = (connection: C) => {
      if (decided.signal.aborted) return void connection.destroy()
      clearTimeout(timer)
      decided.abort()
      resolve(connection)
    }
    const start = () => {
      clearTimeout(timer)
      const target = targets[started++]!
      running++
      if (started < targets.length) timer = setTimeout(start, attemptDelayMs)
      connect(target, limit).then(succeeded, failed)
    }
    start()
  })
}
