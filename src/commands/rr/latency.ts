// --latency: how long an answer took, in the reference's form.

/** A duration as printf has it: seconds to the nanosecond, and smaller units with six digits. */
export function latencyText(milliseconds: number): string {
  const nanoseconds = Math.round(milliseconds * 1e6)
  if (nanoseconds >= 1e9) return `Latency: ${(nanoseconds / 1e9).toFixed(9)}`
  if (nanoseconds < 1000) return `Latency: ${nanoseconds}ns`
  if (nanoseconds < 1e6) return `Latency: ${(nanoseconds / 1000).toFixed(6)}µs`
  return `Latency: ${(nanoseconds / 1e6).toFixed(6)}ms`
}
