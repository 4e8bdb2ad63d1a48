// Small files: reading a regular file, a pipe or a device is bounded.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readSmallFile, withoutMark } from '../../src/io/small-file.js'

const folder = mkdtempSync(join(tmpdir(), 'small-file-'))
afterAll(() => rmSync(folder, { recursive: true }))

function pipe(name: string): string {
  const path = join(folder, name)
  execFileSync('mkfifo', [path])
  return path
}

test('a regular file, also an empty one', () => {
  const path = join(folder, 'file')
  const bytes = Buffer.alloc(200_000, 'bytes')
  writeFileSync(path, bytes)
  expect(readSmallFile(path)).toEqual(bytes)
  expect(readSmallFile('/dev/null')).toHaveLength(0)
})

test('a pipe with a slow writer', () => {
  const path = pipe('slow')
  const writer = spawn('sh', ['-c', `exec 3>${path}; echo one >&3; sleep 0.2; echo two >&3`])
  expect(readSmallFile(path).toString()).toBe('one\ntwo\n')
  writer.kill()
})

test('H22: a pipe without data times out', () => {
  expect(() => readSmallFile(pipe('silent'), { silence: 50 })).toThrow('no data for 0.05 seconds')
})

test('H22: an endless device is too long', () => {
  expect(() => readSmallFile('/dev/zero')).toThrow('it is longer than 16 MiB')
})

test('a missing file, and a folder', () => {
  expect(() => readSmallFile(join(folder, 'missing'))).toThrow(expect.objectContaining({ code: 'ENOENT' }))
  expect(() => readSmallFile(folder)).toThrow(expect.objectContaining({ code: 'EISDIR' }))
})

test('E29: one byte order mark is removed, at the beginning only', () => {
  const shorn = (text: string) => withoutMark(Buffer.from(text)).toString('latin1')
  expect([shorn('\ufeffab'), shorn('ab'), shorn('')]).toEqual(['ab', 'ab', ''])
})
