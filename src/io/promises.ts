// Promises that are settled from outside, and promises that are waited for only so long.

export interface Resolvers<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: Error): void
}

/** Promise.withResolvers, which Node 20 does not have. A rejection that nobody awaits is not reported. */
export function withResolvers<T = void>(): Resolvers<T> {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  promise.catch(() => {})
  return { promise, resolve, reject }
}

/**
 * Resolves with `work`, or after `ms` milliseconds without it.
 * @throws what `work` throws before
 */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    work.catch(() => {}) // too late to matter
  }
}
