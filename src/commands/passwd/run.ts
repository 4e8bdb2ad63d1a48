// mqttx passwd: executes the request that request.ts has parsed.
import type { Args } from '../../cli/option.js'
import { ExitCode, MqttxError, UsageError } from '../../errors.js'
import type { Host } from '../../host.js'
import { settingsFault } from '../../passwd/derive.js'
import { removeUser } from '../../passwd/lines.js'
import { changeStored } from '../../passwd/store.js'
import { hashFile, importLines } from './bulk.js'
import { audit, list } from './list-audit.js'
import { checked, edited, examine } from './open.js'
import { put } from './put.js'
import { type Request, requestOf } from './request.js'
import type { passwd } from './spec.js'
import { type Tools, withTools } from './tools.js'
import { verify } from './verify.js'

export type PasswdArgs = Args<typeof passwd.options>

export function run(args: PasswdArgs, host: Host, words: readonly string[]): Promise<number> {
  const request = requestOf(args, words)
  return withTools(args, host, async (tools) => {
    const hashes = ['put', 'hash', 'import'].includes(request.wants) || args.rehash
    const fault = hashes ? settingsFault(tools.settings) : undefined
    if (fault !== undefined) throw new UsageError(`-I ${args.iterations} is ${fault}.`)
    if (request.wants === 'audit') return audit(request.file, args, tools)
    await execute(request, args, tools)
    return ExitCode.ok
  })
}

type Other = Exclude<Request, { wants: 'audit' }>

async function execute(request: Other, args: PasswdArgs, tools: Tools): Promise<void> {
  switch (request.wants) {
    case 'put':
      return put(request, tools)
    case 'delete':
      return remove(request, tools)
    case 'hash':
      return hashFile(request.file, args.jobs, tools)
    case 'import':
      return importLines(request.file, args, tools)
    case 'verify':
      return verify(request, args, tools)
    case 'list':
      return list(request.file, args.json, tools)
    default:
      return request satisfies never
  }
}

async function remove({ file, user }: { file: string; user: string }, tools: Tools): Promise<void> {
  const { signal, notice, warn } = tools
  await examine(file, tools)
  await changeStored(file, {
    ...{ purpose: 'update', signal, notice, warn },
    async apply(stored) {
      const { found } = await checked(stored, tools, ({ entry }) => entry?.user === user)
      if (found.length > 0) return edited(stored, removeUser(user), tools)
      throw new MqttxError(`User ${user} not found in password file.`, { prefix: 'Warning: ' })
    },
  })
}
