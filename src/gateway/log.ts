// Status lines of a gateway: what happens to clients, in the form of the broker's log.
import type { GatewayEvents, Leaving, Source } from '../sn/gateway-types.js'
import { shown } from '../text.js'

/** What may happen again and again is logged every 10 seconds at most. */
const seldomMs = 10_000

const endings: Readonly<Record<Leaving, string>> = {
  disconnected: 'disconnected',
  lost: 'is lost: nothing came from it for 1.5 times its Keep Alive',
  replaced: 'has gone: its address belongs to another client',
  refused: 'was refused',
  server: 'has lost its connection to the server',
  evicted: 'was forgotten to make room',
  stopped: 'was disconnected',
}

export function logged(log: (line: string) => void): {
  readonly events: GatewayEvents
  dropped(clientId: string, why: string): void
} {
  const drops = seldom((clientId: string, why: string) =>
    log(`Client ${shown(clientId)}: ${why}, messages are lost.`),
  )
  const ignored = seldom((from: string, why: string) =>
    log(`A datagram from ${from} was ignored: ${shown(why)}.`),
  )
  const evictions = seldom((clientId: string, text: string) => log(`Client ${shown(clientId)} ${text}.`))
  const refusals = seldom((clientId: string, from: string, why: string) =>
    log(`Client ${shown(clientId)} from ${from} refused: ${shown(why).replace(/\.$/, '')}.`),
  )
  return {
    dropped: drops,
    events: {
      connected({ clientId, source, clean, keepAlive }) {
        const asked = `c${clean ? 1 : 0}, k${keepAlive}`
        log(`New MQTT-SN client connected from ${from(source)} as ${shown(clientId)} (${asked}).`)
      },
      refused: (clientId, source, why) => refusals(clientId, from(source), why),
      left(clientId, how, detail) {
        const text = detail === undefined ? endings[how] : `${endings[how]}: ${shown(detail)}`
        if (how === 'evicted') evictions(clientId, text)
        else log(`Client ${shown(clientId)} ${text}.`)
      },
      slept: (clientId, seconds) => log(`Client ${shown(clientId)} sleeps for ${seconds} s.`),
      moved: (clientId, source) => log(`Client ${shown(clientId)} is at ${from(source)} now.`),
      dropped: drops,
      ignored: (source, why) => ignored(from(source), why),
    },
  }
}

function from({ key }: Source): string {
  return shown(key)
}

function seldom<T extends readonly unknown[]>(report: (...what: T) => void): (...what: T) => void {
  let last = Number.NEGATIVE_INFINITY
  return (...what) => {
    if (performance.now() - last < seldomMs) return
    last = performance.now()
    report(...what)
  }
}
