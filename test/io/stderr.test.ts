// Writing to standard error: errors are dropped, and what a slow reader does not take is bounded and counted.
import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { neverFailing, written } from '../../src/io/stderr.js'

/** Takes the first write, and the others only when `take` is called. */
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
  test('E15: memory is bounded, and what is missing is counted when it reads on', async () => {
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

  test('a callback is called for a message that is dropped', async () => {
    const { stream } = stalled()
    for (let i = 0; i < 10_000; i++) stream.write(line)
    await new Promise<void>((resolve) => void stream.write(line, () => resolve()))
  })

  test('a pipe into it waits: `write` says false, and "drain" comes', async () => {
    const { stream, take } = stalled()
    while (stream.write(line)) {}
    const drained = new Promise<void>((resolve) => void stream.once('drain', resolve))
    await take()
    await drained
  })

  test('it is not waited for at the end', async () => {
    const { stream } = stalled()
    stream.write(line)
    expect(await written(stream, 20)).toBe(false)
  })
})

describe('a stream that fails', () => {
  test.each(['EPIPE', 'ENOSPC', 'EIO'])('E12: %s by an event is dropped', async (code) => {
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

  test('E14: a full disk that throws is tried again; nothing else is', () => {
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

  test('what is written to a stream that works is written', async () => {
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
