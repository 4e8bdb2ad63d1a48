// --trace for a command that connects; trace.ts is loaded when it is given.
import { serverOf } from '../connection/ends.js'
import type { ConnectOptions } from '../connection/options.js'
import { clause, ExitCode } from '../errors.js'
import type { Host } from '../host.js'
import { say } from '../io/say.js'
import type { TraceArgs } from './trace-args.js'

/**
 * Runs `work` with options whose connections are traced, if `args` ask for it. What `work` throws or returns counts before
 * a trace that cannot be written, which is then only reported.
 * @returns the exit status of `work`
 * @throws MqttxError if the trace cannot be written; what `work` throws
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
  let hasFailed = true
  try {
    const status = await work({ ...options, observe: (stream) => trace.observe(stream) })
    hasFailed = status !== ExitCode.ok
    return status
  } finally {
    await trace.end().catch((error: Error) => {
      if (!hasFailed) throw error
      say(host.stderr, clause(error))
    })
  }
}
