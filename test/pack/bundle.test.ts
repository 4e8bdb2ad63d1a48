// What we ship: every bundled package is in the lock file with its hash, and its licence travels with it.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const { bundled } = await import(`${root}/.ci/notices.mjs`)
const packages: string[] = bundled()

/** Packages that publish no licence text: their package.json names the licence. */
const withoutText = new Set<string>([])

test('H59: each bundled package is in package-lock.json with this version and a hash', () => {
  const lock = JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8'))
  const locked = Object.entries<{ version: string; integrity?: string }>(lock.packages)
    .filter(([, { integrity }]) => integrity !== undefined)
    .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`)
  expect(packages.length).toBeGreaterThan(30)
  for (const id of packages) expect(locked, id).toContain(id)
})

test.each(packages)('H59: LICENSES has the text of %s', (id) => {
  const text = readFileSync(`${root}/dist/LICENSES.txt`, 'utf8')
  const notice = text.split(`=== ${id}\n`)[1]?.split(/^=== \S+@\S+$/m)[0] ?? ''
  if (withoutText.has(id.replace(/@[^@]*$/, ''))) expect(notice).toMatch(/License: \S/)
  else expect(notice.length, notice).toBeGreaterThan(200)
})

test('E65: before a build, the command says what to run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mqttx-unbuilt-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'bin'))
  for (const name of ['mqttx.js', 'package.json'])
    execFileSync('cp', [join(root, 'bin', name), join(folder, 'bin', name)])
  symlinkSync(join(root, 'package.json'), join(folder, 'package.json'))
  expect(() => execFileSync(process.execPath, [join(folder, 'bin/mqttx.js')], { stdio: 'pipe' })).toThrow(
    /mqttx is not built\nhint: run `npm ci`/,
  )
})
