// `mqttx inspect --write`: targets, protection of input files, and errors.
import { copyFileSync, existsSync, linkSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { mqttx, scratch, shell } from '../helpers/run.js'

const picture = resolve(import.meta.dirname, '../fixtures/inspect/picture.pcap')

/** A copy of a capture, in case a defect overwrites it. */
function copy(): string {
  const file = join(scratch('target'), 'in.pcap')
  copyFileSync(picture, file)
  return file
}

describe('an input file is not overwritten', () => {
  test.each<[string, (file: string) => string[]]>([
    ['an operand', (file) => [file, '--write', file]],
    ['-r', (file) => ['-r', file, '--write', file]],
    ['the second of two', (file) => [picture, file, '--write', file]],
    ['a symbolic link', (file) => [file, '--write', linked(file, symlinkSync)]],
    ['a hard link', (file) => [file, '--write', linked(file, linkSync)]],
    ['the key log', (file) => [picture, '--keylog', file, '--write', file]],
  ])('%s', async (_name, args) => {
    const file = copy()
    const { status, stdout, stderr } = await mqttx(['inspect', ...args(file)])
    expect(stderr).toMatch(/^Error: --write .+: would overwrite the input .+\nhint: /)
    expect(status).toBe(1)
    expect(stdout).toHaveLength(0)
    expect(readFileSync(file).equals(readFileSync(picture))).toBe(true)
  })

  test('standard input', async () => {
    const file = copy()
    const { status, stderr } = await shell(`mqttx inspect --write '${file}' < '${file}'`)
    expect(stderr).toContain('would overwrite standard input')
    expect(status).toBe(1)
    expect(readFileSync(file).equals(readFileSync(picture))).toBe(true)
  })
})

test.each([
  ['does not exist', '/nowhere/in.pcap', 'No such file or directory'],
  ['is a directory', '/', 'Is a directory'],
])('if an input %s, the target is not changed', async (_name, input, why) => {
  const file = copy()
  const { status, stdout, stderr } = await mqttx(['inspect', picture, input, '--write', file])
  expect(stderr).toBe(`Error: cannot read ${input}: ${why}\n`)
  expect(status).toBe(1)
  expect(stdout).toHaveLength(0)
  expect(readFileSync(file).equals(readFileSync(picture))).toBe(true)
})

function linked(file: string, link: (from: string, to: string) => void): string {
  const other = `${file}.link`
  link(file, other)
  return other
}

test.each([
  ['a directory', '/', 'Is a directory'],
  ['in a missing directory', '/nowhere/out.pcapng', 'No such file or directory'],
])('target %s: the error names the option and the file, before any output', async (_name, file, why) => {
  const { status, stdout, stderr } = await mqttx(['inspect', picture, '--write', file])
  expect(stderr).toBe(`Error: --write ${file}: cannot open: ${why}\n`)
  expect(status).toBe(1)
  expect(stdout).toHaveLength(0)
})

test.runIf(existsSync('/dev/full'))('a full disk is reported before the work', async () => {
  const { status, stdout, stderr } = await mqttx(['inspect', picture, '--write', '/dev/full'])
  expect(stderr).toMatch(/^Error: --write \/dev\/full: ENOSPC.*\nhint: disk full, /)
  expect(status).toBe(14)
  expect(stdout).toHaveLength(0)
})

test('with an unreadable key log the target is not changed', async () => {
  const file = copy()
  const { status } = await mqttx(['inspect', picture, '--keylog', '/nowhere', '--write', file])
  expect(status).toBe(1)
  expect(readFileSync(file).equals(readFileSync(picture))).toBe(true)
})

describe('--write - writes the capture to standard output', () => {
  test('and nothing else', async () => {
    const file = join(scratch('target'), 'out.pcapng')
    await mqttx(['inspect', picture, '--write', file])
    const { stdout } = await mqttx(['inspect', picture, '--write', '-'])
    expect(stdout.equals(readFileSync(file))).toBe(true)
  })

  test('not with a view', async () => {
    const { status, stderr } = await mqttx(['inspect', picture, '--write', '-', '--view', 'json'])
    expect(stderr).toContain('--write -: standard output cannot have both the capture and --view json')
    expect(status).toBe(1)
  })
})

test.skipIf(process.platform === 'win32')(
  'a new file has mode 0600: captures contain passwords',
  async () => {
    const folder = scratch('target')
    await shell(`umask 022; mqttx inspect '${picture}' --write '${folder}/new.pcapng'`)
    expect(statSync(join(folder, 'new.pcapng')).mode & 0o777).toBe(0o600)
  },
)
