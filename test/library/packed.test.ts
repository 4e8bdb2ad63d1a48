// The packed tarball as a consumer uses it: ES modules, CommonJS and the type checker.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { peerTest, startMosquitto, startOwnBroker } from '../helpers/peers.js'
import { scratch } from '../helpers/run.js'

const root = resolve(import.meta.dirname, '../..')
const folder = scratch('consumer')
const installed = join(folder, 'node_modules/mqttx')

beforeAll(() => {
  const shell = process.platform === 'win32'
  // Uses the existing dist/: a rebuild would disturb tests running in parallel.
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

test('H56: loads and connects in a program that has added to Object.prototype', async () => {
  const broker = await startOwnBroker()
  onTestFinished(() => broker.stop())
  const source = `Object.prototype.insecure = true\nconst { connect } = require('mqttx')\nvoid (async () => {${conversation}})()\n`
  writeFileSync(join(folder, 'polluted.cjs'), source)
  const words = [join(folder, 'polluted.cjs'), `mqtt://127.0.0.1:${broker.port}`]
  expect(`${execFileSync(process.execPath, words)}`).toBe('greetings/world hello\n')
})

/** Responder and requester need a MQTT 5 broker. */
const exchanges = `
const service = await connect(process.argv[2], { protocolVersion: 5, retries: 1 })
const responder = await service.respond('upper', ({ payload }) => payload.toString().toUpperCase(), { qos: 1 })
const ours = await connect(process.argv[2], { protocolVersion: 5, onConnect: ({ first }) => console.log('first', first) })
const answers = await Promise.all(Array.from({ length: 1500 }, () => ours.request('upper', 'abc', { qos: 1, timeout: 60 })))
console.log(answers.length, answers.every(({ payload }) => payload.toString() === 'ABC'))
await responder.unsubscribe()
await responder.closed
const received = await ours.subscribe(['in/#', 'also'], { qos: 1 })
const out = await ours.subscribe('out', { qos: 1 })
const idle = await ours.subscribe('in/#')
for (let number = 0; number < 1500; number++) await service.publish('in/' + number, 'x')
let echoed = 0
for await (const { payload } of received) {
  await ours.publish('out', payload, { qos: 1 })
  if (++echoed === 500) break
}
console.log(echoed, (await out.next()).value.topic, idle.filters.join())
for (const wrong of [{ clean: false }, { user: 'x' }]) await connect(process.argv[2], wrong).catch(({ message, hint }) => console.log(message, hint))
await ours.publish(5, 'x').catch(({ message }) => console.log(message))
await ours.publish('t', 'x', { signal: AbortSignal.abort(new Error('aborted')) }).catch(({ message }) => console.log(message))
await ours[Symbol.asyncDispose]()
await service.close()
`

peerTest(
  'E47 to E52 in the packed library',
  ['mosquitto'],
  async () => {
    const broker = await startMosquitto(['allow_anonymous true', 'max_queued_messages 0'])
    onTestFinished(() => broker.stop())
    writeFileSync(join(folder, 'exchanges.mjs'), `import { connect } from 'mqttx'\n${exchanges}`)
    const words = [join(folder, 'exchanges.mjs'), `mqtt://127.0.0.1:${broker.port}`]
    expect(execFileSync(process.execPath, words).toString().split('\n')).toEqual([
      'first true',
      '1500 true',
      '500 out in/#',
      'Unknown option clean use cleanStart',
      'Unknown option user use username',
      'topic is 5',
      'aborted',
      '',
    ])
  },
  60_000,
)

test('has no dependencies', () => {
  const { dependencies = {} } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  expect(dependencies).toEqual({})
})

describe('the types', () => {
  /** The errors in these programs, checked together: a start of the type checker takes seconds. */
  function check(sources: Record<string, string>): string {
    for (const [name, source] of Object.entries(sources)) writeFileSync(join(folder, name), source)
    const modules = join(folder, 'node_modules/@types')
    try {
      symlinkSync(join(root, 'node_modules/@types'), modules)
    } catch {
      // Installed by the previous test.
    }
    // types.test.ts checks the declarations themselves.
    const flags =
      '--noEmit --strict --skipLibCheck --module nodenext --target es2023 --lib es2023,esnext.disposable --types node'
    const words = [
      join(root, 'node_modules/typescript/bin/tsc'),
      ...flags.split(' '),
      ...Object.keys(sources),
    ]
    try {
      execFileSync(process.execPath, words, { cwd: folder, stdio: 'pipe' })
      return ''
    } catch (error) {
      return String((error as { stdout: Buffer }).stdout)
    }
  }

  test('match the exports and reject unknown names', () => {
    const right = `
import { type Client, connect, type Message, MqttxError } from 'mqttx'
const client: Client = await connect(new URL('mqtt://localhost'), { protocolVersion: 5, will: { topic: 'w' } })
const answer: Message = await client.request('t', new Uint8Array(1), { timeout: 1 })
const code: number = new MqttxError('x').exitCode
for await (const { payload, qos } of await client.subscribe('t', { qos: 2 })) console.log(payload.length, qos, code, answer)
export {}
`
    const wrong = `import { connect } from 'mqttx'\nvoid connect('mqtt://localhost', { keepalive: 3 })\n`
    const errors = check({ 'right.mts': right, 'wrong.mts': wrong })
    expect(errors).not.toContain('right.mts')
    expect(errors).toMatch(/wrong\.mts.*'keepalive' does not exist in type 'ConnectOptions'/)
  })
})
