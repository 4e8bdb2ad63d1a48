// Where --write writes to: never over what is read.
import { fstatSync, type Stats, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { UsageError } from '../../errors.js'

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
