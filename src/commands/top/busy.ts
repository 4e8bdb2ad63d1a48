// How busy this process is.

/** @returns a function that returns the share of the time since its last call in which the process was busy, 0 to 1 */
export function busyShare(now: () => number): () => number {
  let before = now()
  if (typeof performance.eventLoopUtilization !== 'function') {
    let cpu = process.cpuUsage()
    return () => {
      const { user, system } = process.cpuUsage(cpu)
      const share = (user + system) / 1000 / Math.max(1, now() - before)
      cpu = process.cpuUsage()
      before = now()
      return Math.min(1, share)
    }
  }
  let last = performance.eventLoopUtilization()
  return () => {
    const current = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(current, last)
    last = current
    return utilization
  }
}
