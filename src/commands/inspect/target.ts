// Where --write writes to: a file, never over what is read, or standard output.
import { fstatSync, type Stats, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { MqttxError, UsageError } from '../../errors.js'
import { Output } from '../../io/output.js'
import { isSystemError, strerror } from '../../io/system-error.js'
import { isTerminal } from '../../io/terminal.js'

export interface Target {
  readonly output: Output
  /** Resolves when all is written; standard output stays open. */
  close(): Promise<void>
}

/** @throws UsageError where standard output is a terminal or has to show a view */
export function standardOutput(output: Output, stream: object, view: string | undefined): Target {
  if (view !== undefined) {
    throw new UsageError(`--write -: standard output cannot take the capture and --view ${view}`, {
      hint: 'write to a file, or leave --view out',
    })
  }
  if (isTerminal(stream)) {
    throw new UsageError('--write -: a capture is not for a terminal', {
      hint: 'pipe it into a program, or write to a file',
    })
  }
  return { output, close: () => output.finish() }
}

/**
 * A new file can be read by its owner alone: captures hold passwords.
 * @throws MqttxError 1 where `file` cannot be opened
 */
export async function openTarget(file: string): Promise<Target> {
  const name = `--write ${file}`
  const handle = await open(file, 'w', 0o600).catch((cause: unknown) => {
    if (!isSystemError(cause)) throw cause
    throw new MqttxError(`${name}: cannot be written: ${strerror(cause)}`, { cause })
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
 * Compares the files themselves, not their names: links lead to the same one. To be called before anything is opened.
 * @throws UsageError where `file` is one of `inputs`, of which `-` is `stdin`
 */
export function refuseInput(file: string, inputs: readonly string[], stdin: () => Readable): void {
  const target = known(() => statSync(file))
  if (target?.isFile() !== true) return
  for (const input of inputs) {
    const stats = known(() => (input === '-' ? statsOf(stdin()) : statSync(input)))
    if (stats?.ino !== target.ino || stats.dev !== target.dev) continue
    const read = input === '-' ? 'standard input' : input === file ? 'it' : input
    throw new UsageError(`--write ${file}: ${read} is read too, and would be overwritten`, {
      hint: 'write to another file; this one is as it was',
    })
  }
}

function statsOf(stream: Readable): Stats | undefined {
  const { fd } = stream as { fd?: unknown }
  return typeof fd === 'number' ? fstatSync(fd) : undefined
}

/** Undefined where there is no such file: whoever opens it says so. */
function known(stats: () => Stats | undefined): Stats | undefined {
  try {
    return stats()
  } catch {
    return undefined
  }
}
