// Whether a password is a user's, and a better hash for it while it is known.
import { ExitCode, MqttxError } from '../../errors.js'
import { verifyHash } from '../../passwd/derive.js'
import type { StoredHash } from '../../passwd/hash.js'
import { corrupt, type PasswordLine, withUsers } from '../../passwd/lines.js'
import { isBelow } from '../../passwd/policy.js'
import { changeStored, readStored } from '../../passwd/store.js'
import { goodLines } from './open.js'
import { passwordFrom } from './password.js'
import type { Request } from './request.js'
import { bytesOf, linesOf, type Tools, unlessEnded } from './tools.js'

type VerifyRequest = Extract<Request, { wants: 'verify' }>

export async function verify(
  request: VerifyRequest,
  { rehash }: { rehash: boolean },
  tools: Tools,
): Promise<void> {
  const { file, user, source } = request
  const found = readStored(file, rehash ? 'update' : 'read')
  const line = lineOf(linesOf(found?.bytes ?? Buffer.alloc(0), tools.format), user)
  const stored = line === undefined ? undefined : storedIn(line, file, tools)
  const password = await passwordFrom(source, tools, { twice: false, where: 'stderr' })
  if (line === undefined || stored === undefined)
    throw new MqttxError(`User ${user} not found in password file.`, { exitCode: ExitCode.notConnected })
  if (!(await unlessEnded(verifyHash(stored, password), tools.signal)))
    throw new MqttxError(`Wrong password for user ${user}.`, { exitCode: ExitCode.notConnected })
  if (rehash && isBelow(stored, tools.settings)) await renew(request, { line, password }, tools)
}

function lineOf(lines: readonly PasswordLine[], user: string): PasswordLine | undefined {
  return lines.find(({ entry }) => entry?.user === user)
}

function storedIn({ number, entry }: PasswordLine, file: string, { format }: Tools): StoredHash {
  const stored = format.parse(entry?.hash ?? '')
  if (!('fault' in stored)) return stored
  throw corrupt(file, number, `cannot use the hash: ${stored.fault}`, stored.hint)
}

/** Only if the line is still the one that was verified: somebody may have changed the password meanwhile. */
async function renew(
  { file, user }: VerifyRequest,
  { line, password }: { line: PasswordLine; password: Buffer },
  tools: Tools,
): Promise<void> {
  const { format, settings, signal, notice } = tools
  const stored = await unlessEnded(format.hash(password, settings), signal)
  await changeStored(file, {
    ...{ purpose: 'update', signal, notice },
    async apply(found) {
      const lines = goodLines(file, found, tools)
      if (lineOf(lines, user)?.text !== line.text) return undefined
      await tools.say(`Updating password for user ${user}\n`)
      return bytesOf(withUsers(lines, new Map([[user, stored]]), format))
    },
  })
}
