// Contexts: which one counts, what it holds, and what is said when it is wrong.
import { describe, expect, test } from 'vitest'
import { contextsPath, formatContexts, parseContexts } from '../../src/cli/contexts.js'
import { bench } from '../../src/commands/bench/spec.js'
import { broker } from '../../src/commands/broker/spec.js'
import { pub } from '../../src/commands/pub/spec.js'
import { sub } from '../../src/commands/sub/spec.js'
import { argsOf, refusalOf } from './words.js'

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
])('the file: %j', (env, path) => expect(contextsPath(env)).toBe(path))

describe('which one counts', () => {
  const line = '-t t -m m'
  const host = (more: string, options?: Parameters<typeof around>[1]) =>
    argsOf(pub, `${line} ${more}`, around(file, options)).host
  test('the current one', () => {
    expect(argsOf(pub, line, around())).toMatchObject({ host: 'prod.lan', port: 8883, passwordEnv: 'PW' })
  })
  test('the one that --context names', () => expect(host('--context url')).toBe('web.lan'))
  test('the last of several', () => expect(host('--context url --context prod')).toBe('prod.lan'))
  test('the one that MQTTX_CONTEXT names', () => {
    expect(host('', { env: { MQTTX_CONTEXT: 'url' } })).toBe('web.lan')
    expect(host('--context prod', { env: { MQTTX_CONTEXT: 'url' } })).toBe('prod.lan')
  })
  test('the one that the options file names', () => {
    expect(host('', { options: '--context url' })).toBe('web.lan')
    expect(host('', { options: '--context url', env: { MQTTX_CONTEXT: 'prod' } })).toBe('prod.lan')
  })
  test('none', () => {
    expect(host('--context none')).toBeUndefined()
    expect(host('', { env: { MQTTX_CONTEXT: 'none' } })).toBeUndefined()
    expect(argsOf(pub, line, around({ contexts: {} }))).not.toHaveProperty('host')
  })

  test.each(['-h other', '--unix /s', '-L mqtt://other/t'])('not the current one with %s', (more) => {
    const args = argsOf(pub, `${line} ${more}`, around())
    expect(args).not.toHaveProperty('username')
    expect(args).not.toHaveProperty('cafile')
  })
  test('not the current one with MQTTX_HOST', () => {
    const args = argsOf(pub, line, around(file, { env: { MQTTX_HOST: 'h' } }))
    expect(args.host).toBe('h')
    expect(args).not.toHaveProperty('passwordEnv')
  })
  test('but a named one counts with them', () => {
    expect(argsOf(pub, `${line} --context prod -h other`, around())).toMatchObject({
      host: 'other',
      port: 8883,
    })
  })
  test('a command that does not connect has none', () => {
    expect(argsOf(broker, '', around()).port).toBe(1883)
  })
  test('--help is answered whatever the file says', () => {
    expect(() => argsOf(pub, '--help', around('{'))).toThrow('the words ask for help')
  })
})

describe('argv, environment, context, options file', () => {
  const options = '-k 11\n-q 1\n-u file'
  const root = { current: 'c', contexts: { c: { keepalive: 22, username: 'context', retry: 2 } } }
  const read = (line: string, env = {}) => argsOf(pub, `-t t -m m ${line}`, around(root, { options, env }))
  test('count in this order', () => {
    expect(read('')).toMatchObject({ keepalive: 22, username: 'context', qos: 1, retry: 2 })
    expect(read('', { MQTTX_KEEPALIVE: '33' })).toMatchObject({ keepalive: 33, username: 'context' })
    expect(read('-k 44', { MQTTX_KEEPALIVE: '33' })).toMatchObject({ keepalive: 44, username: 'context' })
  })
  test('-I and -i of different sources do not meet', () => {
    const args = argsOf(pub, '-t t -m m --context id -I x', around())
    expect(args.idPrefix).toBe('x')
    expect(args).not.toHaveProperty('id')
  })
  test('a password takes back one from another source', () => {
    const args = argsOf(pub, '-t t -m m --context prod --password-file f', around())
    expect(args.passwordFile).toBe('f')
    expect(args).not.toHaveProperty('passwordEnv')
  })
})

describe('what it holds', () => {
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
  test('what a command does not have is left out', () => {
    expect(argsOf(bench, 'pub --context will', around())).toMatchObject({ retry: 3, ws: true })
  })
  test('a URL has no topic for sub', () => {
    expect(argsOf(sub, '-t a --context url', around()).topics).toEqual(['a'])
  })
})

describe('what is said', () => {
  const said = (root: unknown, line = '') => refusalOf(pub, `-t t -m m ${line}`, around(root))
  const one = (settings: object) => ({ current: 'c', contexts: { c: settings } })
  test.each([
    [
      one({ keepalive: 1 }),
      "Invalid keepalive given, it must be between 5 and 65535 inclusive. (context 'c')",
    ],
    [one({ qos: 1 }), "'qos' is no setting. (context 'c')"],
    [one({ hots: 'h' }), "'hots' is no setting. (context 'c')"],
    [one({ pw: 'secret' }), "A context does not hold a password. (context 'c')"],
    [
      one({ url: 'mqtt://a:secret@h' }),
      "A context does not hold a password, not in a URL either. (context 'c')",
    ],
    [
      one({ url: 'mqtt://h/t' }),
      "A context has no topic: the URL ends behind the host and port. (context 'c')",
    ],
    [one({ ws: 'yes' }), "--ws: 'yes' is neither on nor off (context 'c')"],
    [one({ host: ['a', 'b'] }), "host takes one value, not a list. (context 'c')"],
    [
      one({ property: 'connect' }),
      "--property argument given but not enough arguments specified. (context 'c')",
    ],
    [one({ host: { a: 1 } }), /no text, number or list of them as host of 'c'/],
    [{ contexts: { 'a b': {} } }, /has a context with the name 'a b'/],
    [{ contexts: { none: {} } }, /has a context with the name 'none'/],
    [{ contexts: [] }, /has no member "contexts"/],
    [{ contexts: { a: 1 } }, /has a context 'a' that is not an object/],
    [{ current: 'x', contexts: {} }, /names a current context that is not in it/],
    ['{', /^The file of contexts "\/x\/mqttx\/contexts.json" is not JSON/],
    ['[]', /has no member "contexts"/],
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
  test('where there are none', () => {
    expect(said({ contexts: {} }, '--context a')).toMatchObject({
      message: "There is no context 'a'.",
      hint: 'make one with mqttx context add a -h HOST',
    })
  })
  test('with the variable that names it', () => {
    const { message } = refusalOf(pub, '-t t -m m', around(file, { env: { MQTTX_CONTEXT: 'x' } }))
    expect(message).toMatch(/^There is no context 'x'\..* \(MQTTX_CONTEXT\)$/)
  })
  test('with the line of the options file that names it', () => {
    const { message } = refusalOf(pub, '-t t -m m', around(file, { options: '\n--context x' }))
    expect(message).toMatch(/\(\/x\/mosquitto_pub, line 2\)$/)
  })
  test('where only several options together are wrong', () => {
    expect(said(one({ cert: '/c' })).hint).toContain("options came from the context 'c' too")
  })
})

test('what is written is what was read', () => {
  const text = formatContexts(parseContexts(JSON.stringify(file), 'f'))
  expect(JSON.parse(text)).toEqual(file)
  expect(formatContexts(parseContexts(text, 'f'))).toBe(text)
})
