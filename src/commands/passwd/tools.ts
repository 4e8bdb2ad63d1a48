// The context shared by all parts of passwd: settings, output, warnings and the abort signal.
import { ExitCode, MqttxError } from '../../errors.js'
import type { Host } from '../../host.js'
import { Output } from '../../io/output.js'
import { say } from '../../io/say.js'
import type { Settings } from '../../passwd/derive.js'
import { formats, type LineFormat } from '../../passwd/formats.js'
import type { Scheme } from '../../passwd/hash.js'

export interface Tools {
  readonly host: Host
  readonly output: Output
  readonly format: LineFormat
  readonly settings: Settings
  /** Aborted by SIGINT and SIGTERM with the error to throw. */
  readonly signal: AbortSignal
  /** Prints a warning on stderr, unless --quiet. */
  readonly warn: (...lines: string[]) => void
  /** Prints a line on stderr, unless --quiet. */
  readonly notice: (text: string) => void
  /** Prints text on standard output and waits until it is written. */
  say(text: string): Promise<void>
}

export interface ToolArgs {
  readonly hash?: Scheme | undefined
  readonly iterations?: number | undefined
  readonly format: LineFormat['name']
  readonly quiet: boolean
}

const statuses = { SIGINT: ExitCode.interrupted, SIGTERM: 143, SIGHUP: 129 } as const

/** Calls `work` with the shared context and releases its resources. */
export async function withTools<T>(
  args: ToolArgs,
  host: Host,
  work: (tools: Tools) => Promise<T>,
): Promise<T> {
  const { hash = 'sha512-pbkdf2', iterations, format, quiet } = args
  const output = new Output(host.stdout)
  const ending = new AbortController()
  const off = host.onSignal(['SIGINT', 'SIGTERM'], (signal) => {
    ending.abort(new MqttxError(`Ended by ${signal}`, { exitCode: statuses[signal] }))
  })
  const scheme = format === 'mosquitto' ? hash : format === 'bcrypt' ? 'bcrypt' : 'sha256'
  try {
    const result = await work({
      ...{ host, output, format: formats[format], settings: { scheme, iterations }, signal: ending.signal },
      warn(...lines) {
        if (quiet) return
        for (const [index, line] of lines.entries()) say(host.stderr, index === 0 ? `Warning: ${line}` : line)
      },
      notice: (text) => void (quiet || say(host.stderr, text)),
      async say(text) {
        output.text(text)
        await output.finish()
      },
    })
    await output.finish()
    return result
  } finally {
    off()
  }
}

/**
 * Awaits `work`, or calls `cancel` and rejects when `signal` aborts. A running hash cannot be cancelled and is abandoned.
 */
export async function unlessEnded<T>(
  work: Promise<T>,
  signal: AbortSignal,
  cancel: () => void = () => {},
): Promise<T> {
  let stop = (): void => {}
  const ended = new Promise<never>((_, reject) => {
    stop = () => {
      cancel()
      reject(signal.reason)
    }
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop)
  })
  work.catch(() => {}) // may fail after `cancel`
  return Promise.race([work, ended]).finally(() => signal.removeEventListener('abort', stop))
}
