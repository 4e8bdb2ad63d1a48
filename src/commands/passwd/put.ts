// Adds a user, or changes a user's password.
import { BrokenPipe, ExitCode, MqttxError } from '../../errors.js'
import { say } from '../../io/say.js'
import { verifyHash } from '../../passwd/derive.js'
import { Recogniser } from '../../passwd/foreign.js'
import { lineFault, type PasswordLine, putUsers } from '../../passwd/lines.js'
import { isBelow } from '../../passwd/policy.js'
import { changeStored, type Stored, withStored } from '../../passwd/store.js'
import { shown } from '../../text.js'
import { checked, edited, examine } from './open.js'
import { passwordFrom } from './password.js'
import type { Request } from './request.js'
import { type Tools, unlessEnded } from './tools.js'

type PutRequest = Extract<Request, { wants: 'put' }>

export async function put(request: PutRequest, tools: Tools): Promise<void> {
  const { file, ignored, source } = request
  if (ignored.length > 0) tools.warn('what follows the user name is ignored; -b takes a password there')
  if (file === undefined) return print(request, tools)

  const { create, user, ifChanged } = request
  if (create) await withStored(file, 'create', (stored) => refuseOthers(stored, tools))
  else await examine(file, tools)
  const password = await passwordFrom(source, tools, { twice: true, where: 'stdout' })
  let printed = false
  await changeStored(file, {
    ...{
      purpose: create ? 'create' : 'update',
      signal: tools.signal,
      notice: tools.notice,
      warn: tools.warn,
    },
    async apply(stored) {
      const old = create ? [] : (await checked(stored, tools, ({ entry }) => entry?.user === user)).found
      if (ifChanged && (await isUnchanged(old, password, tools))) {
        await tools.say(`Password for user ${shown(user)} is unchanged\n`)
        return undefined
      }
      const text = `${old.length > 0 ? 'Updating' : 'Adding'} password for user ${shown(user)}`
      // The password that was made is all that standard output gets.
      if (source.from === 'chance') say(tools.host.stderr, text)
      else await tools.say(`${text}\n`)
      for (const { number } of old.slice(1))
        tools.warn(`${file}:${number}: user ${shown(user)} again; the line is removed`)
      const hash = await unlessEnded(tools.format.hash(password, tools.settings), tools.signal)
      if (source.from === 'chance' && !printed) {
        await handOver(password, tools)
        printed = true // and not again where the lock was lost
      }
      return edited(create ? undefined : stored, putUsers(new Map([[user, hash]]), tools.format), tools)
    },
  })
}

/** True if the password is right, and its hash no weaker than a new one. */
export async function isUnchanged(
  lines: readonly PasswordLine[],
  password: Uint8Array,
  { format, settings, signal }: Tools,
): Promise<boolean> {
  const stored = format.parse(lines[0]?.entry?.hash ?? '')
  if (lines.length !== 1 || 'fault' in stored || isBelow(stored, settings)) return false
  return unlessEnded(verifyHash(stored, password), signal)
}

/** Before the file is changed: a password that nobody has seen must not be a user's. */
async function handOver(password: Buffer, tools: Tools): Promise<void> {
  try {
    await tools.say(`${password}\n`)
  } catch (cause) {
    if (!(cause instanceof BrokenPipe)) throw cause
    const details = { cause, exitCode: ExitCode.system, hint: 'the file is as it was' }
    throw new MqttxError('Nobody has read the password from standard output.', details)
  }
}

/** Only a password file is replaced by -c: another name was meant where the file is something else. */
async function refuseOthers(stored: Stored | undefined, tools: Tools): Promise<void> {
  if (stored === undefined) return
  const { file } = stored
  let users = 0
  const refuse = ({ number, fault }: { number: number; fault: string }): never => {
    const hint = `line ${number}: ${fault}; remove the file first if it is not needed`
    throw new MqttxError(`Unable to open file ${file} for writing. File exists.`, { hint })
  }
  const recogniser = new Recogniser(tools.format)
  for await (const lines of stored.lines(tools.format, tools.signal)) {
    for (const line of lines) {
      recogniser.add(line)
      const fault = lineFault(line)
      if (fault !== undefined) refuse({ number: line.number, fault })
      if (line.entry !== undefined) users++
    }
  }
  const why = recogniser.whyKept()
  if (why !== undefined) refuse(why)
  if (users > 0) tools.warn(`File ${file} exists; its users (${users}) are replaced`)
}

async function print({ user, source, create }: PutRequest, tools: Tools): Promise<void> {
  const { format, settings, host, signal } = tools
  const where = create ? 'stdout' : 'stderr' // -c - asks on standard output, as the reference does
  const password = await passwordFrom(source, tools, { twice: true, where })
  const line = format.join(user, await unlessEnded(format.hash(password, settings), signal))
  const header = format.header === undefined ? '' : `${format.header}\n`
  await tools.say(`${header}${line}\n`)
  if (source.from === 'chance') say(host.stderr, password.toString())
}
