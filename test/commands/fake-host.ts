// A fake Host: streams in memory, signals sent by the test, an empty environment.
import { PassThrough, Writable } from 'node:stream'
import type { Host, Signal } from '../../src/host.js'
import { main } from '../../src/main.js'
import { isCheckout, mqttx } from '../helpers/run.js'
import type { ScriptedServer } from '../helpers/scripted-server.js'

/** A writable stream in memory that can fail and pause. */
export interface Sink {
  readonly stream: Writable
  text(): string
  /** Makes the next write fail with this system error. */
  fail(code: string): void
  /** Takes nothing until `resume` is called. */
  pause(): void
  resume(): void
}

export function sink(): Sink {
  const pieces: Buffer[] = []
  let code: string | undefined
  let paused = false
  let waiting: (() => void) | undefined
  const stream = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      const take = () => {
        if (code !== undefined) return callback(Object.assign(new Error(`write ${code}`), { code }))
        pieces.push(Buffer.from(chunk))
        callback()
      }
      if (paused) waiting = take
      else take()
    },
  })
  return {
    stream,
    text: () => Buffer.concat(pieces).toString(),
    fail: (name) => void (code = name),
    pause: () => void (paused = true),
    resume() {
      paused = false
      waiting?.()
    },
  }
}

export interface FakeHost {
  readonly host: Host
  readonly stdin: PassThrough
  readonly stdout: Sink
  readonly stderr: Sink
  signal(name: Signal): void
  /** The number of registered signal handlers. */
  handlers(): number
}

export function fakeHost(): FakeHost {
  const stdin = new PassThrough()
  const stdout = sink()
  const stderr = sink()
  const handlers = new Map<(signal: Signal) => void, readonly Signal[]>()
  const host: Host = {
    stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: {},
    pid: 4711,
    now: () => performance.now(),
    onSignal(signals, handler) {
      handlers.set(handler, signals)
      return () => handlers.delete(handler)
    },
  }
  const signal = (name: Signal) => {
    for (const [handler, signals] of handlers) if (signals.includes(name)) handler(name)
  }
  return { host, stdin, stdout, stderr, signal, handlers: () => handlers.size }
}

export interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line to its end; `meanwhile` controls the fake host. */
export async function run(
  words: readonly string[],
  server: Pick<ScriptedServer, 'at'>,
  meanwhile: (fake: FakeHost) => void | Promise<void> = ({ stdin }) => void stdin.end(),
): Promise<Outcome> {
  const fake = fakeHost()
  const running = main([...words, ...server.at], fake.host)
  await Promise.all([running, meanwhile(fake)])
  return { status: await running, stdout: fake.stdout.text(), stderr: fake.stderr.text() }
}

/** `mqttx ARG...` in this process, which takes a tenth of the time; of an executable as a process. */
export async function mqttxHere(words: readonly string[], stdin = ''): Promise<Outcome> {
  if (isCheckout) return run(words, { at: [] }, (fake) => void fake.stdin.end(stdin))
  const { status, stdout, stderr } = await mqttx(words, { stdin })
  return { status, stdout: stdout.toString(), stderr }
}
