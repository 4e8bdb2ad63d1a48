// `npm run mutate [-- COUNT [SEED [FOLDER...]]]`: changes single expressions of src/ (Stryker), COUNT of all by SEED, and
// says which changes no unit test notices. With folders only these, and their own tests, count: the whole in pieces. Ends
// with status 1 where fewer than 90 % are noticed. Not a part of CI: 300 take hours.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Stryker } from '@stryker-mutator/core'
import { Instrumenter } from '@stryker-mutator/instrumenter'
import { runOnly } from './drawn.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const allFolders = [
  ...['session', 'codec', 'connection', 'format', 'capture', 'inspect', 'passwd'],
  ...['recording', 'replay', 'sn', 'top'],
]
const wanted = 0.9
/** Texts are for people: a changed one breaks golden files, which are not among the quick tests. */
const excludedMutations = ['StringLiteral']

const [countText = '300', seedText = '1', ...given] = process.argv.slice(2)
const [count, seed] = [Number(countText), Number(seedText)]
const folders = given.length === 0 ? allFolders : given
if (!(count > 0) || Number.isNaN(seed) || folders.some((folder) => !allFolders.includes(folder))) {
  process.stderr.write(
    `usage: npm run mutate -- [COUNT [SEED [FOLDER...]]]\nFOLDER: ${allFolders.join(', ')}\n`,
  )
  process.exit(1)
}
process.env.TZ = 'Europe/Berlin' // as test/format/rig.ts, which cannot set it in the threads of Stryker's
if (given.length > 0) process.env.MQTTX_MUTATE_UNITS = given.join()

/** mulberry32 */
function random(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A mutant of Stryker's with the path of its file from the root. */
const withFile = ({ fileName, ...mutant }) => {
  const file = fileName.replaceAll('\\', '/').replace(root.replaceAll('\\', '/'), '')
  return { ...mutant, file }
}

/** All mutants of the folders, in a fixed order. */
async function allMutants() {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, 'src', folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `src/${folder}/${file.replaceAll('\\', '/')}`),
  )
  const silent = { debug() {}, info() {}, warn() {}, isDebugEnabled: () => false, isInfoEnabled: () => false }
  const { mutants } = await new Instrumenter(silent).instrument(
    files.sort().map((name) => ({
      name: join(root, name),
      content: readFileSync(join(root, name), 'utf8'),
      mutate: true,
    })),
    { plugins: null, excludedMutations, ignorers: [], noHeader: true },
  )
  return mutants.filter(({ status }) => status !== 'Ignored').map(withFile)
}

/** `count` of them, each as likely as any other. */
function sampled(mutants) {
  const next = random(seed)
  const rest = [...mutants]
  return Array.from(
    { length: Math.min(count, rest.length) },
    () => rest.splice(Math.floor(next() * rest.length), 1)[0],
  )
}

/** Stryker counts lines and columns from 1 in ranges, and from 0 in what it finds. */
const rangeOf = ({ file, location: { start, end } }) =>
  `${file}:${start.line + 1}:${start.column}-${end.line + 1}:${end.column}`

const keyOf = ({ file, location: { start, end }, mutatorName, replacement }) =>
  `${file}:${start.line}:${start.column}-${end.line}:${end.column} ${mutatorName} ${replacement}`

const mutants = await allMutants()
const chosen = sampled(mutants)
process.stdout.write(`${chosen.length} of ${mutants.length} mutants, seed ${seed}\n`)

const drawn = new Set(chosen.map(keyOf))
runOnly((mutant) => drawn.has(keyOf(withFile(mutant))))
const stryker = new Stryker({
  mutate: [...new Set(chosen.map(rangeOf))],
  mutator: { excludedMutations },
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.mutate.config.ts' },
  reporters: ['progress-append-only'],
  coverageAnalysis: 'perTest',
  concurrency: Number(process.env.MQTTX_MUTATE_AT_ONCE ?? 2),
  timeoutMS: 60_000,
  dryRunTimeoutMinutes: 60,
  ignorePatterns: [
    'build',
    'man',
    'completions',
    'test/golden',
    'test/bench',
    '*.md',
    '!src/README.md',
    '!docs/*.md',
  ],
  tempDirName: 'build/stryker',
  allowConsoleColors: false,
  warnings: false,
})
const results = await stryker.runMutationTest()

const before = ({ line, column }) => ({ line: line - 1, column: column - 1 })
const found = results
  .map(withFile)
  .map(({ file, location: { start, end }, replacement, mutatorName, status }) => {
    const location = { start: before(start), end: before(end) }
    return { file, location, replacement, mutatorName, status }
  })
  .filter((mutant) => drawn.has(keyOf(mutant)))
const caught = found.filter(({ status }) => ['Killed', 'Timeout', 'RuntimeError'].includes(status))
const survivors = found.filter((mutant) => !caught.includes(mutant))

mkdirSync(join(root, 'build'), { recursive: true })
writeFileSync(join(root, 'build/mutants.json'), `${JSON.stringify({ count, seed, found }, undefined, 2)}\n`)
for (const { file, location, replacement, status } of survivors) {
  const line = readFileSync(join(root, file), 'utf8').split('\n')[location.start.line]
  process.stdout.write(
    `${status} ${file}:${location.start.line + 1}:${location.start.column + 1}\n  ${line.trim()}\n  ${replacement}\n`,
  )
}
const share = caught.length / found.length
process.stdout.write(
  `${caught.length} of ${found.length} noticed (${Math.round(share * 100)} %); all in build/mutants.json\n`,
)
if (found.length < chosen.length)
  process.stdout.write(`${chosen.length - found.length} of the sample were not run\n`)
process.exitCode = share >= wanted && found.length === chosen.length ? 0 : 1
