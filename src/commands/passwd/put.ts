// Adds a user or changes a user's password.
import { BrokenPipe, ExitCode, MqttxError } from '../../errors.js'
import { say } from '../../io/say.js'
import { verifyHash } from '../../passwd/derive.js'
import { Recogniser } from '../../passwd/foreign.js'
import { lineFault, type PasswordLine, putUsers } from '../../passwd/lines.js'
import { isBelow } from '../../passwd/policy.js'
import { changeStored, type Stored, withStored } from '../../passwd/store.js'
import { count, shown } from '../../text.js'
import { checked, edited, examine } from './open.js'
import { passwordFrom } from './password.js'
import type { Request } from './request.js'
import { type Tools, unlessEnded } from './tools.js'

type PutRequest = Extract<Request, { wants: 'put' }>

export async function put(request: PutRequest, tools: Tools): Promise<void> {
  const { file, ignored, source } = request
  if (ignored.length > 0)
    tools.warn('ignoring arguments after the user name; use -b to pass a password there')
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
      // --generate prints only the password on standard output.
      if (source.from === 'generator') say(tools.host.stderr, text)
      else await tools.say(`${text}\n`)
      for (const { number } of old.slice(1))
        tools.warn(`${file}:${number}: removing duplicate of user ${shown(user)}`)
      const hash = await unlessEnded(tools.format.hash(password, tools.settings), tools.signal)
      if (source.from === 'generator' && !printed) {
        await handOver(password, tools)
        printed = true // once, even if the lock was lost and this runs again
      }
      return edited(create ? undefined : stored, putUsers(new Map([[user, hash]]), tools.format), tools)
    },
  })
}

/** True if the password matches and its hash is no weaker than a new one. */
export async function isUnchanged(
  lines: readonly PasswordLine[],
  password: Uint8Array,
  { format, settings, signal }: Tools,
): Promise<boolean> {
  const stored = format.parse(lines[0]?.entry?.hash ?? '')
  if (lines.length !== 1 || 'fault' in stored || isBelow(stored, settings)) return false
  return unlessEnded(verifyHash(stored, password), signal)
}

/** Prints the generated password before the file is changed: a lost password must not be set. */
async function handOver(password: Buffer, tools: Tools): Promise<void> {
  try {
    await tools.say(`${password}\n`)
  } catch (cause) {
    if (!(cause instanceof BrokenPipe)) throw cause
    const details = { cause, exitCode: ExitCode.system, hint: 'the file is unchanged' }
    throw new MqttxError('The reader of standard output closed before reading the password.', details)
  }
}

/** Refuses -c for an existing file that is not a password file, which suggests a mistyped name. */
async function refuseOthers(stored: Stored | undefined, tools: Tools): Promise<void> {
  if (stored === undefined) return
  const { file } = stored
  let users = 0
  const refuse = ({ number, fault }: { number: number; fault: string }): never => {
    const hint = `line ${number}: ${fault}; remove the file if it is not needed`
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
  if (users > 0) tools.warn(`File ${file} exists; replacing its ${count(users, 'user')}`)
}

async function print({ user, source, create }: PutRequest, tools: Tools): Promise<void> {
  const { format, settings, host, signal } = tools
  const where = create ? 'stdout' : 'stderr' // -c - prompts on standard output, as mosquitto_passwd does
  const password = await passwordFrom(source, tools, { twice: true, where })
  const line = format.join(user, await unlessEnded(format.hash(password, settings), signal))
  const header = format.header === undefined ? '' : `${format.header}\n`
  await tools.say(`${header}${line}\n`)
  if (source.from === 'generator') say(host.stderr, password.toString())
}
