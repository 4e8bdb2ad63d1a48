// passwd --verify: verifies a password, and replaces a weak hash (--rehash).
import { ExitCode, MqttxError } from '../../errors.js'
import { verifyHash } from '../../passwd/derive.js'
import { Recogniser } from '../../passwd/foreign.js'
import type { StoredHash } from '../../passwd/hash.js'
import { corrupt, type PasswordLine, putUsers } from '../../passwd/lines.js'
import { isBelow } from '../../passwd/policy.js'
import { changeStored, type Stored, withStored } from '../../passwd/store.js'
import { shown } from '../../text.js'
import { checked, edited, refuseForeign } from './open.js'
import { passwordFrom } from './password.js'
import type { Request } from './request.js'
import { type Tools, unlessEnded } from './tools.js'

type VerifyRequest = Extract<Request, { wants: 'verify' }>

export async function verify(
  request: VerifyRequest,
  { rehash }: { rehash: boolean },
  tools: Tools,
): Promise<void> {
  const { file, user, source } = request
  const purpose = rehash ? 'update' : 'read'
  const line = await withStored(file, purpose, (stored) => lineOf(stored, user, tools))
  const hash = line === undefined ? undefined : hashIn(line, file, tools)
  const password = await passwordFrom(source, tools, { twice: false, where: 'stderr' })
  if (line === undefined || hash === undefined)
    throw new MqttxError(`User ${user} not found in password file.`, { exitCode: ExitCode.notConnected })
  if (!(await unlessEnded(verifyHash(hash, password), tools.signal)))
    throw new MqttxError(`Wrong password for user ${user}.`, { exitCode: ExitCode.notConnected })
  if (rehash && isBelow(hash, tools.settings)) await renew(request, { line, password }, tools)
}

/** The first line of a user; malformed lines of other users are ignored. @throws MqttxError for a file in another format */
async function lineOf(
  stored: Stored | undefined,
  user: string,
  { format, signal }: Tools,
): Promise<PasswordLine | undefined> {
  const recogniser = new Recogniser(format)
  for await (const lines of stored?.lines(format, signal) ?? []) {
    const found = lines.find(({ entry }) => entry?.user === user)
    if (found !== undefined) return found
    for (const line of lines) recogniser.add(line)
  }
  refuseForeign(stored?.file ?? '', recogniser)
  return undefined
}

function hashIn({ number, entry }: PasswordLine, file: string, { format }: Tools): StoredHash {
  const stored = format.parse(entry?.hash ?? '')
  if (!('fault' in stored)) return stored
  throw corrupt(file, number, `cannot use the hash: ${stored.fault}`, stored.hint)
}

/** Replaces the hash, unless the line has changed since it was verified. */
async function renew(
  { file, user }: VerifyRequest,
  { line, password }: { line: PasswordLine; password: Buffer },
  tools: Tools,
): Promise<void> {
  const { format, settings, signal, notice, warn } = tools
  const hash = await unlessEnded(format.hash(password, settings), signal)
  await changeStored(file, {
    ...{ purpose: 'update', signal, notice, warn },
    async apply(stored) {
      const { found } = await checked(stored, tools, ({ entry }) => entry?.user === user)
      if (found[0]?.text !== line.text) return undefined
      await tools.say(`Updating password for user ${shown(user)}\n`)
      return edited(stored, putUsers(new Map([[user, hash]]), format), tools)
    },
  })
}
