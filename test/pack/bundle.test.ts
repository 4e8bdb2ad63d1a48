// What we ship: every bundled package is in the lock file with its hash, and its licence travels with it. A module of ours
// that is in several bundles has a copy in each, so it keeps no state.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const { bundled } = await import(`${root}/.ci/notices.mjs`)
const packages: string[] = bundled()

/** The packages of the lock file that have a hash: their folder, and `name@version`. */
const installed = Object.entries<{ version: string; integrity?: string }>(
  JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8')).packages,
)
  .filter(([, { integrity }]) => integrity !== undefined)
  .map(([path, { version }]) => [path, `${path.replace(/^.*node_modules\//, '')}@${version}`] as const)

test('H59: each bundled package is in package-lock.json with this version and a hash', () => {
  const locked = installed.map(([, id]) => id)
  expect(packages.length).toBeGreaterThan(20)
  for (const id of packages) expect(locked, id).toContain(id)
})

/** A text as one line, with one kind of quotation mark. */
const plain = (text: string) =>
  text
    .replace(/[“”"'‘’]/g, '"')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase()

test.each(packages)('H59: LICENSES has the text of %s', (id) => {
  const groups = readFileSync(`${root}/dist/LICENSES.txt`, 'utf8').split(/^-{20}$/m)
  const group = groups.find((text) => text.includes(`=== ${id}\n`)) ?? ''
  const notice = group.slice(group.indexOf(`=== ${id}\n`))
  expect(notice.length, notice).toBeGreaterThan(200)
  const folder = installed.find(([, known]) => known === id)?.[0]
  const file = readdirSync(join(root, folder!)).find((name) => /^licen[cs]e([-.]|$)/i.test(name))
  const terms = readFileSync(join(root, folder!, file!), 'utf8').split(/\n\s*\n/)
  for (const paragraph of terms) expect(plain(notice)).toContain(plain(paragraph))
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

/** Modules with state in several bundles, and why that is right. */
const copied: Readonly<Record<string, string>> = {
  'src/io/command.ts': 'each counts its own commands, and waits for its own readers',
}

/** Names at the top level that change: variables, and collections that something is put into. */
function stateOf(text: string): readonly string[] {
  const variables = Array.from(text.matchAll(/^(?:export )?let (\w+)/gm), ([, name]) => name!)
  const collections = Array.from(
    text.matchAll(
      /^(?:export )?const (\w+)[^=\n]*= (?:new (?:Weak)?(?:Map|Set)\b|\[\]|\{\}|new [A-Z]\w*\()/gm,
    ),
    ([, name]) => name!,
  )
  return [
    ...variables,
    ...collections.filter((name) => new RegExp(`\\b${name}\\.(set|add|delete|push)\\(`).test(text)),
  ]
}

test('a module with state is in one bundle', () => {
  const bundles: Record<string, readonly string[]> = JSON.parse(
    readFileSync(`${root}/build/bundles.json`, 'utf8'),
  )
  const files = new Map<string, string[]>()
  for (const [bundle, modules] of Object.entries(bundles))
    for (const module of modules.filter((name) => name.startsWith('src/')))
      files.set(module, [...(files.get(module) ?? []), bundle])
  expect(files.get('src/io/command.ts')?.length).toBeGreaterThan(1)
  const found = Array.from(files, ([module, list]) => ({
    module,
    list,
    state: stateOf(readFileSync(`${root}/${module}`, 'utf8')),
  })).filter(({ module, list, state }) => list.length > 1 && state.length > 0 && !(module in copied))
  expect(found).toEqual([])
  expect(
    stateOf('let a = 1\nconst b = new WeakMap<object, string>()\nb.set(x, y)\nconst c = new Map()\n'),
  ).toEqual(['a', 'b'])
})
