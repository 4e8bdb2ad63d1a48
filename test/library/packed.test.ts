// The library as a consumer meets it: from the packed tarball, in JavaScript of both kinds, and for the type checker.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startOwnBroker } from '../helpers/peers.js'
import { scratch } from '../helpers/run.js'

const root = resolve(import.meta.dirname, '../..')
const folder = scratch('consumer')
const installed = join(folder, 'node_modules/mqttx')

beforeAll(() => {
  const shell = process.platform === 'win32'
  // dist/ is there; to build it again would take it away from the tests that run beside this one.
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const [{ filename }] = JSON.parse(`${execFileSync('npm', words, { cwd: root, shell, stdio: 'pipe' })}`)
  mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', installed, '--strip-components=1'])
}, 60_000)

const conversation = `
const client = await connect(process.argv[2], { keepAlive: 30 })
const subscription = await client.subscribe('greetings/#', { qos: 1 })
await client.publish('greetings/world', 'hello', { qos: 1 })
for await (const { topic, payload } of subscription) {
  console.log(topic, payload.toString())
  break
}
await client.close()
`

describe.each([
  ['consumer.mjs', `import { connect } from 'mqttx'\n${conversation}`],
  ['consumer.cjs', `const { connect } = require('mqttx')\nvoid (async () => {${conversation}})()\n`],
])('%s', (name, source) => {
  test('connects, subscribes, publishes, receives and ends', async () => {
    const broker = await startOwnBroker()
    onTestFinished(() => broker.stop())
    writeFileSync(join(folder, name), source)
    const output = execFileSync(process.execPath, [join(folder, name), `mqtt://127.0.0.1:${broker.port}`])
    expect(`${output}`).toBe('greetings/world hello\n')
  })
})

test('depends on nothing else', () => {
  const { dependencies = {} } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  expect(dependencies).toEqual({})
})

describe('the types', () => {
  function check(source: string): string {
    writeFileSync(join(folder, 'consumer.mts'), source)
    const modules = join(folder, 'node_modules/@types')
    try {
      symlinkSync(join(root, 'node_modules/@types'), modules)
    } catch {
      // It is there from the test before.
    }
    const flags =
      '--noEmit --strict --module nodenext --target es2023 --lib es2023,esnext.disposable --types node'
    const words = [join(root, 'node_modules/typescript/bin/tsc'), ...flags.split(' '), 'consumer.mts']
    try {
      execFileSync(process.execPath, words, { cwd: folder, stdio: 'pipe' })
      return ''
    } catch (error) {
      return String((error as { stdout: Buffer }).stdout)
    }
  }

  test('are those of what is there', () => {
    const source = `
import { type Client, connect, type Message, MqttxError } from 'mqttx'
const client: Client = await connect(new URL('mqtt://localhost'), { protocolVersion: 5, will: { topic: 'w' } })
const answer: Message = await client.request('t', new Uint8Array(1), { timeout: 1 })
const code: number = new MqttxError('x').exitCode
for await (const { payload, qos } of await client.subscribe('t', { qos: 2 })) console.log(payload.length, qos, code, answer)
export {}
`
    expect(check(source)).toBe('')
  }, 60_000)

  test('refuse what is not', () => {
    const source = `import { connect } from 'mqttx'\nvoid connect('mqtt://localhost', { keepalive: 3 })\n`
    expect(check(source)).toContain("'keepalive' does not exist in type 'ConnectOptions'")
  }, 60_000)
})
