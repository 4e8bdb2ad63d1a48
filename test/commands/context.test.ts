// mqttx context, and the effect of contexts and environment variables on the built program.
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { oneOfEvery } from '../helpers/amount.js'
import { type Broker, startOwnBroker } from '../helpers/peers.js'
import { mqttx, scratch, shell } from '../helpers/run.js'

let folder: string
let file: string
beforeEach(() => {
  folder = scratch('contexts')
  file = join(folder, 'mqttx', 'contexts.json')
})

const run = (line: string, env: Record<string, string> = {}) =>
  mqttx(line.split(' '), { env: { XDG_CONFIG_HOME: folder, ...env } })
const succeeds = async (line: string, env?: Record<string, string>) => {
  const { status, stdout, stderr } = await run(line, env)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout.toString()
}
const read = () => JSON.parse(readFileSync(file, 'utf8'))

describe('add', () => {
  test('stores the settings as typed, readable only by the owner', async () => {
    await succeeds('context add prod -h mqtt.lan -p 8883 --retry 2 --ws --ws-header A:1 --ws-header B:2 -V 5')
    expect(read()).toEqual({
      contexts: {
        prod: {
          host: 'mqtt.lan',
          port: 8883,
          retry: 2,
          'ws-header': ['A:1', 'B:2'],
          'protocol-version': 5,
          ws: true,
        },
      },
    })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'mqttx')).mode & 0o777).toBe(0o700)
    expect(readdirSync(join(folder, 'mqttx'))).toEqual(['contexts.json'])
  })

  test('removes permissions of other users and follows a symbolic link', async () => {
    mkdirSync(join(folder, 'mqttx'))
    const real = join(folder, 'real.json')
    writeFileSync(real, '{"contexts":{"a":{"host":"a"}}}', { mode: 0o644 })
    symlinkSync(real, file)
    await succeeds('context add b -h b')
    expect(statSync(real).mode & 0o777).toBe(0o600)
    expect(Object.keys(JSON.parse(readFileSync(real, 'utf8')).contexts)).toEqual(['a', 'b'])
    expect(read()).toEqual(JSON.parse(readFileSync(real, 'utf8')))
  })

  test('makes file paths absolute', async () => {
    await succeeds('context add a --cafile ca.pem --password-file pw -u me')
    expect(read().contexts.a).toMatchObject({
      cafile: join(process.cwd(), 'ca.pem'),
      'password-file': join(process.cwd(), 'pw'),
    })
  })

  test('keeps an existing context unless --replace is given', async () => {
    await succeeds('context add a -h one')
    expect(await run('context add a -h two')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/already/),
    })
    expect(read().contexts.a.host).toBe('one')
    await succeeds('context add a -h two --replace')
    expect(read().contexts.a).toEqual({ host: 'two' })
  })

  test.each([
    ['-P secret', 'A context cannot hold a password.'],
    ['-L mqtt://a:secret@h', 'A context cannot hold a password, not even in a URL.'],
    ['-p x', 'Invalid port given: x'],
    ['-t topic', "Unknown option '-t'."],
  ])('refuses %s', async (options, message) => {
    const { status, stderr } = await run(`context add a ${options}`)
    expect(status).toBe(1)
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('secret')
    expect(existsSync(file)).toBe(false)
  })

  test('concurrent runs lose no context', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    await Promise.all(names.map((name) => succeeds(`context add ${name} -h ${name}`)))
    expect(Object.keys(read().contexts).sort()).toEqual(names)
  })
})

describe('with two contexts', () => {
  let both: string
  beforeAll(async () => {
    folder = scratch('contexts')
    await succeeds(
      'context add lan -h mqtt.lan --psk 0123abcd --psk-identity me --ws-header Authorization:secret',
    )
    await succeeds('context add wide -L mqtts://ada@mqtt.example --proxy socks5h://me:secret@gate:1080')
    both = readFileSync(join(folder, 'mqttx', 'contexts.json'), 'utf8')
  })
  beforeEach(() => {
    mkdirSync(join(folder, 'mqttx'))
    writeFileSync(file, both, { mode: 0o600 })
  })

  test('ls, use, show and rm', async () => {
    expect(await succeeds('context ls')).toBe('lan   mqtt.lan\nwide  mqtts://ada@mqtt.example\n')
    await succeeds('context use wide')
    expect(await succeeds('context ls')).toBe('lan   mqtt.lan\nwide  mqtts://ada@mqtt.example  *\n')
    expect(JSON.parse(await succeeds('context show'))).toEqual({
      url: 'mqtts://ada@mqtt.example',
      proxy: 'socks5h://...@gate:1080',
    })
    expect(JSON.parse(await succeeds('context show', { MQTTX_CONTEXT: 'lan' })).host).toBe('mqtt.lan')
    await succeeds('context rm wide')
    expect(read()).toEqual({ contexts: { lan: expect.anything() } })
    expect(await run('context show')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/No current context/),
    })
    await succeeds('context use lan')
    await succeeds('context use none')
    expect(read()).not.toHaveProperty('current')
  })

  test('show redacts secrets', async () => {
    const shown = await succeeds('context show lan')
    expect(JSON.parse(shown)).toEqual({
      host: 'mqtt.lan',
      psk: '...',
      'psk-identity': 'me',
      'ws-header': ['Authorization: ...'],
    })
  })

  test.each([
    ['use nowhere', "There is no context 'nowhere'."],
    ['rm lan nowhere', "There is no context 'nowhere'."],
    ['show nowhere', "There is no context 'nowhere'."],
    ['use', 'context use: missing context name.'],
    ['ls more', "context ls: unexpected argument 'more'."],
    ['show lan -h x', 'context show: --host is valid only with add.'],
    ['rm lan --replace', 'context rm: --replace is valid only with add.'],
    ['list', "context: unknown action 'list'."],
    ['add ', "'' is not a valid context name."],
    ['add none', "'none' is not a valid context name."],
    ['add -- -x', "'-x' is not a valid context name."],
  ])('%s is refused and changes nothing', async (line, message) => {
    const before = readFileSync(file, 'utf8')
    const { status, stderr } = await run(`context ${line}`)
    expect(status).toBe(1)
    expect(stderr).toContain(`Error: ${message}`)
    expect(readFileSync(file, 'utf8')).toBe(before)
  })
})

test('a file that is not a contexts file is not changed', async () => {
  mkdirSync(join(folder, 'mqttx'))
  writeFileSync(file, 'precious')
  const { status, stderr } = await run('context add a -h h')
  expect(status).toBe(1)
  expect(stderr).toContain(`The contexts file "${file}" is not JSON`)
  expect(readFileSync(file, 'utf8')).toBe('precious')
})

test('an unreadable file is an error with the reason', async () => {
  mkdirSync(file, { recursive: true })
  expect(await run('context ls')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/Unable to read the contexts file .*: Is a directory/),
  })
  expect(await run('pub -t t -m m')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/Unable to read contexts file/),
  })
})

describe('a message is published', () => {
  let broker: Broker
  let users: string
  beforeAll(async () => {
    users = join(scratch('users'), 'users')
    await mqttx(['passwd', '-c', '-b', users, 'ada', 'secret'])
    broker = await startOwnBroker(['--password-file', users])
  })
  afterAll(() => broker.stop())

  test.each([
    ['--password-env KEY', { KEY: 'secret' }],
    ["--password-command 'echo secret; echo more'", {}],
    ["--password-command 'setsid sleep 25 & echo secret' # E4", {}],
  ])('with a context with %s', async (password, env) => {
    const script = `mqttx context add c -h 127.0.0.1 -p ${broker.port} -u ada ${password}
mqttx context use c && mqttx pub -t t -m m -q 1 && mqttx pub --context c -t t -m m -q 1`
    const outcome = await shell(script, { env: { XDG_CONFIG_HOME: folder, ...env } })
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
  })

  test.each([
    ['--password-env NO_SUCH', /--password-env: the environment variable NO_SUCH is not set/],
    ['--password-command false', /--password-command: the command failed: status 1/],
    ['--password-command true', /--password-command: the command printed nothing/],
  ])('%s', async (password, message) => {
    const line = `pub ${broker.at.join(' ')} -u ada ${password} -t t -m m`
    expect(await run(line)).toMatchObject({ status: 1, stderr: expect.stringMatching(message) })
  })

  test('with environment variables only', async () => {
    const env = { MQTTX_HOST: '127.0.0.1', MQTTX_PORT: String(broker.port), MQTTX_USERNAME: 'ada' }
    await succeeds('pub', { ...env, MQTTX_PASSWORD: 'secret', MQTTX_TOPIC: 't', MQTTX_MESSAGE: 'm' })
    await succeeds('bench pub --count 10 --workers 2 --json', {
      ...env,
      MQTTX_PASSWORD_COMMAND: 'echo secret',
    })
  })
})

describe('an unknown environment variable', () => {
  const env = {
    MQTTX_QSO: '1',
    MQTTX_VERSION: '1',
    MQTTX_COMPLETE_TOPICS: '1',
    MQTTX_SUB_QOS: '1',
    MQTTX_FORMAT: '%p',
  }
  test('is reported and has no other effect', async () => {
    const { stderr } = await run('pub -h 127.0.0.1 -p 1 -t t -m m', env)
    expect(stderr).toMatch(
      /^Warning: Unknown environment variable MQTTX_QSO\. Did you mean 'MQTTX_QOS'\?\nError: /,
    )
  })
  test('gets no suggestion without a similar name', async () => {
    const { stderr } = await run('pub -h 127.0.0.1 -p 1 -t t -m m', { MQTTX_FOO: '1' })
    expect(stderr).toMatch(/^Warning: Unknown environment variable MQTTX_FOO\. See 'man mqttx'\.\n/)
  })
  test('is reported together with a usage error', async () => {
    const { stderr } = await run('pub -m x', { MQTTX_TOPCI: 't' })
    expect(stderr).toMatch(
      /Both topic and message must be supplied\.\n.*\nhint: Unknown environment variable MQTTX_TOPCI/,
    )
  })
  test('is not reported with --quiet or with help and version', async () => {
    expect((await run('pub --quiet -h 127.0.0.1 -p 1 -t t -m m', env)).stderr).toBe('')
    await succeeds('pub --help', env)
    await succeeds('--version', env)
  })
})

describe('H9: a contexts file that others can write is refused', () => {
  test.each(oneOfEvery(2, [0o666, 0o660, 0o602, 0o620]))('%o', async (mode) => {
    await succeeds('context add prod -h 127.0.0.1 -p 1')
    chmodSync(file, mode)
    for (const line of [
      'pub -t t -m m',
      'pub --context prod -t t -m m',
      'context show prod',
      'context use prod',
    ]) {
      const { status, stdout, stderr } = await run(line)
      expect({ status, stdout: stdout.toString() }).toEqual({ status: 1, stdout: '' })
      expect(stderr).toBe(
        `Error: The contexts file "${file}" can be written by other users.\n` +
          `hint: it may name a command to run: chmod go-w "${file}"\n`,
      )
    }
    chmodSync(file, 0o644)
    expect(await succeeds('context show prod')).toContain('127.0.0.1')
  })

  test.runIf(process.getuid?.() === 0)('of another user', async () => {
    await succeeds('context add prod -h 127.0.0.1 -p 1')
    chownSync(file, 65_534, 65_534)
    expect((await run('context show prod')).stderr).toContain('belongs to another user.\nhint: ')
  })
})
