// --latency: the time until the answer, in mosquitto_rr's format.

/** Formats a duration: seconds with nine digits after the point, smaller units with six, nanoseconds with none. */
export function latencyText(milliseconds: number): string {
  const nanoseconds = Math.round(milliseconds * 1e6)
  if (nanoseconds >= 1e9) return `Latency: ${(nanoseconds / 1e9).toFixed(9)}`
  if (nanoseconds < 1000) return `Latency: ${nanoseconds}ns`
  if (nanoseconds < 1e6) return `Latency: ${(nanoseconds / 1000).toFixed(6)}µs`
  return `Latency: ${(nanoseconds / 1e6).toFixed(6)}ms`
}
