// mqttx rr: one request, a request for each line, or the other side.
import { connectOptions, defaultWindow } from '../../connection/options.js'
import type { Host } from '../../host.js'
import { Output } from '../../io/output.js'
import { announceStdin, loadPayload } from '../payload.js'
import { createDiagnostics } from '../diagnostics.js'
import type { RrArgs } from './spec.js'
import { requestLines, requestOnce } from './requests.js'
import { answerRequests } from './responder.js'

export async function run(args: RrArgs, host: Host): Promise<number> {
  const several = args.serve || args.stdinLine
  const options = await connectOptions(
    args,
    {
      pid: host.pid,
      maxInFlight: args.maxInflight ?? defaultWindow,
      // As the reference: not more than what is awaited.
      receiveMaximum: several ? defaultWindow : Math.min(args.replies, defaultWindow),
      noDelay: true,
      reconnects: Number.POSITIVE_INFINITY,
    },
    host,
  )
  const diagnostics = createDiagnostics(args, host)
  if (args.serve) return answerRequests(args, options, { host, diagnostics })
  if (args.stdinLine || args.stdinFile || args.file === '-') announceStdin(args, host)
  const io = { host, diagnostics, output: new Output(host.stdout) }
  // A request whose answer may have gone down with a connection is not made again behind anybody's back.
  const once = { ...options, reconnects: 0 }
  if (args.stdinLine) return requestLines(args, once, io)
  return requestOnce(args, once, { payload: await loadPayload(args, host), io })
}
