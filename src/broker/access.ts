// Who may connect.

/** Whether a password is a user's: the seam to password files, and to whatever else may know users one day. */
export type Authenticate = (user: string, password: Buffer) => Promise<boolean>

export interface AccessRules {
  /** Without it there are no users: a user name is as good as none. */
  readonly authenticate?: Authenticate | undefined
  readonly allowAnonymous: boolean
}

export interface Visitor {
  /** undefined: not over a network. */
  readonly address: string | undefined
  readonly user: string | undefined
  readonly password: Buffer | undefined
}

/** True for an address that only this machine can come from. */
export function isLoopback(address: string | undefined): boolean {
  return address === undefined || address === '::1' || /^(::ffff:)?127\./.test(address)
}

/**
 * Whether a page of a browser may connect. Where only this machine is admitted, and without a password, pages of other
 * sites must not come in through the browser of whoever sits at it.
 */
export function welcomes({ authenticate, allowAnonymous }: AccessRules, page: string): boolean {
  if (allowAnonymous || authenticate !== undefined) return true
  const host = URL.canParse(page) ? new URL(page).hostname : ''
  return host === 'localhost' || isLoopback(host.replace(/^\[|\]$/g, ''))
}

/** Why the visitor may not connect; undefined if it may. */
export async function refusal(rules: AccessRules, visitor: Visitor): Promise<string | undefined> {
  const { authenticate, allowAnonymous } = rules
  if (authenticate === undefined) {
    if (allowAnonymous || isLoopback(visitor.address)) return undefined
    return 'other machines need --password-file or --allow-anonymous'
  }
  if (visitor.user === undefined) {
    return allowAnonymous ? undefined : 'it gave no user name'
  }
  const { user, password } = visitor
  const known = password !== undefined && (await authenticate(user, password))
  return known ? undefined : `wrong user name or password (user ${printable(user)})`
}

/** Text from the network in a line of a log: nothing in it may end the line or steer the terminal. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  )
}
