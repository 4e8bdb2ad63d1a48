// Adding a user, and giving one another password.

import { shown } from '../../cli/values.js'
import { ExitCode, isBrokenPipe, MqttxError } from '../../errors.js'
import { type PasswordLine, withUsers } from '../../passwd/lines.js'
import { changeStored, readStored } from '../../passwd/store.js'
import { examine, goodLines } from './open.js'
import { passwordFrom } from './password.js'
import type { Request } from './request.js'
import { bytesOf, type Tools, unlessEnded } from './tools.js'

type PutRequest = Extract<Request, { wants: 'put' }>

export async function put(request: PutRequest, tools: Tools): Promise<void> {
  const { file, ignored, source } = request
  if (ignored.length > 0) tools.warn('what follows the user name is ignored; -b takes a password there')
  if (file === undefined) return print(request, tools)

  const { create } = request
  const purpose = create ? 'create' : 'update'
  if (create) refuseOthers(file, tools)
  else examine(file, tools)
  const password = await passwordFrom(source, tools, { twice: true, where: 'stdout' })
  let printed = false
  await changeStored(file, {
    purpose,
    signal: tools.signal,
    notice: tools.notice,
    apply: async (found) => {
      const lines = create ? [] : goodLines(file, found, tools)
      const known = lines.some(({ entry }) => entry?.user === request.user)
      const text = `${known ? 'Updating' : 'Adding'} password for user ${request.user}\n`
      // The password that was made is all that standard output gets.
      if (source.from === 'chance') tools.host.stderr.write(text)
      else await tools.say(text)
      const bytes = bytesOf(await changed(lines, request.user, password))
      if (source.from === 'chance' && !printed) {
        await handOver(password, tools)
        printed = true // and not again where the lock was lost
      }
      return bytes
    },
  })

  async function changed(lines: PasswordLine[], user: string, bytes: Buffer): Promise<PasswordLine[]> {
    const { format, settings, signal } = tools
    const more = lines.filter(({ entry }) => entry?.user === user).slice(1)
    for (const { number } of more)
      tools.warn(`${file}:${number}: user ${shown(user)} again; the line is removed`)
    const hash = await unlessEnded(format.hash(bytes, settings), signal)
    return withUsers(lines, new Map([[user, hash]]), format)
  }
}

/** Before the file is changed: a password that nobody has seen must not be a user's. */
async function handOver(password: Buffer, tools: Tools): Promise<void> {
  try {
    await tools.say(`${password}\n`)
  } catch (cause) {
    if (!isBrokenPipe(cause)) throw cause
    const details = { cause, exitCode: ExitCode.system, hint: 'the file is as it was' }
    throw new MqttxError('Nobody has read the password from standard output.', details)
  }
}

/** Only a password file is replaced by -c: another name was meant where the file is something else. */
function refuseOthers(file: string, tools: Tools): void {
  const found = readStored(file, 'create')
  let lines: PasswordLine[]
  try {
    lines = goodLines(file, found, tools)
  } catch (cause) {
    if (!(cause instanceof MqttxError)) throw cause
    const hint = 'it is not a password file; remove it first if it is not needed'
    throw new MqttxError(`Unable to open file ${file} for writing. File exists.`, { cause, hint })
  }
  const users = lines.filter(({ entry }) => entry !== undefined).length
  if (users > 0) tools.warn(`File ${file} exists; its users (${users}) are replaced`)
}

async function print({ user, source, create }: PutRequest, tools: Tools): Promise<void> {
  const { format, settings, host, signal } = tools
  const where = create ? 'stdout' : 'stderr' // -c - asks on standard output, as the reference does
  const password = await passwordFrom(source, tools, { twice: true, where })
  const line = format.join(user, await unlessEnded(format.hash(password, settings), signal))
  const header = format.header === undefined ? '' : `${format.header}\n`
  await tools.say(`${header}${line}\n`)
  if (source.from === 'chance') host.stderr.write(`${password}\n`)
}
