import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { type Command, runCommand } from '../../src/io/command.js'
import { HeldBytes } from '../../src/io/held-bytes.js'
import { sink } from '../commands/fake-host.js'
import { scratch } from '../helpers/run.js'
import { once, sleep } from '../helpers/wait.js'

const folder = scratch('command')

function running(line: string, more: Partial<Command> = {}) {
  const stderr = sink()
  const { PATH } = process.env
  const command = { line, env: { PATH }, longest: 1_000_000, stderr: stderr.stream, group: true, ...more }
  return { stderr, ended: runCommand(command) }
}

test.each([
  ['cat', 'in', { output: 'in', status: 0, failure: undefined }],
  ['printf part; exit 3', '', { output: 'part', status: 3, failure: 'status 3' }],
  ['kill -9 $$', '', { output: '', status: 137, failure: 'SIGKILL' }],
  ['exec /no/such/program', '', { output: '', status: 127, failure: 'status 127' }],
])('%s', async (line, input, { output, ...rest }) => {
  expect(await running(line, { input: Buffer.from(input) }).ended).toEqual({
    output: Buffer.from(output),
    ...rest,
  })
})

describe('E4: a process left in the background', () => {
  test.each([
    ['holds the pipes', 'setsid sleep 25 & echo hi', { output: Buffer.from('hi\n'), status: 0 }],
    [
      'goes on printing',
      'setsid sh -c "while sleep 0.05; do echo; done" & echo hi',
      { output: expect.anything(), status: 0 },
    ],
  ])('%s: the command ends', async (_, line, outcome) => {
    const started = performance.now()
    for (const group of [true, false])
      expect(await running(line, { group }).ended).toMatchObject({ ...outcome, failure: undefined })
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  test('is not waited for when the command is aborted', async () => {
    const abort = new AbortController()
    const { ended } = running('setsid sleep 25 & sleep 60', { signal: abort.signal })
    await sleep(100)
    abort.abort()
    expect(await ended).toMatchObject({ status: 137, failure: 'stopped with mqttx' })
  })
})

test('output before the exit is read completely, also late', async () => {
  const { ended } = running('head -c 60000 /dev/zero & exec true')
  const until = performance.now() + 300
  while (performance.now() < until); // as a busy thread
  expect((await ended).output).toHaveLength(60_000)
})

test('E5: standard error that is not read blocks the command', async () => {
  const { stderr, ended } = running('head -c 3000000 /dev/zero >&2; touch "$DONE"', {
    env: { ...process.env, DONE: join(folder, 'done') },
  })
  stderr.pause()
  await sleep(500)
  expect(existsSync(join(folder, 'done'))).toBe(false)
  expect(stderr.stream.writableLength).toBeLessThan(200_000)
  stderr.resume()
  expect(await ended).toMatchObject({ status: 0 })
  expect(stderr.text()).toHaveLength(3_000_000)
})

test('E5: closed standard error does not block', async () => {
  const { stderr, ended } = running('head -c 3000000 /dev/zero >&2')
  stderr.stream.on('error', () => {})
  stderr.pause()
  await sleep(200)
  stderr.stream.destroy()
  expect(await ended).toMatchObject({ status: 0 })
})

test('H33: too large an environment: status 126 and the reason', async () => {
  const env = { PATH: process.env.PATH, LARGE: 'x'.repeat(200_000) }
  expect(await running('true', { env }).ended).toEqual({
    output: Buffer.alloc(0),
    status: 126,
    failure: 'cannot be run: Argument list too long',
  })
})

describe('bytes that several commands buffer', () => {
  const stream = () => new Readable({ read() {} })

  test('above the limit only the oldest reader continues', () => {
    const held = new HeldBytes(100)
    const [a, b, c] = [stream(), stream(), stream()]
    held.keep(a!, 60)
    held.keep(b!, 50)
    held.keep(a!, 10)
    held.keep(c!, 1)
    expect([a, b, c].map((one) => one!.isPaused())).toEqual([false, true, true])
    held.free(a!)
    expect([b, c].map((one) => one!.isPaused())).toEqual([false, false])
    held.keep(c!, 70)
    expect([b, c].map((one) => one!.isPaused())).toEqual([false, true])
    held.free(b!)
    expect(c!.isPaused()).toBe(false)
  })

  test('H21: the outputs of concurrent commands', async () => {
    const held = new HeldBytes(100_000)
    const line = 'head -c 400000 /dev/zero; echo >> "$ENDS"'
    const ends = join(folder, 'ends')
    const env = { PATH: process.env.PATH, ENDS: ends }
    const commands = Array.from({ length: 5 }, () => running(line, { env, held }).ended)
    const outputs = await Promise.all(commands)
    expect(outputs.map(({ output }) => output.length)).toEqual(Array(5).fill(400_000))
    await once(() => readFileSync(ends).length === 5)
  })
})
