import { Writable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BrokenPipe, MqttxError } from '../../src/errors.js'
import { Output } from '../../src/io/output.js'

const kibibyte = 1024

/** A stream that keeps its chunks without a copy, and completes writes only on request. */
function slowStream(highWaterMark = 16 * kibibyte) {
  const held: Buffer[] = []
  const taken: Buffer[] = []
  let done: ((error?: Error | null) => void) | undefined
  const stream = new Writable({
    highWaterMark,
    write(chunk: Buffer, _encoding, callback) {
      held.push(chunk)
      done = callback
    },
  })
  const next = (error?: Error) => {
    const callback = done
    done = undefined
    if (error === undefined) taken.push(...held.splice(0).map((chunk) => Buffer.from(chunk)))
    callback?.(error)
  }
  return {
    stream,
    next,
    writes: () => taken.length + held.length,
    /** Completes all pending writes. */
    async drain() {
      while (done !== undefined) {
        next()
        await turn()
      }
    },
    all: () => Buffer.concat(taken),
  }
}

/** A stream that completes writes at once, like a file. */
function fastStream() {
  const taken: Buffer[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      taken.push(Buffer.from(chunk))
      callback()
    },
  })
  return { stream, writes: () => taken.length, all: () => Buffer.concat(taken) }
}

/** A stream whose writes fail. */
function failingStream(code: string) {
  return new Writable({
    write(_chunk, _encoding, callback) {
      process.nextTick(callback, Object.assign(new Error(`${code}: no`), { code }))
    },
  })
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

function bytesOf(seed: number, length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (seed * 31 + i) % 256))
}

describe('batches', () => {
  test('nothing is written before flush, then everything at once', () => {
    const { stream, all, writes } = fastStream()
    const output = new Output(stream)
    for (let i = 0; i < 1000; i++) output.text(`line ${i}\n`)
    expect(writes()).toBe(0)
    expect(output.flush()).toBeUndefined()
    expect(writes()).toBe(1)
    expect(all().toString()).toBe(Array.from({ length: 1000 }, (_, i) => `line ${i}\n`).join(''))
  })

  test('flush of an empty batch writes nothing', () => {
    const { stream, writes } = fastStream()
    const output = new Output(stream)
    output.flush()
    output.text('')
    output.flush()
    expect(writes()).toBe(0)
  })

  test('a full one is written automatically', () => {
    const { stream, writes } = fastStream()
    const output = new Output(stream)
    for (let i = 0; i < 100; i++) output.bytes(bytesOf(i, kibibyte))
    expect(writes()).toBe(1)
  })

  test('a range of bytes is written, in text and in bytes, in order', () => {
    const { stream, all } = fastStream()
    const output = new Output(stream)
    output.range(Buffer.from('xxabcxx'), 2, 5)
    output.text('é€💩')
    output.range(bytesOf(1, 100), 10, 90)
    output.bytes(Buffer.of(0, 0xff))
    output.flush()
    const expected = [Buffer.from('abcé€💩'), bytesOf(1, 100).subarray(10, 90), Buffer.of(0, 0xff)]
    expect(all()).toEqual(Buffer.concat(expected))
  })

  test('long texts and long payloads are written in order', () => {
    const { stream, all } = fastStream()
    const output = new Output(stream)
    output.text('a')
    output.text('é'.repeat(50_000))
    output.bytes(Buffer.from('b'))
    output.bytes(bytesOf(3, 100 * kibibyte))
    output.text('c')
    output.flush()
    const expected = [Buffer.from(`a${'é'.repeat(50_000)}b`), bytesOf(3, 100 * kibibyte), Buffer.from('c')]
    expect(all().equals(Buffer.concat(expected))).toBe(true)
  })
})

describe('back-pressure', () => {
  test('a stream with room: no promise', () => {
    const { stream } = slowStream()
    const output = new Output(stream)
    output.text('a few bytes')
    expect(output.flush()).toBeUndefined()
  })

  test('a full stream: a promise that resolves when it has drained', async () => {
    const { stream, drain } = slowStream()
    const output = new Output(stream)
    output.bytes(Buffer.alloc(20 * kibibyte))
    const first = output.flush()
    expect(output.flush()).toBe(first)

    let resolved = false
    void first!.then(() => (resolved = true))
    await turn()
    expect(resolved).toBe(false)

    await drain()
    expect(resolved).toBe(true)
    expect(output.flush()).toBeUndefined()
  })

  test('order is kept, and a buffer is reused only after its write has completed', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('bytes' as const), size: fc.nat(3000) }),
      fc.record({ kind: fc.constant('bytes' as const), size: fc.integer({ min: 16_000, max: 70_000 }) }),
      fc.constant({ kind: 'flush' as const, size: 0 }),
      fc.constant({ kind: 'taken' as const, size: 0 }),
    )
    const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { stream, next, drain, all } = slowStream()
      const output = new Output(stream)
      const expected: Buffer[] = []
      for (const [index, { kind, size }] of steps.entries()) {
        if (kind === 'bytes') {
          const bytes = bytesOf(index, size)
          expected.push(bytes)
          output.bytes(bytes)
        } else if (kind === 'flush') void output.flush()
        else {
          next()
          await turn()
        }
      }
      void output.flush()
      await drain()
      expect(all().equals(Buffer.concat(expected))).toBe(true)
    })
    await fc.assert(property, { numRuns: 50 })
  })

  test('finish waits for the last byte', async () => {
    const { stream, drain, all } = slowStream()
    const output = new Output(stream)
    for (let i = 0; i < 10; i++) {
      output.bytes(bytesOf(i, 10 * kibibyte))
      void output.flush()
    }
    let finished = false
    const finishing = output.finish().then(() => (finished = true))
    await turn()
    expect(finished).toBe(false)
    await drain()
    await finishing
    expect(all()).toHaveLength(100 * kibibyte)
  })

  test.each(['finish', 'taken'] as const)(
    '%s waits for the system, though the stream has room',
    async (call) => {
      const { stream, next } = slowStream()
      const output = new Output(stream)
      expect(output.taken()).toBeUndefined()
      output.text('x')
      let isDone = false
      const waiting = output[call]()!.then(() => (isDone = true))
      await turn()
      expect(isDone).toBe(false)
      next()
      await turn()
      next() // the empty write after it
      await waiting
      expect(output.taken()).toBeUndefined()
    },
  )

  test('finish with a time limit gives up when nothing is taken for so long', async () => {
    const stuck = new Writable({ write: () => {} })
    const output = new Output(stuck)
    output.text('x')
    await expect(output.finish(50)).rejects.toMatchObject({
      exitCode: 14,
      message: expect.stringContaining('nothing was read for 0.05 s, 1 bytes are lost'),
    })
  })

  test('finish of an idle output is immediate', async () => {
    await new Output(slowStream().stream).finish()
  })
})

describe('when the reader has closed', () => {
  test('onFailure is called at once, and nothing more is written', async () => {
    const output = new Output(failingStream('EPIPE'))
    const failures: Error[] = []
    output.onFailure = (error) => failures.push(error)
    output.text('x')
    output.flush()
    await turn()
    expect(failures[0]).toBeInstanceOf(BrokenPipe)
    expect(failures[0]).not.toBeInstanceOf(MqttxError)

    output.text('y')
    expect(() => output.flush()).toThrow(BrokenPipe)
    await expect(output.finish()).rejects.toBeInstanceOf(BrokenPipe)
  })

  test('onFailure is called on close, also while nothing is written', async () => {
    const { stream } = slowStream()
    const output = new Output(stream)
    const failures: Error[] = []
    output.onFailure = (error) => failures.push(error)
    stream.destroy()
    await turn()
    expect(failures).toEqual([expect.any(BrokenPipe)])
  })

  test('a pending flush rejects', async () => {
    const { stream, next } = slowStream()
    const output = new Output(stream)
    output.bytes(Buffer.alloc(20 * kibibyte))
    const waiting = expect(output.flush()).rejects.toBeInstanceOf(BrokenPipe)
    next(Object.assign(new Error('EPIPE'), { code: 'EPIPE' }))
    await waiting
  })
})

test.each(['ENOSPC', 'EIO', 'EBADF'])('%s ends with status 14 and the reason', async (code) => {
  const output = new Output(failingStream(code))
  output.text('x')
  const failure = await output.finish().catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(MqttxError)
  expect(failure).toMatchObject({ exitCode: 14, message: `standard output: ${code}: no` })
})
