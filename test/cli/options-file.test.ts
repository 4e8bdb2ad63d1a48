// The options file: its path, and how its lines are parsed.
import { describe, expect, test } from 'vitest'
import { optionsFilePath } from '../../src/cli/options-file.js'
import type { CliEnvironment } from '../../src/cli/sources.js'
import { broker } from '../../src/commands/broker/spec.js'
import { pub } from '../../src/commands/pub/spec.js'
import { sub } from '../../src/commands/sub/spec.js'
import { argsOf, refusalOf, withFile } from './command-line.js'

describe('the default file', () => {
  test.each([
    [{ XDG_CONFIG_HOME: '/x', HOME: '/h' }, '/x/mosquitto_pub'],
    [{ XDG_CONFIG_HOME: '', HOME: '/h' }, '/h/.config/mosquitto_pub'],
    [{ HOME: '/h' }, '/h/.config/mosquitto_pub'],
    [{ USERPROFILE: 'C:\\me' }, 'C:\\me\\mosquitto_pub.conf'],
    [{ XDG_CONFIG_HOME: 'x', HOME: '/h' }, '/h/.config/mosquitto_pub'], // H9: relative paths do not count
    [{ XDG_CONFIG_HOME: './x', HOME: 'h' }, undefined],
    [{ USERPROFILE: 'me' }, undefined],
    [{}, undefined],
  ])('%j', (env, path) => expect(optionsFilePath(env, 'mosquitto_pub')).toBe(path))

  test.each([
    [pub, 'mosquitto_pub'],
    [sub, 'mosquitto_sub'],
    [broker, undefined],
  ])('%#', (spec, name) => expect(spec.optionsFile).toBe(name))

  test('no fall-back from XDG_CONFIG_HOME to HOME', () => {
    const asked: string[] = []
    const env = { XDG_CONFIG_HOME: '/nowhere', HOME: '/home/me' }
    argsOf(pub, '-t t -n', { env, readFile: (path) => void asked.push(path) })
    expect(asked).toEqual(['/nowhere/mosquitto_pub', '/nowhere/mqttx/contexts.json'])
  })

  test('may be missing', () => expect(argsOf(pub, '-t t -n', withFile('', 'other')).topic).toBe('t'))
})

describe('-o', () => {
  const files: Record<string, string> = {
    '/home/me/.config/mosquitto_pub': '-t default',
    mine: '-t mine\n-o other\n-o',
  }
  const cliEnvironment: CliEnvironment = { env: { HOME: '/home/me' }, readFile: (path) => files[path] }

  test('names the only file that is read; -o in that file is ignored', () => {
    expect(argsOf(pub, '-n -o mine', cliEnvironment).topic).toBe('mine')
  })

  test('the command line overrides its file, whatever the position of -o', () => {
    expect(argsOf(pub, '-t argv -n -o mine', cliEnvironment).topic).toBe('argv')
  })

  test('as the argument of another option is not -o', () => {
    expect(argsOf(pub, '-m -o', cliEnvironment)).toMatchObject({ message: '-o', topic: 'default' })
  })

  test.each(['-n -o=mine', '-n -omine'])('%s is refused', (line) => {
    expect(refusalOf(pub, line, cliEnvironment).message).toContain('Unknown option')
  })

  test('must name a file that exists', () => {
    expect(refusalOf(pub, '-n -o missing', cliEnvironment).message).toBe(
      'Unable to read options file "missing": no such file.',
    )
  })

  test.each(['-o a -o b', '-o missing -t t -o b'])('given twice is refused: %s', (line) => {
    expect(refusalOf(pub, line, cliEnvironment).message).toBe('Duplicate -o argument given.')
  })

  test('is found after a bad value; mistakes in the file are reported first', () => {
    const bad = { ...cliEnvironment, readFile: (path: string) => (path === 'mine' ? '-k 1' : undefined) }
    expect(refusalOf(pub, '-q 3 -o mine', bad).message).toContain('Invalid keepalive')
  })
})

describe('a line', () => {
  test.each([
    ['-t a/b', { topic: 'a/b' }],
    ['   -t a', { topic: 'a' }],
    ['--topic a', { topic: 'a' }],
    ['-t  a ', { topic: ' a ' }],
    ['-t "a b"', { topic: '"a b"' }],
    ['-t a -q 2', { topic: 'a -q 2', qos: 0 }],
    ['-t a\r', { topic: 'a' }],
    ['-r\r\n-t a\r\n', { retain: true, topic: 'a' }],
    ['# -t b\n\n   \n-t a', { topic: 'a' }],
    ['--topic=a b=c', { topic: 'a b=c' }],
    ['-rd\n-t a', { retain: true, debug: true, topic: 'a' }],
    ['-q1\n-t a', { qos: 1 }],
    ['-t a\n-t b', { topic: 'b' }],
    [`-t ${'x'.repeat(3000)}`, { topic: 'x'.repeat(3000) }],
  ])('%j', (text, expected) => {
    expect(argsOf(pub, '-n', withFile(text))).toMatchObject(expected)
  })

  test('may have an empty argument', () => {
    expect(argsOf(pub, '-t t', withFile('-m '))).toMatchObject({ message: '' })
  })

  test.each([
    ['-t a\n-q 3', 'Invalid QoS given: 3 (/home/me/.config/mosquitto_pub, line 2)'],
    ['-t', '-t argument given but no topic specified. (/home/me/.config/mosquitto_pub, line 1)'],
    ['-r yes', "Unknown option 'yes'."],
    ['-t\ta', "Unknown option '-t\\ta'."],
    ['\n#\n--qso 1', "Unknown option '--qso'. (/home/me/.config/mosquitto_pub, line 3)"],
    [' # not a comment', "Unknown option '#'."],
  ])('%j is refused; the error names file and line', (text, message) => {
    expect(refusalOf(pub, '-n', withFile(text)).message).toContain(message)
  })

  test('an error keeps its hint', () => {
    expect(refusalOf(pub, '-n', withFile('-q 3')).hint).toBe('use 0, 1 or 2')
  })
})

describe('options file and command line together', () => {
  test('the command line wins', () => {
    expect(argsOf(pub, '-t argv -n -q 1', withFile('-t file\n-q 2\n-h h'))).toMatchObject({
      topic: 'argv',
      qos: 1,
      host: 'h',
    })
  })

  test('topics of sub add up', () => {
    expect(argsOf(sub, '-t argv', withFile('-t file', 'mosquitto_sub')).topics).toEqual(['file', 'argv'])
  })

  test('two sources of messages are an error', () => {
    expect(refusalOf(pub, '-t t -m b', withFile('-m a')).message).toBe(
      'Only one type of message can be sent at once.',
    )
  })

  test('-i and -I are an error', () => {
    expect(refusalOf(pub, '-t t -n -I b', withFile('-i a')).message).toBe(
      '-i and -I argument cannot be used together.',
    )
  })
})
