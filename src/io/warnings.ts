// Hides warnings of Node, which are for developers.

/** Hides warnings in this thread, unless NODE_OPTIONS has --trace-warnings. */
export function hideNodeWarnings(): void {
  if (!/--trace-warnings/.test(process.env.NODE_OPTIONS ?? '')) process.removeAllListeners('warning')
}
