// mqttx sub: subscribes, prints what comes, ends when it is enough.
import { connectOptions, defaultWindow } from '../../connection/options.js'
import type { Host } from '../../host.js'
import { Output } from '../../io/output.js'
import { createDiagnostics } from '../diagnostics.js'
import type { SubArgs } from './spec.js'
import { Subscriber } from './subscriber.js'

const mostInFlight = 65_000 // --remove-retained leaves Packet Identifiers for SUBSCRIBE

export async function run(args: SubArgs, host: Host): Promise<number> {
  const options = await connectOptions(
    args,
    {
      pid: host.pid,
      maxInFlight: Math.min(args.maxInflight ?? defaultWindow, mostInFlight),
      // Not more than what is wanted: the server keeps the rest for the next subscriber of this session.
      receiveMaximum: Math.min(args.count ?? defaultWindow, defaultWindow),
      noDelay: true,
      reconnects: Number.POSITIVE_INFINITY,
    },
    host,
  )
  const output = new Output(host.stdout)
  const subscriber = new Subscriber(args, options, { host, output, diagnostics: createDiagnostics(args, host) })
  return subscriber.run()
}
