// The types of the library, for every module resolution, with and without @types/node.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { oneOfEvery } from '../helpers/amount.js'
import { scratch } from '../helpers/run.js'

const root = resolve(import.meta.dirname, '../..')
const folder = scratch('types')
const installed = join(folder, 'node_modules/mqttx')
mkdirSync(installed, { recursive: true })
cpSync(join(root, 'package.json'), join(installed, 'package.json'))
cpSync(join(root, 'dist'), join(installed, 'dist'), { recursive: true })
mkdirSync(join(folder, 'node_modules/@types'))
symlinkSync(join(root, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'))

/** The output of the type checker for a program of `files`, all with the same text. */
function check(files: readonly string[], source: string, flags: string): string {
  for (const file of files) writeFileSync(join(folder, file), source)
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const words = [tsc, ...`--noEmit --strict ${flags}`.split(' '), ...files]
  try {
    return `${execFileSync(process.execPath, words, { cwd: folder, stdio: 'pipe' })}`
  } catch (error) {
    return String((error as { stdout: Buffer }).stdout)
  }
}

const program = `
import { type Broker, type Client, connect, type Message, MqttxError, type Responder, startBroker } from 'mqttx'
export async function main(): Promise<number | undefined> {
  const client: Client = await connect('mqtt://localhost', {
    protocolVersion: 5,
    retries: 3,
    will: { topic: 'w', properties: { willDelayInterval: 5 } },
    tls: { ca: new Uint8Array(1), keyPassphrase: 'x' },
    onConnect: ({ sessionPresent, first }) => void [sessionPresent, first, client.connected, client.sessionPresent],
  })
  const subscription = await client.subscribe(['a', 'b/#'], { qos: 1 })
  const message = (await subscription.next()).value as Message
  const payload: Uint8Array = message.payload
  const responder: Responder = await client.respond('ask', async ({ payload }) => payload, { concurrency: 2 })
  await client.publish('t', payload, { properties: { correlationData: new Uint8Array(2) } })
  await responder[Symbol.asyncDispose]()
  const broker: Broker = await startBroker({
    authenticate: (username, password) => username === 'ada' && password.length > 0,
    authorize: ({ clientId, username }, action) => action === 'receive' || clientId === username,
  })
  await broker[Symbol.asyncDispose]()
  await client[Symbol.asyncDispose]()
  return new MqttxError('x').reasonCode
}
`
const withNode = `${program}
export async function more(signal: AbortSignal): Promise<void> {
  const client = await connect(new URL('mqtt://localhost'), { signal })
  const payload: Buffer = (await (await client.subscribe('t', { signal })).next()).value!.payload
  await using other = client
  await other.publish('t', payload, { signal })
}
`
const lib = '--target es2022 --lib es2022'
const newer = '--target es2022 --lib es2022,esnext.disposable'

const without: [name: string, files: string[], flags: string][] = [
  ['node10', ['a.ts'], `--module commonjs --moduleResolution node10 --ignoreDeprecations 6.0 ${lib}`],
  [
    'node16 from CommonJS and an ES module',
    ['b.cts', 'c.mts'],
    `--module node16 --moduleResolution node16 ${lib}`,
  ],
  ['nodenext', ['d.mts'], `--module nodenext --moduleResolution nodenext ${newer}`],
  ['bundler', ['e.ts'], `--module esnext --moduleResolution bundler ${lib}`],
]

test.each(oneOfEvery(4, without, 2))(
  'E52 %s, no @types/node',
  (_name, files, flags) => {
    expect(check(files, program, flags)).toBe('')
  },
  60_000,
)

const withTypes: typeof without = [
  ['node10', ['f.ts'], `--module commonjs --moduleResolution node10 --ignoreDeprecations 6.0 ${newer}`],
  [
    'node16 from CommonJS and an ES module',
    ['g.cts', 'h.mts'],
    `--module node16 --moduleResolution node16 ${newer}`,
  ],
  ['bundler', ['i.ts'], `--module esnext --moduleResolution bundler ${newer}`],
]

test.each(oneOfEvery(3, withTypes, 1))(
  'E52 %s, with @types/node',
  (_name, files, flags) => {
    expect(check(files, withNode, `--types node --skipLibCheck ${flags}`)).toBe('')
  },
  60_000,
)
