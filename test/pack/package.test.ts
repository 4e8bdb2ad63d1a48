// package.json names what is there.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const { bin, dependencies, files, man } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))

test('every manual page is installed', () => {
  const pages = readdirSync(`${root}/man`).filter((name) => /\.\d$/.test(name))
  expect([...man].sort()).toEqual(pages.map((name) => `dist/man/${name}.gz`).sort())
  for (const page of pages)
    expect(gunzipSync(readFileSync(`${root}/dist/man/${page}.gz`)), page).toEqual(
      readFileSync(`${root}/man/${page}`),
    )
})

test('what is published exists, and is all that runs: there is nothing to fetch', () => {
  for (const file of [...files, ...Object.values<string>(bin)])
    expect(existsSync(`${root}/${file}`), file).toBe(true)
  expect(dependencies).toBeUndefined()
})
