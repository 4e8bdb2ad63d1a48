// A new file is complete when it appears, and never replaces another one.
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { create } from '../../src/io/replace.js'
import { scratch } from '../helpers/run.js'

const contents =
  (text: string) =>
  async (write: (bytes: Uint8Array) => void): Promise<void> => {
    write(Buffer.from(text))
  }

test('files that are created at once: each has a name of its own', async () => {
  const folder = scratch('create')
  const nameOf = (number: number) => join(folder, `file-${number}`)
  writeFileSync(nameOf(2), 'older')
  symlinkSync('/nowhere', nameOf(4))
  const texts = ['a', 'b', 'c', 'd']
  const names = await Promise.all(
    texts.map((text) => create(nameOf, { token: `token-${text}`, fill: contents(text) })),
  )
  expect(new Set(names)).toEqual(new Set([1, 3, 5, 6].map(nameOf)))
  expect(names.map((name) => readFileSync(name!, 'utf8'))).toEqual(texts)
  expect(readFileSync(nameOf(2), 'utf8')).toBe('older')
  expect(readdirSync(folder)).toHaveLength(6)
})

test('without a free name, and with contents that fail, there is no file', async () => {
  const folder = scratch('create')
  const file = join(folder, 'file')
  const nameOf = (number: number) => (number === 1 ? file : undefined)
  const failing = create(nameOf, { token: 't', fill: () => Promise.reject(new Error('no contents')) })
  await expect(failing).rejects.toThrow('no contents')
  expect(existsSync(file)).toBe(false)
  writeFileSync(file, 'older')
  expect(await create(nameOf, { token: 't', fill: contents('new') })).toBeUndefined()
  expect(readFileSync(file, 'utf8')).toBe('older')
  expect(readdirSync(folder)).toEqual(['file'])
})
