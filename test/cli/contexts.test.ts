// Contexts: which one is used, its settings, and its errors.
import { describe, expect, test } from 'vitest'
import { contextsPath, formatContexts, parseContexts } from '../../src/cli/contexts.js'
import { bench } from '../../src/commands/bench/spec.js'
import { broker } from '../../src/commands/broker/spec.js'
import { pub } from '../../src/commands/pub/spec.js'
import { sub } from '../../src/commands/sub/spec.js'
import { argsOf, refusalOf } from './command-line.js'

const prod = { host: 'prod.lan', port: 8883, username: 'ada', 'password-env': 'PW', cafile: '/ca.pem' }
const file = {
  current: 'prod',
  contexts: {
    prod,
    url: { url: 'wss://bob@web.lan' },
    will: { 'will-topic': 'gone', retry: 3, ws: true, 'ws-header': ['A: 1', 'B: 2'] },
    five: { property: ['connect user-property a b c'], 'session-expiry': 60 },
    id: { id: 'me' },
  },
}

function around(root: unknown = file, { env = {}, options = '' }: { env?: object; options?: string } = {}) {
  const files: Record<string, string> = {
    '/x/mqttx/contexts.json': typeof root === 'string' ? root : JSON.stringify(root),
    '/x/mosquitto_pub': options,
  }
  return { env: { XDG_CONFIG_HOME: '/x', ...env }, readFile: (path: string) => files[path] }
}

test.each([
  [{ XDG_CONFIG_HOME: '/x', HOME: '/h' }, '/x/mqttx/contexts.json'],
  [{ HOME: '/h' }, '/h/.config/mqttx/contexts.json'],
  [{ XDG_CONFIG_HOME: '', HOME: '/h' }, '/h/.config/mqttx/contexts.json'],
  [{ APPDATA: 'C:\\me' }, 'C:\\me\\mqttx\\contexts.json'],
  [{}, undefined],
  [{ XDG_CONFIG_HOME: 'x', HOME: '/h' }, '/h/.config/mqttx/contexts.json'], // H9: relative paths do not count
  [{ XDG_CONFIG_HOME: '.', HOME: '..' }, undefined],
])('path of the contexts file with %j', (env, path) => expect(contextsPath(env)).toBe(path))

describe('the context that is used', () => {
  const line = '-t t -m m'
  const host = (more: string, options?: Parameters<typeof around>[1]) =>
    argsOf(pub, `${line} ${more}`, around(file, options)).host
  test('by default the current one', () => {
    expect(argsOf(pub, line, around())).toMatchObject({ host: 'prod.lan', port: 8883, passwordEnv: 'PW' })
  })
  test('--context selects it', () => expect(host('--context url')).toBe('web.lan'))
  test('the last --context wins', () => expect(host('--context url --context prod')).toBe('prod.lan'))
  test('MQTTX_CONTEXT selects it, --context overrides that', () => {
    expect(host('', { env: { MQTTX_CONTEXT: 'url' } })).toBe('web.lan')
    expect(host('--context prod', { env: { MQTTX_CONTEXT: 'url' } })).toBe('prod.lan')
  })
  test('the options file selects it, MQTTX_CONTEXT overrides that', () => {
    expect(host('', { options: '--context url' })).toBe('web.lan')
    expect(host('', { options: '--context url', env: { MQTTX_CONTEXT: 'prod' } })).toBe('prod.lan')
  })
  test('none selects no context', () => {
    expect(host('--context none')).toBeUndefined()
    expect(host('', { env: { MQTTX_CONTEXT: 'none' } })).toBeUndefined()
    expect(argsOf(pub, line, around({ contexts: {} }))).not.toHaveProperty('host')
  })

  test.each(['-h other', '--unix /s', '-L mqtt://other/t'])('%s: the current one is ignored', (more) => {
    const args = argsOf(pub, `${line} ${more}`, around())
    expect(args).not.toHaveProperty('username')
    expect(args).not.toHaveProperty('cafile')
  })
  test('MQTTX_HOST: the current one is ignored', () => {
    const args = argsOf(pub, line, around(file, { env: { MQTTX_HOST: 'h' } }))
    expect(args.host).toBe('h')
    expect(args).not.toHaveProperty('passwordEnv')
  })
  test('a named context is used together with -h', () => {
    expect(argsOf(pub, `${line} --context prod -h other`, around())).toMatchObject({
      host: 'other',
      port: 8883,
    })
  })
  test('a command that does not connect ignores contexts', () => {
    expect(argsOf(broker, '', around()).port).toBe(1883)
  })
  test('--help works even if the file is invalid', () => {
    expect(() => argsOf(pub, '--help', around('{'))).toThrow('the command line asks for help')
  })
})

describe('argv, environment, context, options file: precedence', () => {
  const options = '-k 11\n-q 1\n-u file'
  const root = { current: 'c', contexts: { c: { keepalive: 22, username: 'context', retry: 2 } } }
  const read = (line: string, env = {}) => argsOf(pub, `-t t -m m ${line}`, around(root, { options, env }))
  test('each overrides the next', () => {
    expect(read('')).toMatchObject({ keepalive: 22, username: 'context', qos: 1, retry: 2 })
    expect(read('', { MQTTX_KEEPALIVE: '33' })).toMatchObject({ keepalive: 33, username: 'context' })
    expect(read('-k 44', { MQTTX_KEEPALIVE: '33' })).toMatchObject({ keepalive: 44, username: 'context' })
  })
  test('-I on the command line overrides -i in the context', () => {
    const args = argsOf(pub, '-t t -m m --context id -I x', around())
    expect(args.idPrefix).toBe('x')
    expect(args).not.toHaveProperty('id')
  })
  test('a password overrides one from another source', () => {
    const args = argsOf(pub, '-t t -m m --context prod --password-file f', around())
    expect(args.passwordFile).toBe('f')
    expect(args).not.toHaveProperty('passwordEnv')
  })
})

describe('settings', () => {
  test.each([
    ['url', { host: 'web.lan', port: 8883, transport: 'wss', username: 'bob' }],
    [
      'will',
      {
        willTopic: 'gone',
        retry: 3,
        ws: true,
        wsHeaders: [
          ['A', '1'],
          ['B', '2'],
        ],
      },
    ],
    [
      'five',
      { sessionExpiry: 60, protocolVersion: 5, properties: { connect: { userProperties: { a: 'b c' } } } },
    ],
  ])('%s', (name, expected) => {
    expect(argsOf(pub, `-t t -m m --context ${name}`, around())).toMatchObject(expected)
  })
  test('those that a command does not have are ignored', () => {
    expect(argsOf(bench, 'pub --context will', around())).toMatchObject({ retry: 3, ws: true })
  })
  test('the URL adds no topic to sub', () => {
    expect(argsOf(sub, '-t a --context url', around()).topics).toEqual(['a'])
  })
})

describe('errors', () => {
  const said = (root: unknown, line = '') => refusalOf(pub, `-t t -m m ${line}`, around(root))
  const one = (settings: object) => ({ current: 'c', contexts: { c: settings } })
  test.each([
    [
      one({ keepalive: 1 }),
      "Invalid keepalive given, it must be between 5 and 65535 inclusive. (context 'c')",
    ],
    [one({ qos: 1 }), "Unknown setting 'qos'. (context 'c')"],
    [one({ hots: 'h' }), "Unknown setting 'hots'. (context 'c')"],
    [one({ pw: 'secret' }), "A context cannot hold a password. (context 'c')"],
    [one({ url: 'mqtt://a:secret@h' }), "A context cannot hold a password, not even in a URL. (context 'c')"],
    [one({ url: 'mqtt://h/t' }), "A context has no topic: end the URL after host and port. (context 'c')"],
    [one({ ws: 'yes' }), "--ws: 'yes' is not a boolean (context 'c')"],
    [one({ host: ['a', 'b'] }), "host takes one value, not a list. (context 'c')"],
    [
      one({ property: 'connect' }),
      "--property argument given but not enough arguments specified. (context 'c')",
    ],
    [one({ host: { a: 1 } }), /has a value for host in 'c' that is not a string, number, boolean or list/],
    [{ contexts: { 'a b': {} } }, /has a context with the invalid name 'a b'/],
    [{ contexts: { none: {} } }, /has a context with the invalid name 'none'/],
    [{ contexts: [] }, /has no object as its member "contexts"/],
    [{ contexts: { a: 1 } }, /has a context 'a' that is not an object/],
    [{ current: 'x', contexts: {} }, /names a current context that it does not define/],
    ['{', /^The contexts file "\/x\/mqttx\/contexts.json" is not JSON/],
    ['[]', /has no object as its member "contexts"/],
  ])('%j', (root, message) => {
    const { message: text, hint } = said(root)
    expect(text).toMatch(message)
    expect(`${text}${hint}`).not.toContain('secret')
  })
  test.each([
    ['--context prdo', "There is no context 'prdo'."],
    ['--context', '--context argument given but no name specified.'],
    ["--context ''", '--context: the argument is empty'],
  ])('%s', (line, message) => expect(said(file, line).message).toBe(message))
  test('without any context, the hint says how to create one', () => {
    expect(said({ contexts: {} }, '--context a')).toMatchObject({
      message: "There is no context 'a'.",
      hint: 'create one with mqttx context add a -h HOST',
    })
  })
  test('name the variable that selects the context', () => {
    const { message } = refusalOf(pub, '-t t -m m', around(file, { env: { MQTTX_CONTEXT: 'x' } }))
    expect(message).toMatch(/^There is no context 'x'\..* \(MQTTX_CONTEXT\)$/)
  })
  test('name the line of the options file that selects the context', () => {
    const { message } = refusalOf(pub, '-t t -m m', around(file, { options: '\n--context x' }))
    expect(message).toMatch(/\(\/x\/mosquitto_pub, line 2\)$/)
  })
  test('name the context if a combination of options is wrong', () => {
    expect(said(one({ cert: '/c' })).hint).toContain("some options came from the context 'c'")
  })
})

test('formatContexts writes what parseContexts reads', () => {
  const text = formatContexts(parseContexts(JSON.stringify(file), 'f'))
  expect(JSON.parse(text)).toEqual(file)
  expect(formatContexts(parseContexts(text, 'f'))).toBe(text)
})
