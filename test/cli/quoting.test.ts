// Shell words of an unfinished line: their values, and that bash reads inserted text as the same topic.
import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { insertedByBash, rawWords, readWord, type Shell } from '../../src/cli/completion/quoting.js'
import { readLine } from '../../src/commands/completion/typed-line.js'
import { findPeer } from '../helpers/peers.js'

const home = { HOME: '/home/me' }

describe('H8: the value of a word is the same as in the shell', () => {
  const everywhere: [string, string, string?][] = [
    ['plain/word', 'plain/word'],
    ['"s3 cret"', 's3 cret'],
    ["'s3 cret'", 's3 cret'],
    ['a\\ b\'c\'"d"', 'a bcd'],
    ["'$x `y` *'", '$x `y` *'],
    ['"* ? { ~"', '* ? { ~'],
    ['"\\$x"', '$x'],
    ['~/ca.crt', '/home/me/ca.crt'],
    ['~', '/home/me'],
    ['a~b', 'a~b'],
    ['"open', 'open', '"'],
    ["a'open \\", 'aopen \\', "'"],
    ['', ''],
  ]
  test.each(['bash', 'zsh', 'fish'] as const)('in %s', (shell) => {
    for (const [raw, text, open = ''] of everywhere)
      expect(readWord(shell, raw, home)).toEqual({ text, open })
    expect(readWord(shell, '"a\\b"', home)?.text).toBe('a\\b')
  })
  test('quotes inside quotes', () => {
    expect(readWord('bash', "'it'\\''s'", home)?.text).toBe("it's")
    expect(readWord('zsh', '"\\`\\""', home)?.text).toBe('`"')
    expect(readWord('fish', "'it\\'s \\\\'", home)?.text).toBe("it's \\")
    expect(readWord('fish', '"\\`"', home)?.text).toBe('\\`')
  })

  const unknown: [string, readonly Shell[]][] = [
    ['$PW', ['bash', 'zsh', 'fish']],
    ['"$PW"', ['bash', 'zsh', 'fish']],
    ['a$(touch x)', ['bash', 'zsh', 'fish']],
    ['"`touch x`"', ['bash', 'zsh']],
    ['(touch x)', ['bash', 'zsh', 'fish']],
    ['<(x)', ['bash', 'zsh', 'fish']],
    ['>file', ['bash', 'zsh', 'fish']],
    ['*', ['bash', 'zsh', 'fish']],
    ['{a,b}', ['bash', 'zsh', 'fish']],
    ['[ab]', ['bash', 'zsh']],
    ['a!b', ['bash', 'zsh']],
    ['"a!b"', ['bash', 'zsh']],
    ['~ada/x', ['bash', 'zsh', 'fish']],
    ['=ls', ['zsh']],
    ['a\\nb', ['fish']],
  ]
  test.each(unknown)('the value of %s is unknown', (raw, those) => {
    for (const shell of those) expect(readWord(shell, raw, home)).toBeUndefined()
  })
  test('without HOME, ~ is unknown', () => expect(readWord('bash', '~/x', {})).toBeUndefined())

  test('lines of fish', () => {
    expect(rawWords('mqttx sub  -P \'a b\' "c d" e\\ f')).toEqual([
      'mqttx',
      'sub',
      '-P',
      "'a b'",
      '"c d"',
      'e\\ f',
    ])
    expect(rawWords('mqttx sub -t ')).toEqual(['mqttx', 'sub', '-t', ''])
  })

  const lines: [Shell, string[], { words: string[]; typed: string } | undefined][] = [
    ['bash', ['sub', '-P', '"s3 cret"', '-t', '"', 'ev'], { words: ['-P', 's3 cret', '-t'], typed: 'ev' }],
    ['bash', ['sub', '-P', '"$PW"', '-t', '', 'ev'], undefined],
    ['bash', ['sub', '-t', '"ev', '-t', '', 'ev'], undefined],
    ['zsh', ['sub', '-P', "'s3 cret'", '-t', 'ev'], { words: ['-P', 's3 cret', '-t'], typed: 'ev' }],
    ['fish', ["mqttx sub -P 's3 cret' -t ev"], { words: ['-P', 's3 cret', '-t'], typed: 'ev' }],
    ['fish', ['mqttx sub -P x --topic="ev'], { words: ['-P', 'x'], typed: 'ev' }],
    ['zsh', [], undefined],
    ['fish', [''], undefined],
  ]
  test.each(lines)('%s %j', (shell, passed, expected) => {
    const line = readLine(shell, passed, home)
    if (expected === undefined) expect(line).toBeUndefined()
    else expect(line).toMatchObject({ command: 'sub', ...expected })
  })
})

describe.runIf(findPeer('bash'))('H6: bash reads inserted text as exactly the topic', () => {
  const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index))
  const texts = [
    'a$(touch P)',
    "'; touch P; echo '",
    '"; touch P; "',
    '`touch P`',
    '\\',
    'ö',
    "a'b'",
    'a"b"',
    'a!b!',
    '\'!"',
    '\\"',
    "''",
    '""',
    ...printable,
  ]
  test.each(['', "'", '"'] as const)('after %j', (open) => {
    const words = texts.map((text) => {
      const inserted = insertedByBash(text, open)
      return `${open}k${inserted}${inserted.endsWith(open) ? '' : open}` // as readline does
    })
    // History expansion works as in an interactive shell, line by line.
    const script = `set -o history -o histexpand\n${words.map((word) => `printf '%s\\n' ${word}\n`).join('')}`
    const printed = execFileSync('bash', ['--norc', '--noprofile'], {
      input: script,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
      cwd: '/',
    })
    expect(printed.split('\n').slice(0, -1)).toEqual(texts.map((text) => `k${text}`))
  })
  test('text that is already on the line is not inserted again', () => {
    const line = readLine('bash', ['sub', '-t', 'a:', 'b'], home)
    expect(line?.typed).toBe('a:b')
    expect(line?.inserted('a:b c')).toBe('b\\ c')
    expect(readLine('bash', ['sub', '-t', 'x"a', ''], home)?.inserted('xa$b')).toBe('\\$b')
  })
})
