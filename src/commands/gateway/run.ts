// mqttx gateway: runs a gateway of MQTT-SN until a signal.
import type { Args } from '../../cli/option.js'
import { connectOptions } from '../../connection/options.js'
import { readPredefined } from '../../connection/sn-predefined.js'
import { ExitCode } from '../../errors.js'
import type { Host } from '../../host.js'
import { print } from '../../io/print.js'
import { shownLine } from '../../text.js'
import { Log } from '../log.js'
import { untilSignal } from '../server.js'
import type { gateway } from './spec.js'

type GatewayArgs = Args<typeof gateway.options>

const defaultBind = '127.0.0.1'
/** Messages of QoS 1 and 2 in flight to the server, on one connection. */
const maxInFlight = 1000
/** The same from the server (MQTT 5): more wait there. */
const receiveMaximum = 100

export async function run(args: GatewayArgs, host: Host): Promise<number> {
  const journal = new Log(host.stderr)
  const log = (line: string): void => {
    if (!args.quiet) journal.write(shownLine(line))
  }
  const { startGateway } = await import('../../gateway/gateway.js')
  const { listen, target = {}, aggregate, gatewayId, advertise, retryCount } = args
  const predefined = readPredefined(args.predefinedTopics)
  const { username: _, pw: __, ...server } = target
  const connect = await connectOptions(
    {
      ...{ wsPath: '/mqtt', ws: false, srv: false, retry: 0, disableCleanSession: false },
      ...{ willQos: 0, willRetain: false, nodelay: true },
      ...args,
      ...server,
      ...{ bind: undefined },
    },
    { pid: host.pid, maxInFlight, receiveMaximum, noDelay: true, reconnects: Number.POSITIVE_INFINITY },
    host,
  )
  const { stopped, again, release } = untilSignal(host)
  try {
    const running = await startGateway({
      ...{ connect, aggregate, predefined, gatewayId, advertise, log },
      bind: listen?.bind ?? args.bind ?? defaultBind,
      port: listen!.port,
      names: ['--listen', '--bind'],
      retryMs: args.retryInterval * 1000,
      retries: retryCount,
      limits: { clients: args.maxClients, queueMessages: args.maxQueue },
    })
    try {
      await print(host.stdout, `${running.url}\n`)
      await stopped
    } finally {
      await Promise.race([running.close(), again])
    }
    return ExitCode.ok
  } finally {
    release()
  }
}
