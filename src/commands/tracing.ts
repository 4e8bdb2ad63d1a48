// --trace for a command that connects; trace.ts is loaded when it is given.
import { serverOf } from '../connection/ends.js'
import type { ConnectOptions } from '../connection/options.js'
import { ExitCode } from '../errors.js'
import type { Host } from '../host.js'
import type { TraceArgs } from './trace-args.js'

/**
 * Runs `work` with options whose connections are traced, if `args` ask for it. What `work` throws or returns counts before
 * a trace that cannot be written, which is only reported.
 * @returns the exit status of `work`; 14 in place of 0 if the trace could not be written
 * @throws MqttxError if the file of the trace cannot be opened; what `work` throws
 */
export async function withTrace(
  args: TraceArgs,
  options: ConnectOptions,
  host: Host,
  work: (options: ConnectOptions) => Promise<number>,
): Promise<number> {
  if (!args.trace && args.traceFile === undefined) return work(options)
  const { startTrace } = await import('./trace.js')
  const trace = await startTrace(args, serverOf(options), host)
  let isWhole = false
  let status: number
  try {
    status = await work({
      ...options,
      observe: (stream) => trace.observe(stream),
      observeDatagrams: (ends) => trace.observeDatagrams(ends),
    })
  } finally {
    isWhole = await trace.end()
  }
  return status === ExitCode.ok && !isWhole ? ExitCode.system : status
}
