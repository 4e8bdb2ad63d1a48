// What a start loads. A shell loop starts the program for each message, so a module that a publish does not use costs
// every one of them; this test names the module, and no clock is read.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Broker, startOwnBroker } from '../helpers/peers.js'
import { mqttx, program, scratch } from '../helpers/run.js'

let broker: Broker
beforeAll(async () => {
  broker = await startOwnBroker()
})
afterAll(() => broker.stop())

const hook = join(scratch('startup'), 'loaded.cjs')
writeFileSync(
  hook,
  `process.once('exit', () => {
    const builtin = process.moduleLoadList.filter((name) => name.startsWith('NativeModule '))
    const ours = Object.keys(require.cache).filter((name) => /[\\\\/]dist[\\\\/]/.test(name))
    require('node:fs').writeSync(2, JSON.stringify({
      builtin: builtin.map((name) => name.slice('NativeModule '.length)),
      ours: ours.map((name) => require('node:path').basename(name, '.cjs')),
    }))
  })`,
)

/** Modules of Node's own that take milliseconds. */
const slow = [
  'child_process',
  'crypto',
  'dns/promises',
  'http',
  'https',
  'os',
  'readline',
  'tls',
  'worker_threads',
  'zlib',
]

test.skipIf(!program.endsWith('.js')).each<[words: string[], files: string[], stdin?: string]>([
  [['--version'], ['errors', 'main']],
  [
    ['pub', '-t', 't', '-m', 'x'],
    ['core', 'errors', 'main', 'pub'],
  ],
  [['pub', '-t', 't', '-q', '2', '-l'], ['core', 'errors', 'main', 'pub'], 'x\ny\n'],
  [
    ['sub', '-t', 't', '-W', '1'],
    ['core', 'errors', 'formats', 'main', 'sub'],
  ],
])('%j loads %j and no slow module', async (words, files, stdin) => {
  const at = words[0] === '--version' ? [] : ['-h', '127.0.0.1', '-p', `${broker.port}`]
  const { stderr } = await mqttx([...words, ...at], {
    stdin: stdin ?? '',
    env: { NODE_OPTIONS: `--require ${hook}` },
  })
  const loaded = JSON.parse(stderr.slice(stderr.lastIndexOf('{"builtin'))) as {
    builtin: string[]
    ours: string[]
  }
  expect(loaded.ours.sort()).toEqual(files)
  expect(slow.filter((name) => loaded.builtin.includes(name))).toEqual([])
})
