// sub --discover: prints the gateways of MQTT-SN that answer.
import type { FoundGateway } from '../../connection/sn-discover.js'
import { ExitCode, MqttxError } from '../../errors.js'
import type { Host } from '../../host.js'
import { Output } from '../../io/output.js'
import { snPort } from '../../ports.js'
import { jsonOf } from '../../text.js'
import type { SubArgs } from './spec.js'

/** How long answers are awaited without -W, in milliseconds (T_SEARCHGW, MQTT-SN 1.2, 7.2). */
const searchMs = 5000

/** @returns the exit status */
export async function discoverGateways(
  args: SubArgs,
  host: Host,
  { addressText, discover }: typeof import('../../connection/sn.js'),
): Promise<number> {
  const { count = Number.POSITIVE_INFINITY, timeout, port = snPort, bind } = args
  const output = new Output(host.stdout)
  const end = new AbortController()
  const off = host.onSignal(['SIGINT', 'SIGTERM'], () => end.abort())
  const timer = setTimeout(() => end.abort(), timeout === undefined ? searchMs : timeout * 1000)
  let printed = 0
  const found = (gateway: FoundGateway): void => {
    if (printed >= count) return
    printed++
    output.text(
      `${args.json ? jsonOf(gateway) : `${gateway.id} ${addressText({ host: gateway.address, port: gateway.port })}`}\n`,
    )
    void output.flush()?.catch(() => end.abort())
    if (printed >= count) end.abort()
  }
  try {
    await discover({ host: args.host, port, localAddress: bind }, found, end.signal)
  } finally {
    clearTimeout(timer)
    off()
  }
  await output.finish()
  if (printed > 0) return ExitCode.ok
  throw new MqttxError('Timed out: no gateway has answered', {
    exitCode: ExitCode.timeout,
    hint: `gateways are searched on UDP port ${port}: give the host and the port of one with -h and -p`,
  })
}
