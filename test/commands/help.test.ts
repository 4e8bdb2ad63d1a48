// Help: in colour on a terminal, plain elsewhere.
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { oneOfEvery } from '../helpers/amount.js'
import { peerTest } from '../helpers/peers.js'
import { mqttx, start } from '../helpers/run.js'

const helper = resolve(import.meta.dirname, '../helpers/on_a_terminal.py')

async function onTerminal(words: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const args = [helper, '[]', 'mqttx', ...words]
  const { stdout } = await start('python3', args, { env: { TERM: 'xterm', NO_COLOR: '', ...env } }).ended
  return JSON.parse(stdout.toString()).output.replaceAll('\r', '')
}

const forms = [
  [],
  ['--help'],
  ['pub', '--help'],
  ['pub', '--help', 'all'],
  ['help', 'sub'],
  ['context', '--help'],
]

describe.each(oneOfEvery(2, forms).map((words) => [words]))('mqttx %j', (words) => {
  test('is plain if standard output is not a terminal', async () => {
    const { stdout, status } = await mqttx(words, { env: { NO_COLOR: '', TERM: 'xterm' } })
    expect(status).toBe(0)
    expect(stdout.toString()).not.toContain('\x1b')
  })

  peerTest('is in colour on a terminal, and says the same', ['python3'], async () => {
    const plain = (await mqttx(words)).stdout.toString()
    const shown = await onTerminal(words)
    expect(shown).toContain('\x1b[1mUsage:\x1b[22m')
    if (plain.includes('\n  -')) expect(shown).toMatch(/^ {2}\x1b\[36m-\w, --[\w-]+/m)
    expect(shown.replace(/\x1b\[\d+m/g, '')).toBe(plain)
  })

  peerTest('is plain with NO_COLOR', ['python3'], async () => {
    expect(await onTerminal(words, { NO_COLOR: '1' })).toBe((await mqttx(words)).stdout.toString())
  })
})
