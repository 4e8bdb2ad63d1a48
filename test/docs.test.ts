// man/, completions/ and the marked blocks of README.md and docs/ are what is printed now. To accept a change: npm run docs.
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { bashCompletion } from '../src/cli/completion/bash.js'
import { fishCompletion } from '../src/cli/completion/fish.js'
import { zshCompletion } from '../src/cli/completion/zsh.js'
import type { Guide } from '../src/cli/guides/guide.js'
import { guidePage } from '../src/cli/guides/roff.js'
import { guideText } from '../src/cli/guides/terminal.js'
import { commandPage, programPage } from '../src/cli/man.js'
import { block, exitTable } from '../src/cli/markdown.js'
import { commands } from '../src/commands/index.js'
import { program } from '../src/commands/program.js'
import { main } from '../src/main.js'
import { fakeHost } from './commands/fake-host.js'
import { peerTest } from './helpers/peers.js'

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url))
const has = (tool: string) => spawnSync(tool, ['--version']).error === undefined
const mqttx = await program(commands)
const { guideFiles, guideOf, topics } = await import(path('.ci/guides.mjs'))

/** README.md and the guides, with what is printed in their marked blocks. */
const documents = new Map<string, string>()
for (const name of ['README.md', ...topics.map((topic: string) => `docs/${topic}.md`)])
  documents.set(name, await withBlocks(readFileSync(path(name), 'utf8')))
const guides: Guide[] = topics.map((topic: string) => guideOf(topic, documents.get(`docs/${topic}.md`)))

const pages: [string, string][] = [
  ['man/mqttx.1', programPage(mqttx)],
  ...mqttx.commands.map((spec): [string, string] => [`man/mqttx-${spec.name}.1`, commandPage(spec, mqttx)]),
  ...guides.map((guide): [string, string] => [`man/mqttx-${guide.topic}.7`, guidePage(guide)]),
]

test.each([
  ...pages,
  ['completions/mqttx.bash', bashCompletion(mqttx)],
  ['completions/_mqttx', zshCompletion(mqttx)],
  ['completions/mqttx.fish', fishCompletion(mqttx)],
])('%s', async (name, text) => {
  await expect(text).toMatchFileSnapshot(path(name))
})

test.each([...documents])('%s', async (name, text) => {
  await expect(text).toMatchFileSnapshot(path(name))
})

test('each guide has its place in the order of help', () => {
  expect(guideFiles().sort()).toEqual(topics.map((topic: string) => `${topic}.md`).sort())
})

test('README.md is short, and lists each guide', () => {
  const readme = documents.get('README.md')!
  expect(Buffer.byteLength(readme)).toBeLessThan(15 * 1024)
  for (const { topic, title } of guides)
    expect(readme).toContain(`| \`${topic}\` | [${title}](docs/${topic}.md) |`)
})

test.each(guides)('mqttx help $topic is at most as wide as the terminal, and 100 columns', (guide) => {
  const plain = { heading: String, code: String }
  for (const [columns, most] of [
    [80, 80],
    [90, 90],
    [200, 100],
  ] as const) {
    const lines = guideText(guide, columns, plain).split('\n')
    const long = lines.filter((line) => line.length > most && line.trim().includes(' '))
    expect(long).toEqual([])
  }
})

test('package.json has the pages that npm installs', () => {
  const { man } = JSON.parse(readFileSync(path('package.json'), 'utf8'))
  expect(man).toEqual(pages.map(([name]) => `dist/${name}.gz`))
})

test.skipIf(!has('mandoc'))('mandoc finds nothing to say about the pages', () => {
  for (const [name, text] of pages) {
    const lint = spawnSync('mandoc', ['-T', 'lint'], { input: text, encoding: 'utf8' })
    expect(lint.stdout, name).toBe('')
  }
})

test.each(pages)('%s has no line that a terminal of 80 columns would break', (_, text) => {
  if (!has('mandoc')) return
  const shown = execFileSync('mandoc', ['-T', 'utf8', '-O', 'width=78'], { input: text, encoding: 'utf8' })
  const plain = shown.replace(/.\x08/g, '')
  expect(plain.split('\n').filter((line) => line.length > 80)).toEqual([])
})

/** Lines as a reader sees them: with neither overstriking nor colours. */
function rendered(page: string): string[] {
  const env = { ...process.env, MANWIDTH: '80', MANPAGER: 'cat', LC_ALL: 'C.UTF-8', GROFF_NO_SGR: '1' }
  const shown = execFileSync('man', ['-l', '-'], { encoding: 'utf8', env, input: page })
  return shown
    .replace(/.\x08/gu, '')
    .replace(/\x1b\[[\d;]*m/g, '')
    .split('\n')
}

describe.each(pages)('%s as man shows it at 80 columns', (_, text) => {
  peerTest('', ['man'], async () => {
    const lines = rendered(text)
    expect(lines.filter((line) => line.length > 80)).toEqual([])
    expect(lines.length).toBeGreaterThan(20)
    expect(lines.join('\n')).toMatch(/^NAME\n +mqttx/m)
  })
})

describe('the completions', () => {
  test.skipIf(!has('zsh'))('are valid zsh', () => {
    expect(spawnSync('zsh', ['-n', path('completions/_mqttx')], { encoding: 'utf8' }).stderr).toBe('')
  })

  test.skipIf(!has('fish'))('are valid fish', () => {
    expect(
      spawnSync('fish', ['--no-execute', path('completions/mqttx.fish')], { encoding: 'utf8' }).stderr,
    ).toBe('')
  })
})

/** Fills the marked blocks of a document. */
async function withBlocks(text: string): Promise<string> {
  let filled = text
  if (text.includes('<!-- exit-statuses -->'))
    filled = block(filled, 'exit-statuses', 'exit-statuses', exitTable())
  if (text.includes('<!-- results -->')) filled = block(filled, 'results', 'results', newestResult())
  for (const [, mark, line] of text.matchAll(/^<!-- (printed: (mqttx .*)) -->$/gm))
    filled = block(filled, mark!, 'printed', await printed(line!))
  return filled
}

/** `$ mqttx ...` and what it prints, as a block of the README. Words are separated by blanks, without quotes. */
async function printed(line: string): Promise<string> {
  const { host, stdout } = fakeHost()
  expect(await main(line.split(' ').slice(1), host), line).toBe(0)
  return `\`\`\`console\n$ ${line}\n${stdout.text().trimEnd()}\n\`\`\``
}

/** The start of the newest benchmark result: its environment and first table. */
function newestResult(): string {
  const folder = path('test/bench/results')
  const newest = readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .sort()
    .at(-1)!
  const [text] = /^[^|]*(?:^\|.*\n?)+/m.exec(readFileSync(`${folder}/${newest}`, 'utf8'))!
  return text.trim()
}
