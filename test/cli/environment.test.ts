// Options in the environment: names, values and precedence.
import { describe, expect, test } from 'vitest'
import { splitArguments, switchOf, valuesIn, variableOf, variablesOf } from '../../src/cli/environment.js'
import { namesOf } from '../../src/cli/option.js'
import { bench } from '../../src/commands/bench/spec.js'
import { broker } from '../../src/commands/broker/spec.js'
import { commands as all } from '../../src/commands/index.js'
import { inspect } from '../../src/commands/inspect/spec.js'
import { program } from '../../src/commands/program.js'
import { pub } from '../../src/commands/pub/spec.js'
import { rr } from '../../src/commands/rr/spec.js'
import { sub } from '../../src/commands/sub/spec.js'
import { argsOf, nowhere, refusalOf, withFile } from './command-line.js'

const { commands } = await program(all)

const within = (env: Record<string, string>) => ({ ...nowhere, env })

describe.each(commands)('mqttx $name', (spec) => {
  const options = Object.entries(spec.options).filter(([, { role }]) => role !== 'help' && role !== 'version')

  test('every option has a variable of its own', () => {
    const names = options.map(([key, option]) => variableOf(key, option))
    expect(new Set(names).size).toBe(options.length)
    for (const name of names) expect(name).toMatch(/^[A-Z][A-Z\d_]*$/)
    const own = [...variablesOf(spec)].filter(([name]) =>
      name.startsWith(`MQTTX_${spec.name.toUpperCase()}_`),
    )
    expect(own.map(([, key]) => key).sort()).toEqual(options.map(([key]) => key).sort())
  })

  test('its name is the long name, except for the password', () => {
    for (const [key, option] of options) {
      const { long } = namesOf(option)
      if (long === undefined || key === 'pw') continue
      expect(variableOf(key, option)).toBe(long.slice(2).replaceAll('-', '_').toUpperCase())
    }
  })
})

describe('a variable', () => {
  test.each([
    [
      { MQTTX_HOST: 'h', MQTTX_PORT: '1884', MQTTX_QOS: '2' },
      { host: 'h', port: 1884, qos: 2 },
    ],
    [{ MQTTX_PUB_QOS: '1' }, { qos: 1 }],
    [{ MQTTX_PUB_QOS: '1', MQTTX_QOS: '2' }, { qos: 1 }],
    [{ MQTTX_SUB_QOS: '1' }, { qos: 0 }],
    [{ MQTTX_RETAIN: '1' }, { retain: true }],
    [{ MQTTX_RETAIN: 'true' }, { retain: true }],
    [{ MQTTX_RETAIN: '0' }, { retain: false }],
    [{ MQTTX_RETAIN: 'false' }, { retain: false }],
    [{ MQTTX_RETAIN: '' }, { retain: false }],
    [
      { MQTTX_USERNAME: 'ada', MQTTX_PASSWORD: 'p w' },
      { username: 'ada', pw: 'p w' },
    ],
    [{ MQTTX_USERNAME: 'a', MQTTX_PASSWORD_ENV: 'X' }, { passwordEnv: 'X' }],
    [{ MQTTX_USERNAME: 'a', MQTTX_PASSWORD_COMMAND: 'pass show x' }, { passwordCommand: 'pass show x' }],
    [{ MQTTX_URL: 'mqtts://ada@h:1' }, { host: 'h', port: 1, transport: 'tls', username: 'ada', topic: 't' }],
    [
      { MQTTX_URL: 'mqtt://a', MQTTX_HOST: 'b' },
      { host: 'b', port: 1883 },
    ],
    [
      { MQTTX_WS_HEADER: 'A: 1\nB: 2' },
      {
        wsHeaders: [
          ['A', '1'],
          ['B', '2'],
        ],
      },
    ],
    [
      { MQTTX_USER_PROPERTY: 'a=b\na=c d' },
      { properties: { publish: { userProperties: { a: ['b', 'c d'] } } }, protocolVersion: 5 },
    ],
    [
      { MQTTX_PROPERTY: 'connect user-property a b c\nconnect receive-maximum 7' },
      { properties: { connect: { userProperties: { a: 'b c' }, receiveMaximum: 7 } } },
    ],
  ])('%j', (env, expected) => {
    expect(argsOf(pub, '-t t -m m', within(env))).toMatchObject(expected)
  })

  test('variables can replace the whole command line', () => {
    const args = argsOf(pub, '', within({ MQTTX_TOPIC: 'a/b', MQTTX_MESSAGE: '-x -y' }))
    expect(args).toMatchObject({ topic: 'a/b', message: '-x -y' })
  })

  test.each([
    ['-N', { MQTTX_NO_NEWLINE: '1' }, { noNewline: true }],
    ['-R', { MQTTX_NO_RETAINED: '1' }, { noRetained: true }],
    ['-E', { MQTTX_EXIT_AFTER_SUBSCRIBE: '1' }, { exitAfterSubscribe: true }],
  ])('sets an option without a long name: %s', (_, env, expected) => {
    expect(argsOf(sub, '-t t', within(env))).toMatchObject(expected)
  })

  test.each([
    [{ MQTTX_QOS: '3' }, 'Invalid QoS given: 3 (MQTTX_QOS)'],
    [{ MQTTX_PUB_PORT: 'x' }, 'Invalid port given: x (MQTTX_PUB_PORT)'],
    [{ MQTTX_RETAIN: 'yes' }, "-r: 'yes' is not a boolean (MQTTX_RETAIN)"],
    [
      { MQTTX_PROPERTY: 'connect' },
      '--property argument given but not enough arguments specified. (MQTTX_PROPERTY)',
    ],
    [
      { MQTTX_ID: 'a', MQTTX_ID_PREFIX: 'b' },
      /^-i and -I argument cannot be used together\. \(MQTTX_ID(_PREFIX)?\)$/,
    ],
  ])('%j is refused; the error names the variable', (env, message) => {
    expect(refusalOf(pub, '-t t -m m', within(env as never)).message).toMatch(message)
  })

  test('is named if a combination of options is wrong', () => {
    const { message, hint } = refusalOf(pub, '-t t -m m', within({ MQTTX_WILL_PAYLOAD: 'x' }))
    expect(message).toBe('Will payload given, but no will topic given.')
    expect(hint).toContain('some options came from MQTTX_WILL_PAYLOAD')
  })

  test('with a mistake does not prevent --help', () => {
    expect(() => argsOf(pub, '--help', within({ MQTTX_QOS: '9' }))).toThrow('the command line asks for help')
  })
})

describe('the command line overrides the environment', () => {
  const env = { MQTTX_QOS: '1', MQTTX_HOST: 'env', MQTTX_PORT: '1', MQTTX_MESSAGE: 'env', MQTTX_ID: 'env' }
  test.each([
    ['-q 2 -m m', { qos: 2, message: 'm', host: 'env' }],
    ['-h argv', { host: 'argv', port: 1, message: 'env' }],
    ['-f file', { file: 'file' }],
    ['-I argv', { idPrefix: 'argv' }],
    ['--unix /s', { unix: '/s' }],
    ['-L mqtt://url/t', { host: 'url', port: 1883 }],
  ])('%s', (line, expected) => {
    expect(argsOf(pub, `-t t ${line}`, within(env))).toMatchObject(expected)
  })

  test('what it overrides is removed', () => {
    expect(argsOf(pub, '-t t -f x', within(env))).not.toHaveProperty('message')
    expect(argsOf(pub, '-t t -I x', within(env))).not.toHaveProperty('id')
    expect(argsOf(pub, '-t t --unix /s', within(env))).not.toHaveProperty('host')
    expect(argsOf(pub, '-t t -m m --retain=false', within({ MQTTX_RETAIN: '1' })).retain).toBe(false)
  })

  test('a list replaces a list', () => {
    const env = { MQTTX_TOPIC: 'a\nb' }
    expect(argsOf(sub, '', within(env)).topics).toEqual(['a', 'b'])
    expect(argsOf(sub, '-t c', within(env)).topics).toEqual(['c'])
  })
})

describe('the environment overrides the options file', () => {
  const file = withFile('-t file\n-m file\n-q 2\n-r')
  const both = (env: Record<string, string>) => ({ ...file, env: { ...file.env, ...env } })
  test.each([
    [{ MQTTX_TOPIC: 'env' }, { topic: 'env', message: 'file', qos: 2, retain: true }],
    [
      { MQTTX_RETAIN: '0', MQTTX_QOS: '0' },
      { retain: false, qos: 0 },
    ],
    [{ MQTTX_STDIN_LINE: '1' }, { stdinLine: true }],
  ])('%j', (env, expected) => {
    const args = argsOf(pub, '', both(env))
    expect(args).toMatchObject(expected)
    if (args.stdinLine) expect(args).not.toHaveProperty('message')
  })

  test('a variable can name it', () => {
    const files = { ...nowhere, readFile: (path: string) => (path === 'mine' ? '-t mine' : undefined) }
    expect(argsOf(pub, '-n', { ...files, env: { MQTTX_OPTIONS_FILE: 'mine' } }).topic).toBe('mine')
  })
})

describe('which commands use which names', () => {
  test.each([rr, bench].map((spec) => [spec.name, variablesOf(spec)] as const))(
    '%s: both',
    (name, variables) => {
      expect(variables.get('MQTTX_HOST')).toBe('host')
      expect(variables.get(`MQTTX_${name.toUpperCase()}_HOST`)).toBe('host')
    },
  )

  test('variables for clients do not affect broker or inspect', () => {
    expect(argsOf(broker, '', within({ MQTTX_PORT: '8883', MQTTX_PASSWORD_FILE: 'pw' }))).toMatchObject({
      port: 1883,
    })
    expect(argsOf(inspect, '', within({ MQTTX_PORT: '8883' })).port).toEqual([])
    expect(argsOf(broker, '', within({ MQTTX_BROKER_PORT: '0' })).port).toBe(0)
    expect(argsOf(inspect, '', within({ MQTTX_INSPECT_VIEW: 'line' })).view).toBe('line')
  })

  test('variables that --exec sets for a request are not options', () => {
    const env = {
      MQTTX_REQUEST: '1',
      MQTTX_TOPIC: 'asked',
      MQTTX_QOS: '2',
      MQTTX_RETAIN: '1',
      MQTTX_DUP: '0',
      MQTTX_ATTEMPT: '1',
      MQTTX_CONTENT_TYPE: 'x',
      MQTTX_HOST: 'h',
    }
    expect(argsOf(pub, '-t t -n', within(env))).toMatchObject({
      topic: 't',
      qos: 0,
      retain: false,
      protocolVersion: 4,
      host: 'h',
    })
  })
})

describe('parts of a value', () => {
  const { any, topic } = pub.options
  test.each([
    ['connect user-property a b c', ['connect', 'user-property', 'a', 'b c']],
    ['connect receive-maximum 7', ['connect', 'receive-maximum', '7']],
    ['connect', ['connect']],
  ])('%s', (text, args) => expect(splitArguments(any, text)).toEqual(args))
  test('an option with one argument keeps blanks', () =>
    expect(splitArguments(topic, 'a b')).toEqual(['a b']))
  test('an option that is not repeatable keeps line feeds', () =>
    expect(valuesIn(topic, 'a\nb')).toEqual(['a\nb']))
  test.each([
    ['1', true],
    ['true', true],
    ['0', false],
    ['false', false],
    ['TRUE', undefined],
    ['', undefined],
  ])('%s', (text, on) => expect(switchOf(text)).toBe(on))
})
