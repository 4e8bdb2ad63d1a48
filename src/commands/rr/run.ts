// mqttx rr: one request, a request for each line, or the other side.
import { connectOptions, defaultWindow } from '../../connection/options.js'
import type { Host } from '../../host.js'
import { Output } from '../../io/output.js'
import { announceStdin, loadPayload } from '../payload.js'
import { talk } from '../talk.js'
import type { RrArgs } from './requester.js'
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
  const saying = talk(args, host)
  if (args.serve) return answerRequests(args, options, { host, talk: saying })
  if (args.stdinLine || args.stdinFile || args.file === '-') announceStdin(args, host)
  const world = { host, talk: saying, output: new Output(host.stdout) }
  // A request whose answer may have gone down with a connection is not made again behind anybody's back.
  const once = { ...options, reconnects: 0 }
  if (args.stdinLine) return requestLines(args, once, world)
  return requestOnce(args, once, { payload: await loadPayload(args, host), world })
}
