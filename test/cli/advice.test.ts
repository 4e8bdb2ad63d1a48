// Errors and hints for options that contradict each other, and for an invalid host.
import { describe, expect, test } from 'vitest'
import type { AnySpec } from '../../src/cli/option.js'
import { bench } from '../../src/commands/bench/spec.js'
import { pub } from '../../src/commands/pub/spec.js'
import { rr } from '../../src/commands/rr/spec.js'
import { sub } from '../../src/commands/sub/spec.js'
import { argsOf, argvOf, refusalOf, withFile } from './command-line.js'

describe('E34: a password without a user name', () => {
  const lines = ['pub -t t -n', 'sub -t t', 'rr -t t -e a -n', 'bench pub -t t']
  const specs = { pub, sub, rr, bench }
  test.each(lines)('%s', (line) => {
    const [name, ...rest] = argvOf(line)
    const spec = specs[name as keyof typeof specs] as AnySpec as typeof pub
    for (const word of ['5', 'mqttv5', '5.0'])
      expect(argsOf(spec, [...rest, '-V', word, '-P', 'token'])).toMatchObject({
        pw: 'token',
        protocolVersion: 5,
      })
    expect(refusalOf(spec, [...rest, '-V', '311', '-P', 'token'])).toEqual({
      message: 'Problem setting username and/or password.',
      hint: 'before MQTT 5 a password needs a user name: -u NAME',
    })
  })
})

describe('E35: -V with an option of another version', () => {
  const line = '-t t -n'
  test.each([
    ['-V mqttv311 --content-type x', '--content-type', 'mqttv311'],
    ['--content-type x -V mqttv311', '--content-type', 'mqttv311'],
    ['-V 3.1 --user-property a=b', '--user-property', 'mqttv31'],
    ['-V 311 -x 5', '-x', 'mqttv311'],
    ['--session-expiry 5 -V 311', '-x', 'mqttv311'],
    ['-V 311 -D publish content-type x', '-D publish', 'mqttv311'],
    ['-V 5 -D will content-type x --topic-alias 1 -V 311', '-D will', 'mqttv311'],
    ['-V 311 --will-delay 5', '--will-delay', 'mqttv311'],
  ])('%s', (more, option, version) => {
    expect(refusalOf(pub, `${line} ${more}`)).toEqual({
      message: 'This feature is not supported.',
      hint: `${option} needs MQTT 5, but -V ${version} is given: omit one of them`,
    })
  })
  test.each(['--content-type x', '-V 5 --content-type x', '-V 311 -V 5 -x 5'])('%s is MQTT 5', (more) => {
    expect(argsOf(pub, `${line} ${more}`).protocolVersion).toBe(5)
  })
  test('if one of them is in the options file or the environment, the error says so', () => {
    const { hint } = refusalOf(pub, `${line} --content-type x`, withFile('-V mqttv311'))
    expect(hint).toBe('--content-type needs MQTT 5, but -V mqttv311 is given: omit one of them')
    const cliEnvironment = { env: { MQTTX_PROTOCOL_VERSION: '3.1.1' }, readFile: () => undefined }
    expect(refusalOf(pub, `${line} --content-type x`, cliEnvironment).hint).toContain(
      'came from MQTTX_PROTOCOL_VERSION',
    )
  })
})

describe('E36: every usual name of a version', () => {
  test.each([
    ['mqttv31', 3],
    ['31', 3],
    ['3.1', 3],
    ['mqttv311', 4],
    ['311', 4],
    ['3.1.1', 4],
    ['mqttv5', 5],
    ['5', 5],
    ['5.0', 5],
  ])('-V %s', (word, version) => expect(argsOf(sub, `-t t -V ${word}`).protocolVersion).toBe(version))
  test.each(['4', '3', '6', '5.00', '', 'constructor', 'MQTTV5'])('but not %j', (word) => {
    expect(refusalOf(sub, ['-t', 't', '-V', word])).toEqual({
      message: 'Invalid protocol version argument given.',
      hint: 'use mqttv31, mqttv311 or mqttv5; 3.1, 3.1.1 and 5 mean the same',
    })
  })
})

describe('E38: a host with a part that belongs to another option is refused', () => {
  test.each([
    ['localhost:1883', "'localhost:1883'", 'give the port with -p: -h localhost -p 1883'],
    ['10.0.0.1:', "'10.0.0.1:'", 'give the port with -p: -h 10.0.0.1'],
    ['[::1]:1883', "'[::1]:1883'", 'give the port with -p: -h ::1 -p 1883'],
    ['[::1]', "'[::1]'", 'write an IPv6 address without brackets: -h ::1'],
    ['mqtt://host', "'mqtt://host'", 'give a URL with -L, as in -L mqtt://HOST/TOPIC'],
    ['wss://me:secret@host/x', 'the argument', 'give a URL with -L, as in -L mqtt://HOST/TOPIC'],
  ])('-h %s', (host, shown, hint) => {
    expect(refusalOf(sub, ['-t', 't', '-h', host])).toEqual({
      message: `-h: ${shown} is not a host name or address`,
      hint,
    })
  })
  test.each(['localhost', '::1', 'fe80::1%eth0', '127.0.0.1', 'a_b.example'])('-h %s', (host) => {
    expect(argsOf(sub, ['-t', 't', '-h', host]).host).toBe(host)
  })
  test('with port 0, a path is that of a unix socket', () => {
    expect(argsOf(sub, '-t t -h /run/a:1883 -p 0')).toMatchObject({ unix: '/run/a:1883' })
  })
})
