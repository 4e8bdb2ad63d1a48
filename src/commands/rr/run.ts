// mqttx rr: one request, one for each line, or a responder (--serve).
import { type ConnectOptions, connectOptions, defaultWindow } from '../../connection/options.js'
import type { Host } from '../../host.js'
import { Output } from '../../io/output.js'
import { createDiagnostics } from '../diagnostics.js'
import { announceStdin, loadPayload } from '../payload.js'
import { paletteFor } from '../printer.js'
import { withTrace } from '../tracing.js'
import { requestLines, requestOnce } from './requests.js'
import { answerRequests } from './responder.js'
import type { RrArgs } from './spec.js'

export async function run(args: RrArgs, host: Host): Promise<number> {
  const several = args.serve || args.stdinLine
  const options = await connectOptions(
    args,
    {
      pid: host.pid,
      maxInFlight: args.maxInflight ?? defaultWindow,
      // As mosquitto_rr: no more than the expected answers.
      receiveMaximum: several ? defaultWindow : Math.min(args.replies, defaultWindow),
      noDelay: true,
      reconnects: Number.POSITIVE_INFINITY,
    },
    host,
  )
  return withTrace(args, options, host, (traced) => serveOrAsk(args, traced, host))
}

async function serveOrAsk(args: RrArgs, options: ConnectOptions, host: Host): Promise<number> {
  const diagnostics = createDiagnostics(args, host)
  if (args.serve) return answerRequests(args, options, { host, diagnostics })
  if (args.stdinLine || args.stdinFile || args.file === '-') announceStdin(args, host)
  const io = { host, diagnostics, output: new Output(host.stdout), palette: await paletteFor(host) }
  // No reconnect: repeating a request whose answer may have been lost is left to the user.
  const once = { ...options, reconnects: 0 }
  if (args.stdinLine) return requestLines(args, once, io)
  return requestOnce(args, once, { payload: await loadPayload(args, host), io })
}
