// Warnings of Node, which are for developers and not for users.

/** Keeps them from standard error, unless NODE_OPTIONS asks for them with --trace-warnings. Each thread has its own. */
export function hideNodeWarnings(): void {
  if (!/--trace-warnings/.test(process.env.NODE_OPTIONS ?? '')) process.removeAllListeners('warning')
}
