// The embedded broker for test suites: checks its options and starts it.
import type { RunningBroker } from '../broker/broker.js'
import { oneOf, whole } from './checks.js'
import { ofKind, own, startBrokerNames } from './names.js'
import type { Broker, StartBrokerOptions } from './types.js'
import { warnOfLog } from './warnings.js'

const ports = [0, 65_535] as const
/** In bytes: a PUBLISH must be possible; four bytes of Remaining Length say no more (MQTT 5.0, 2.1.4). */
const packetSizes = [20, 268_435_460] as const

/** @throws MqttxError */
export async function launch(given: StartBrokerOptions): Promise<Broker> {
  return handleOf(await started(own(given, startBrokerNames)))
}

async function started(options: StartBrokerOptions): Promise<RunningBroker> {
  const { host = '127.0.0.1', port = 0, wsPort, allowAnonymous = false, maxPacketSize, onLog } = options
  const settings = {
    maxQos: oneOf('maxQos', options.maxQos ?? 2, [0, 1, 2]),
    retain: options.retain ?? true,
    maxPacketSize:
      maxPacketSize === undefined ? undefined : whole('maxPacketSize', maxPacketSize, packetSizes),
    receiveMaximum: whole('receiveMaximum', options.receiveMaximum ?? 65_535, [1, 65_535]),
    maxKeepAlive: whole('maxKeepAlive', options.maxKeepAlive ?? 0, [0, 65_535]),
    topicAliasMaximum: whole('topicAliasMaximum', options.topicAliasMaximum ?? 10, [0, 65_535]),
  }
  whole('port', port, ports)
  const others = wsPort === undefined ? [] : [{ scheme: 'ws', port: whole('wsPort', wsPort, ports) } as const]
  const log = logger(onLog)
  const core = await import('../broker/broker.js')
  return core.startBroker({
    ...{ bind: host, port, others, allowAnonymous, settings, log },
    authenticate: authenticator(options),
    authorize: authorizer(options, log),
  })
}

function authenticator({ authenticate }: StartBrokerOptions) {
  if (authenticate === undefined) return undefined
  return async (user: string, password: Buffer): Promise<boolean> => {
    const verdict = await authenticate(user, password)
    ofKind('the result of authenticate', verdict, 'boolean')
    return verdict
  }
}

/** What the callback throws must not reach the broker: it is a process warning. */
function logger(onLog: StartBrokerOptions['onLog']): (line: string) => void {
  if (onLog === undefined) return () => {}
  return (line) => {
    try {
      onLog(line)
    } catch (error) {
      warnOfLog(error)
    }
  }
}

/** A callback that throws or returns something else denies: its mistake must not end the broker. */
function authorizer({ authorize }: StartBrokerOptions, log: (line: string) => void) {
  if (authorize === undefined) return undefined
  return (
    { clientId, user }: { clientId: string; user: string | undefined },
    action: 'publish' | 'subscribe' | 'receive',
    topic: string,
  ) => {
    try {
      const verdict = authorize({ clientId, username: user }, action, topic)
      ofKind('the result of authorize', verdict, 'boolean')
      return verdict
    } catch (error) {
      log(`authorize failed: ${error instanceof Error ? error.message : String(error)}`)
      return false
    }
  }
}

function handleOf({ address, urls, close }: RunningBroker): Broker {
  let closing: Promise<void> | undefined
  const closeOnce = (): Promise<void> => (closing ??= close())
  return {
    ...{ url: urls[0]!, urls, host: address.host, port: address.port },
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  }
}
