// A subscriber as the checks of deliveries see it: suspected violations, held until its connection ends.
import type { Packet } from '../packet.js'
import type { RuleKey } from '../rules.js'
import type { ConnectionState } from './state.js'

const mostSuspicions = 100

interface Suspicion {
  readonly key: RuleKey
  readonly packet: number
  readonly message: string
  /** A message that came back to its publisher. Reported only if another subscriber received it exactly once. */
  readonly echo: { readonly hash: number; readonly topic: number } | undefined
  witness: InspectedSubscriber | undefined
}

/** A connection that has sent SUBSCRIBE. */
export class InspectedSubscriber {
  readonly state: ConnectionState
  readonly bit: number
  /** It received a message that the capture does not explain. */
  doubtful = false
  readonly suspicions: Suspicion[] = []

  constructor(state: ConnectionState, bit: number) {
    this.state = state
    this.bit = bit
  }

  doubt(): void {
    this.doubtful = true
    this.suspicions.length = 0
  }

  suspect(key: RuleKey, packet: Packet, message: string, echo?: Suspicion['echo']): void {
    if (this.suspicions.length >= mostSuspicions) return
    this.suspicions.push({ key, packet: packet.number, message, echo, witness: undefined })
  }
}
