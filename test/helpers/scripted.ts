// A Session whose results are recorded as text.
import { type Incoming, Session, type SessionOptions } from '../../src/session/session.js'

export const puback = 4
export const pubrec = 5
export const pubrel = 6
export const pubcomp = 7
export const acknowledgeNames = { 4: 'PUBACK', 5: 'PUBREC', 6: 'PUBREL', 7: 'PUBCOMP' } as const

export interface Received extends Incoming {
  readonly payload?: string
}

export interface Scripted {
  readonly session: Session<string, Received>
  /** `PUBREL 7`, `PUBLISH 7 DUP` ..., with the Reason Code if there is one. */
  readonly sent: string[]
  readonly delivered: Received[]
  /** Packet Identifiers, with the Reason Code of a refusal. */
  readonly settled: string[]
}

type Withhold = Session<string, Received>['withhold']

/**
 * `refuse`: the Reason Code for a message that the server would refuse when resent; `deliver`: called with each message
 * that is delivered.
 */
export function scripted(
  options: Partial<SessionOptions> & {
    refuse?: (kept: string) => number
    deliver?: (message: Received, withhold: Withhold) => void
  } = {},
): Scripted {
  const sent: string[] = []
  const delivered: Received[] = []
  const settled: string[] = []
  const session = new Session<string, Received>(
    {
      republish(kept, messageId) {
        const reasonCode = options.refuse?.(kept) ?? 0
        if (reasonCode > 0) return { reasonCode }
        sent.push(`PUBLISH ${messageId} DUP ${kept}`)
        return undefined
      },
      acknowledge: (type, messageId, code) =>
        void sent.push(`${acknowledgeNames[type]} ${messageId}${reason(code)}`),
      deliver(message) {
        delivered.push(message)
        options.deliver?.(message, (isRepeated) => session.withhold(isRepeated))
      },
      settle: (messageId, code) => void settled.push(`${messageId}${reason(code)}`),
    },
    { version: 4, maxInFlight: 20, ...options },
  )
  return { session, sent, delivered, settled }
}

function reason(code: number): string {
  return code === 0 ? '' : ` 0x${code.toString(16)}`
}
