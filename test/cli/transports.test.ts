// Options for TLS, proxies, WebSocket and logins: values, combinations, and secrets that error texts must not show.
import { describe, expect, test } from 'vitest'
import { pub } from '../../src/commands/pub/spec.js'
import { rr } from '../../src/commands/rr/spec.js'
import { sub } from '../../src/commands/sub/spec.js'
import { argsOf, nowhere, refusalOf, withFile } from './command-line.js'

const needed = ' -t t -m x'
const args = (line: string, cliEnvironment = nowhere) => argsOf(pub, line + needed, cliEnvironment)
const refusal = (line: string, cliEnvironment = nowhere) => refusalOf(pub, line + needed, cliEnvironment)

describe("combinations, with mosquitto's texts in its order", () => {
  test.each([
    ['--cert c', 'Both certfile and keyfile must be provided if one of them is set.'],
    ['--key k', 'Both certfile and keyfile must be provided if one of them is set.'],
    ['--keyform pem', 'If keyform is set, keyfile must be also specified.'],
    ['--keyform pem --cert c', 'Both certfile and keyfile must be provided if one of them is set.'],
    [
      `--tls-engine-kpass-sha1 ${'0'.repeat(40)}`,
      'when using tls-engine-kpass-sha1, both tls-engine and keyform must also be provided.',
    ],
    [
      `--psk 00 --cafile f --tls-engine-kpass-sha1 ${'0'.repeat(40)}`,
      'when using tls-engine-kpass-sha1, both tls-engine and keyform must also be provided.',
    ],
    ['--psk 00 --cafile f', 'Only one of --psk or --cafile/--capath may be used at once.'],
    ['--psk 00 --capath f', 'Only one of --psk or --cafile/--capath may be used at once.'],
    ['--psk 00', '--psk-identity required if --psk used.'],
    ['--psk 00 -c', '--psk-identity required if --psk used.'],
    ['--will-retain --psk 00', 'Will retain given, but no will topic given.'],
    [
      '--psk 00 --psk-identity a --tls-version tlsv1.3',
      'Problem setting TLS options, check the options are valid.',
    ],
  ])('%s', (line, message) => {
    expect(refusal(line).message).toBe(message)
  })

  test.each([
    '--tls-engine pkcs11',
    '--keyform engine --cert c --key k',
    '--keyform ENGINE --tls-engine e --cert c --key k',
  ])('%s is refused, as Node has no engines', (line) => {
    const { message, hint } = refusal(line)
    expect(message).toMatch(/^Problem setting TLS engine, is .*a valid engine\?$/)
    expect(hint).toContain('Node has no OpenSSL engines')
  })
})

test.each([pub, sub, rr] as const)('$name checks them', (spec) => {
  expect(refusalOf(spec as never, '--psk 00 -t t').message).toBe('--psk-identity required if --psk used.')
})

describe('values', () => {
  test.each([
    ['--tls-version tlsv1.1', 'Problem setting TLS options, check the options are valid.'],
    ['--keyform der --cert c --key k', "Problem setting key form, it must be one of 'pem' or 'engine'."],
    [
      '--tls-engine-kpass-sha1 12 --tls-engine e --keyform pem --cert c --key k',
      'Problem setting TLS engine, is e a valid engine?',
    ],
    ['--psk xyz --psk-identity me', 'Problem setting TLS-PSK options.'],
    ['--proxy https://p', 'Unsupported proxy protocol: https://p'],
    ['--proxy http://', 'Invalid proxy.'],
    ['--proxy socks5h://a:b:c@p', "Username cannot contain ':'."],
    ['--proxy socks5h://p:0', 'Invalid proxy port 0'],
    ['--proxy socks5h://p:x', 'Invalid proxy port x'],
    ['--proxy socks5h://', 'Invalid proxy.'],
    ['--proxy socks5h://a%zz@p', 'Invalid proxy.'],
    ['--proxy socks5h://[[::1]]', 'Duplicate IPv6 address.'],
    ['--ws-path mqtt', "--ws-path: 'mqtt' is not the path of a URL"],
    ['--ws-path /a#b', "--ws-path: '/a#b' is not the path of a URL"],
    ['--ws-header X', '--ws-header: the argument is not a header'],
    ['--ws-header Upgrade:x', '--ws-header: Upgrade cannot be set: the WebSocket upgrade sets it'],
  ])('%s', (line, message) => {
    expect(refusal(line).message).toBe(message)
  })

  test.each([
    ['--tls-version TLSv1.3', { tlsVersion: 'tlsv1.3' }],
    ['--psk abc --psk-identity i', { psk: '0abc' }],
    ['--proxy socks5h://p', { proxy: { scheme: 'socks5h', host: 'p', port: 1080 } }],
    ['--proxy SOCKS5H://[::1]:9/', { proxy: { scheme: 'socks5h', host: '::1', port: 9 } }],
    ['--proxy http://p', { proxy: { scheme: 'http', host: 'p', port: 80 } }],
    ['--proxy HTTP://[::1]:3128/', { proxy: { scheme: 'http', host: '::1', port: 3128 } }],
    [
      '--proxy socks5h://u:p%40%3a%25@h',
      { proxy: { host: 'h', port: 1080, login: { user: 'u', password: 'p@:%' } } },
    ],
    ['--ws', { ws: true, wsPath: '/mqtt' }],
    ['--ws-path /a?b=%20', { wsPath: '/a?b=%20' }],
    ['-S', { srv: true }],
  ])('%s', (line, expected) => {
    expect(args(line)).toMatchObject(expected)
  })

  test('a header keeps its value', () => {
    const { wsHeaders } = argsOf(pub, [
      '--ws-header',
      'Authorization: Bearer a b:c ',
      '--ws-header',
      'X:',
      '-t',
      't',
      '-n',
    ])
    expect(wsHeaders).toEqual([
      ['Authorization', 'Bearer a b:c'],
      ['X', ''],
    ])
  })
})

describe('the login', () => {
  const env = { MQTTX_USERNAME: 'env', MQTTX_PASSWORD: 'from env' }
  const file = withFile('-u file\n-P from file\n')
  const both = { ...file, env: { ...file.env, ...env } }

  test('the command line overrides the environment, which overrides the options file', () => {
    expect(args('', file)).toMatchObject({ username: 'file', pw: 'from file' })
    expect(args('', both)).toMatchObject({ username: 'env', pw: 'from env' })
    expect(args('-u argv -P argv', both)).toMatchObject({ username: 'argv', pw: 'argv' })
    expect(args('-L mqtt://url:pw@h/t', both)).toMatchObject({ username: 'url', pw: 'pw' })
  })

  test('an empty variable counts as unset', () => {
    expect(args('', { ...nowhere, env: { MQTTX_USERNAME: '' } })).not.toHaveProperty('username')
  })

  test('the last source of a password counts', () => {
    const user = '-u u '
    expect(args(`${user}-P a --password-file f`)).toMatchObject({ passwordFile: 'f' })
    expect(args(`${user}-P a --password-file f`)).not.toHaveProperty('pw')
    expect(args(`${user}--password-file f -P -`)).toMatchObject({ askPassword: true })
    expect(args(`${user}--password-file f -P -`)).not.toHaveProperty('passwordFile')
    expect(args(`${user}-P - -P a`)).not.toHaveProperty('askPassword')
    expect(args('-L mqtt://u:-@h/t')).toMatchObject({ pw: '-' })
  })

  test.each(['-P a', '-P -', '--password-file f'])('%s needs a user name before MQTT 5', (line) => {
    expect(refusal(line).message).toBe('Problem setting username and/or password.')
    expect(() => args(`${line} -V 5`)).not.toThrow()
  })

  test('an error names the variable', () => {
    const { message } = refusal('', { ...nowhere, env: { MQTTX_USERNAME: 'a\u0001' } })
    expect(message).toBe('Problem setting username and/or password. (MQTTX_USERNAME)')
  })
})

describe('errors never show a secret', () => {
  test.each([
    '-L mqtt://ada:sec/ret@h/t',
    '-L mqtt://ada:sec:ret/@h',
    '-L mqtt://ada:secret@h:x/t',
    '-L mqtt://ada:secret@h:x',
    '-L mqtt://ada:secret%@h/t',
    '-L http://ada:secret@h/t',
    '--proxy socks5://ada:secret@h',
    '--proxy socks5h://ada:secret@h:x',
    '--proxy http://ada:secret@h:x',
    '--proxy https://ada:secret@h:1',
    '--proxy socks5h://ada:secret%zz@h',
    '--psk secret',
    '-Psecret',
    '--pass=secret',
    '--passwd=secret',
    '--ws-header Authorization:secret\u00e9',
  ])('%s', (line) => {
    const { message, hint } = refusal(line)
    expect(`${message} ${hint}`).not.toMatch(/sec/)
  })
})
