// mqttx retained as a process: on a full disk, and on a terminal.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { onTerminal, type Step } from '../helpers/on-a-terminal.js'
import { type Broker, startOwnBroker } from '../helpers/peers.js'
import { mqttx, programInShell, scratch, start, startMqttx } from '../helpers/run.js'
import { smallDisk } from '../helpers/small-disk.js'
import { sleep } from '../helpers/wait.js'

/** A broker with so many retained messages of 100 bytes. */
async function holding(many: number): Promise<Broker> {
  const broker = await startOwnBroker()
  onTestFinished(() => broker.stop())
  const line = (index: number) =>
    `${JSON.stringify({ topic: `t/${String(index).padStart(5, '0')}`, qos: 1, retain: true, payload: 'x'.repeat(100) })}\n`
  const stdin = Array.from({ length: many }, (_, index) => line(index)).join('')
  const { status, stderr } = await mqttx(['retained', 'restore', ...broker.at], { stdin })
  expect([status, stderr]).toEqual([0, ''])
  return broker
}

const topicsOf = async ({ at }: Broker): Promise<string[]> =>
  (await mqttx(['retained', 'ls', ...at])).stdout.toString().split('\n').slice(0, -1)

describe('a full disk', () => {
  const full =
    /^Error: .*: ENOSPC: no space left on device, write\n(Nothing was removed\.\n)?hint: disk full, /

  test('save: the old file stays, and nothing beside it', async ({ skip }) => {
    const folder = await smallDisk('save', 64, skip)
    const file = join(folder, 'saved.ndjson')
    writeFileSync(file, 'old\n')
    const broker = await holding(1000)
    const { status, stderr } = await mqttx(['retained', 'save', '-o', file, ...broker.at])
    expect([status, stderr]).toEqual([14, expect.stringMatching(full)])
    expect([readdirSync(folder), readFileSync(file, 'utf8')]).toEqual([['saved.ndjson'], 'old\n'])
  })

  test('rm: nothing is removed', async ({ skip }) => {
    const folder = await smallDisk('rm', 64, skip)
    const broker = await holding(1000)
    const undo = ['--undo', join(folder, 'undo.ndjson')]
    const { status, stderr } = await mqttx(['retained', 'rm', '#', '--yes', ...undo, ...broker.at])
    expect([status, stderr]).toEqual([14, expect.stringMatching(full)])
    expect(stderr).toContain('\nNothing was removed.\n')
    expect(readdirSync(folder)).toEqual([])
    expect(await topicsOf(broker)).toHaveLength(1000)
  })

  test('rm that is ended, without room to shorten the undo file: it has everything, and that is said', async ({
    skip,
  }) => {
    const many = 20_000
    const folder = await smallDisk('ended', 8000, skip)
    const undo = join(folder, 'undo.ndjson')
    const broker = await holding(many)
    const removing = startMqttx(['retained', 'rm', '#', '--yes', '--undo', undo, '-M', '1', ...broker.at])
    while (!existsSync(undo) || (await topicsOf(broker)).length === many) await sleep(2)
    try {
      writeFileSync(join(folder, 'filler'), Buffer.alloc(8_192_000))
    } catch {
      // The disk is full now.
    }
    removing.kill('SIGTERM')
    const { status, stderr } = await removing.ended
    expect(status).toBe(143)
    expect(stderr).toMatch(
      /^Warning: .*undo\.ndjson.*no space left.*has messages too that were not removed\.\n/,
    )
    expect(readFileSync(undo, 'utf8').split('\n')).toHaveLength(many + 1)
    const restored = await mqttx(['retained', 'restore', undo, ...broker.at])
    expect(restored.status).toBe(0)
    expect(await topicsOf(broker)).toHaveLength(many)
  })
})

test('several rm at once in a folder: each has its own undo file', async () => {
  const many = 4
  const broker = await holding(many)
  const folder = scratch('undo-files')
  const line = `cd ${folder}
    for i in ${Array.from({ length: many }, (_, index) => index).join(' ')}; do
      ${programInShell} retained rm t/0000$i --yes ${broker.at.join(' ')} & pids="$pids $!"
    done
    for pid in $pids; do wait $pid || exit; done`
  const { status, stderr } = await start('bash', ['-c', line]).ended
  expect([status, stderr]).toEqual([0, expect.stringMatching(/^(Removed 1 of 1 .*\n){4}$/)])
  const undone = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
  expect(undone.map((text) => JSON.parse(text).topic).sort()).toEqual([0, 1, 2, 3].map((i) => `t/0000${i}`))
  expect(await topicsOf(broker)).toEqual([])
})

// A pipe has no name on the disk: /dev/stdout leads to one that does not exist. A file that -o names is replaced as a whole.
test('save -o refuses a pipe that /dev/stdout stands for, and says how to write to it', async () => {
  const broker = await holding(1)
  const line = `${programInShell} retained save -o /dev/stdout ${broker.at.join(' ')} | cat; exit $PIPESTATUS`
  expect(await start('bash', ['-c', line]).ended).toMatchObject({
    status: 1,
    stderr: 'Error: /dev/stdout is not a regular file.\nhint: use > to write to it\n',
  })
})

test('/dev/tty keeps no command alive', async () => {
  const broker = await startOwnBroker()
  onTestFinished(() => broker.stop())
  for (const words of ['retained restore -d', 'replay -d']) {
    const shown = await onTerminal(`exec ${programInShell} ${words} /dev/tty ${broker.at.join(' ')}`, {}, [
      ['CONNACK', '\x03'],
    ])
    expect(shown, words).toMatchObject({ status: 130, restored: true })
  }
})

describe('on a terminal, rm asks', () => {
  const question = 'Remove 3 retained messages? [y/N]'

  test.each<[string, Step, number, number, boolean]>([
    ['y', [question, 'y\r'], 0, 0, true],
    ['an empty line', [question, '\r'], 0, 3, false],
    ['Ctrl-D', [question, '\x04'], 0, 3, false],
    ['Ctrl-C', [question, '\x03'], 130, 3, false],
    ['SIGTERM', [question, null, 'SIGTERM'], 143, 3, false],
  ])('%s', async (_, step, status, left, isSaved) => {
    const broker = await holding(3)
    const undo = join(scratch('asked'), 'undo.ndjson')
    const shown = await onTerminal(
      `exec ${programInShell} retained rm '#' --undo ${undo} ${broker.at.join(' ')}`,
      {},
      [step],
    )
    expect(shown.output).toContain('t/00000\r\nt/00001\r\nt/00002\r\n')
    expect(shown).toMatchObject({ status, restored: true })
    expect(await topicsOf(broker)).toHaveLength(left)
    expect(existsSync(undo)).toBe(isSaved)
  })
})
