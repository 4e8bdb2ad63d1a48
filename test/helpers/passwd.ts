// A password file per test, and helpers for it.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach } from 'vitest'
import { run } from '../commands/fake-host.js'
import { type Outcome, scratch } from './run.js'

/** Does not exist when a test begins. */
export let file: string
beforeEach(() => {
  file = join(scratch('passwd'), 'users')
})

/** Runs `mqttx passwd ...` in this process. */
export async function passwd(
  args: readonly string[],
  { stdin = '' }: { stdin?: string | Uint8Array } = {},
): Promise<Outcome> {
  const { status, stdout, stderr } = await run(
    ['passwd', ...args],
    { at: [] },
    (fake) => void fake.stdin.end(stdin),
  )
  return { status, stdout: Buffer.from(stdout), stderr }
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
