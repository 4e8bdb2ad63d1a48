// man/, completions/ and the blocks of README.md match the option tables. To update: npm run docs.
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { bashCompletion } from '../src/cli/completion/bash.js'
import { fishCompletion } from '../src/cli/completion/fish.js'
import { zshCompletion } from '../src/cli/completion/zsh.js'
import { commandPage, exitStatusPage, programPage } from '../src/cli/man.js'
import { block, filledBlocks } from '../src/cli/markdown.js'
import { commands } from '../src/commands/index.js'
import { program } from '../src/commands/program.js'
import { main } from '../src/main.js'
import { fakeHost } from './commands/fake-host.js'
import { peerTest } from './helpers/peers.js'

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url))
const has = (tool: string) => spawnSync(tool, ['--version']).error === undefined
const mqttx = await program(commands)
const pages: [string, string][] = [
  ['man/mqttx.1', programPage(mqttx)],
  ...mqttx.commands.map((spec): [string, string] => [`man/mqttx-${spec.name}.1`, commandPage(spec, mqttx)]),
  ['man/mqttx-exit-status.7', exitStatusPage(mqttx)],
]

test.each([
  ...pages,
  ['completions/mqttx.bash', bashCompletion(mqttx)],
  ['completions/_mqttx', zshCompletion(mqttx)],
  ['completions/mqttx.fish', fishCompletion(mqttx)],
])('%s', async (name, text) => {
  await expect(text).toMatchFileSnapshot(path(name))
})

/** A README block of `$ mqttx ...` and its output. Arguments are separated by spaces, without quotes. */
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

test('README.md', async () => {
  const readme = readFileSync(path('README.md'), 'utf8')
  let filled = block(filledBlocks(readme, mqttx), 'results', 'results', newestResult())
  for (const [, mark, line] of readme.matchAll(/^<!-- (printed: (mqttx .*)) -->$/gm))
    filled = block(filled, mark!, 'printed', await printed(line!))
  await expect(filled).toMatchFileSnapshot(path('README.md'))
})

test('package.json lists the man pages', () => {
  const { man } = JSON.parse(readFileSync(path('package.json'), 'utf8'))
  expect(man).toEqual(pages.map(([name]) => name))
})

test.skipIf(!has('mandoc'))('mandoc finds nothing to say about the pages', () => {
  for (const [name, text] of pages) {
    const lint = spawnSync('mandoc', ['-T', 'lint'], { input: text, encoding: 'utf8' })
    expect(lint.stdout, name).toBe('')
  }
})

test.each(pages)('%s has no line longer than 80 columns', (_, text) => {
  if (!has('mandoc')) return
  const shown = execFileSync('mandoc', ['-T', 'utf8', '-O', 'width=78'], { input: text, encoding: 'utf8' })
  const plain = shown.replace(/.\x08/g, '')
  expect(plain.split('\n').filter((line) => line.length > 80)).toEqual([])
})

/** Lines without overstriking and colours. */
function rendered(command: string, args: readonly string[]): string[] {
  const env = { ...process.env, MANWIDTH: '80', MANPAGER: 'cat', LC_ALL: 'C.UTF-8', GROFF_NO_SGR: '1' }
  const shown = execFileSync(command, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] })
  return shown
    .replace(/.\x08/gu, '')
    .replace(/\x1b\[[\d;]*m/g, '')
    .split('\n')
}

describe.each(pages)('%s rendered by man at 80 columns', (name) => {
  peerTest('', ['man'], async () => {
    const lines = rendered('man', ['-l', path(name)])
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
