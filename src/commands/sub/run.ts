// mqttx sub: subscribes and prints messages until -C, -W or a signal ends it.
import { connectOptions, defaultWindow } from '../../connection/options.js'
import type { Host } from '../../host.js'
import { Output } from '../../io/output.js'
import { createDiagnostics } from '../diagnostics.js'
import type { SubArgs } from './spec.js'
import { Subscriber } from './subscriber.js'

const maxInFlight = 65_000 // --remove-retained leaves Packet Identifiers for SUBSCRIBE

export async function run(args: SubArgs, host: Host): Promise<number> {
  const options = await connectOptions(
    args,
    {
      pid: host.pid,
      maxInFlight: Math.min(args.maxInflight ?? defaultWindow, maxInFlight),
      // At most -C, so that the server keeps further messages for the next connection of this Session.
      receiveMaximum: Math.min(args.count ?? defaultWindow, defaultWindow),
      noDelay: true,
      reconnects: Number.POSITIVE_INFINITY,
    },
    host,
  )
  const output = new Output(host.stdout)
  const subscriber = new Subscriber(args, options, {
    host,
    output,
    diagnostics: createDiagnostics(args, host),
  })
  return subscriber.run()
}
