// Standard error: errors are ignored, and messages that a slow reader does not read are dropped and counted.
import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { neverFailing, written } from '../../src/io/stderr.js'

/** Completes the first write at once, the others when `take` is called. */
function stalled() {
  let text = ''
  let done: (() => void) | undefined
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, callback) {
      text += chunk
      done = callback
    },
  })
  const take = async () => {
    for (let now = done; now !== undefined; now = done) {
      done = undefined
      now()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { stream: neverFailing(stream), text: () => text, take }
}

const line = `${'x'.repeat(99)}\n`

describe('a reader that has stopped', () => {
  test('E15: memory is bounded, and dropped messages are counted when it reads again', async () => {
    const { stream, text, take } = stalled()
    for (let i = 0; i < 100_000; i++) stream.write(line)
    expect(stream.writableLength).toBeLessThanOrEqual(256 * 1024)
    await take()
    const shown = text().length / line.length
    stream.write('then\n')
    await take()
    expect(text().slice(shown * line.length)).toBe(
      `(${100_000 - shown} messages not shown: standard error was not read)\nthen\n`,
    )
  })

  test('the callback of a dropped message is called', async () => {
    const { stream } = stalled()
    for (let i = 0; i < 10_000; i++) stream.write(line)
    await new Promise<void>((resolve) => void stream.write(line, () => resolve()))
  })

  test('a pipe into it waits: `write` returns false, and "drain" follows', async () => {
    const { stream, take } = stalled()
    while (stream.write(line)) {}
    const drained = new Promise<void>((resolve) => void stream.once('drain', resolve))
    await take()
    await drained
  })

  test('it is not waited for at exit', async () => {
    const { stream } = stalled()
    stream.write(line)
    expect(await written(stream, 20)).toBe(false)
  })
})

describe('a stream that fails', () => {
  test.each(['EPIPE', 'ENOSPC', 'EIO'])('E12: %s as an event is ignored', async (code) => {
    const stream = neverFailing(
      new Writable({
        autoDestroy: false,
        write: (_chunk, _encoding, done) =>
          process.nextTick(done, Object.assign(new Error(`write ${code}`), { code })),
      }),
    )
    for (let i = 0; i < 3; i++) {
      stream.write(line)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await written(stream, 20)).toBe(true)
  })

  test('E14: writes are tried again after a full disk only', () => {
    const thrower = (code: string) => {
      let tried = 0
      const stream = new Writable({
        write() {
          tried++
          throw Object.assign(new Error(`write ${code}`), { code })
        },
      })
      const guarded = neverFailing(
        Object.assign(stream, { write: () => stream._write('', 'utf8', () => {}) }),
      )
      for (let i = 0; i < 3; i++) guarded.write(line)
      return tried
    }
    expect([thrower('ENOSPC'), thrower('EPIPE')]).toEqual([3, 1])
  })

  test('a working stream gets all writes', async () => {
    let text = ''
    const stream = neverFailing(
      new Writable({
        write(chunk, _encoding, done) {
          text += chunk
          done()
        },
      }),
    )
    stream.write(line)
    expect(await written(stream, 20)).toBe(true)
    expect(text).toBe(line)
  })
})
