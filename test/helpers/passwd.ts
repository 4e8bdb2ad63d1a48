// A password file per test, and helpers for it.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach } from 'vitest'
import { mqttx, type Outcome, type RunOptions, scratch } from './run.js'

/** Does not exist when a test begins. */
export let file: string
beforeEach(() => {
  file = join(scratch('passwd'), 'users')
})

export function passwd(args: readonly string[], options?: RunOptions): Promise<Outcome> {
  return mqttx(['passwd', ...args], options)
}

export function text(path = file): string {
  return readFileSync(path, 'utf8')
}

export function write(contents: string | Uint8Array, mode = 0o600): void {
  writeFileSync(file, contents, { mode })
}

/** The status of --verify. */
export async function isPassword(
  user: string,
  password: string,
  ...options: string[]
): Promise<Outcome['status']> {
  const { status } = await passwd([...options, '--verify', '-b', file, user, password])
  return status
}
