// Polls for a condition. For tests only: the program itself never polls.

export const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

/** Resolves when `ready` returns true; fails after `limitMs`. */
export async function once(ready: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<void> {
  const deadline = performance.now() + limitMs
  while (!(await ready())) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms`)
    await sleep(10)
  }
}
