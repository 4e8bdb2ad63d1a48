// Who may connect.
import { shown } from '../text.js'
import { isLocalPage, isLoopback } from '../transport/loopback.js'
import type { Logins } from './logins.js'

export interface AccessRules {
  /** Without it there are no users: a user name is ignored. */
  readonly logins?: Logins | undefined
  readonly allowAnonymous: boolean
}

export interface Visitor {
  /** undefined: not over a network. */
  readonly address: string | undefined
  readonly user: string | undefined
  readonly password: Buffer | undefined
}

/** `code` is a Reason Code of CONNACK (MQTT 5.0, 3.2.2.2). */
export interface Refusal {
  readonly why: string
  readonly code: number
}

/** The reference answers a wrong password with it as well. */
export const notAuthorized = 0x87
const serverBusy = 0x89

/**
 * Whether a page of a browser may connect. Where only this machine is admitted, and without a password, pages of other
 * sites must not come in through a browser on it.
 */
export function welcomes({ logins, allowAnonymous }: AccessRules, page: string): boolean {
  return allowAnonymous || logins !== undefined || isLocalPage(page)
}

/** Why the visitor may not connect; undefined if it may. */
export async function refusal(rules: AccessRules, visitor: Visitor): Promise<Refusal | undefined> {
  const { logins, allowAnonymous } = rules
  const refused = (why: string): Refusal => ({ why, code: notAuthorized })
  if (logins === undefined) {
    if (allowAnonymous || isLoopback(visitor.address)) return undefined
    return refused('other machines need --password-file or --allow-anonymous')
  }
  const { address, user, password } = visitor
  if (user === undefined) return allowAnonymous ? undefined : refused('it gave no user name')
  const verdict = password === undefined ? 'wrong' : await logins.check(address, user, password)
  switch (verdict) {
    case 'right':
      return undefined
    case 'wrong':
      return refused(`wrong user name or password (user ${shown(user)})`)
    case 'busy':
      return { why: 'too many logins at once', code: serverBusy }
    case 'late':
      return { why: 'its password could not be verified in time', code: serverBusy }
    default:
      return verdict satisfies never
  }
}
