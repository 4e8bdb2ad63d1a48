// Who may connect.
import { isIP, isIPv4 } from 'node:net'
import { shown } from '../text.js'
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

/** True for an address that only this machine can have. A name is none. */
export function isLoopback(address: string | undefined): boolean {
  if (address === undefined || address === '::1') return true
  const mapped = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
  if (isIPv4(mapped)) return mapped.startsWith('127.')
  return isIP(address) === 6 && mapped.startsWith('7f') && /^7f[\da-f]{2}:[\da-f]{1,4}$/.test(mapped) // as a URL has it
}

/**
 * Whether a page of a browser may connect. Where only this machine is admitted, and without a password, pages of other
 * sites must not come in through a browser on it.
 */
export function welcomes({ logins, allowAnonymous }: AccessRules, page: string): boolean {
  if (allowAnonymous || logins !== undefined) return true
  const { protocol, hostname } = URL.canParse(page) ? new URL(page) : { protocol: '', hostname: '' }
  if (protocol !== 'http:' && protocol !== 'https:') return false
  return hostname === 'localhost' || (hostname !== '' && isLoopback(hostname.replace(/^\[|\]$/g, '')))
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
