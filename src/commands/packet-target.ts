// Output of --write: a file, which must not be an input, or standard output.
import { fstatSync, type Stats, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { MqttxError, UsageError } from '../errors.js'
import { Output } from '../io/output.js'
import { isSystemError, strerror } from '../io/system-error.js'
import { isTerminal } from '../io/terminal.js'

export interface Target {
  readonly output: Output
  /** Resolves when everything is written; standard output stays open. */
  close(): Promise<void>
}

/** @throws UsageError if standard output is a terminal or is used for a view */
export function standardOutput(output: Output, stream: object, view: string | undefined): Target {
  if (view !== undefined) {
    throw new UsageError(`--write -: standard output cannot have both the capture and --view ${view}`, {
      hint: 'write to a file, or omit --view',
    })
  }
  if (isTerminal(stream)) {
    throw new UsageError('--write -: standard output is a terminal', { hint: 'write to a pipe or a file' })
  }
  return { output, close: () => output.finish() }
}

/**
 * Opens the file to write. A new file has mode 0600: captures contain passwords.
 * @throws MqttxError with status 1 if it cannot be opened
 */
export async function openTarget(file: string, option = '--write'): Promise<Target> {
  const name = `${option} ${file}`
  const handle = await open(file, 'w', 0o600).catch((cause: unknown) => {
    if (!isSystemError(cause)) throw cause
    throw new MqttxError(`${name}: cannot open: ${strerror(cause)}`, { cause })
  })
  const stream = handle.createWriteStream()
  const output = new Output(stream, name)
  return {
    output,
    async close() {
      stream.end()
      await finished(stream)
    },
  }
}

/**
 * Compares inodes, not names, because of links. Call this before anything is opened.
 * @throws UsageError if `file` is one of `inputs`; `-` is `stdin`
 */
export function refuseInput(file: string, inputs: readonly string[], stdin: () => Readable): void {
  const target = known(() => statSync(file))
  if (target?.isFile() !== true) return
  for (const input of inputs) {
    const stats = known(() => (input === '-' ? statsOf(stdin()) : statSync(input)))
    if (stats?.ino !== target.ino || stats.dev !== target.dev) continue
    const read = input === '-' ? 'standard input' : `the input ${input}`
    throw new UsageError(`--write ${file}: would overwrite ${read}`, { hint: 'write to another file' })
  }
}

function statsOf(stream: Readable): Stats | undefined {
  const { fd } = stream as { fd?: unknown }
  return typeof fd === 'number' ? fstatSync(fd) : undefined
}

/** Undefined if there is no such file, which is reported when it is opened. */
function known(stats: () => Stats | undefined): Stats | undefined {
  try {
    return stats()
  } catch {
    return undefined
  }
}
