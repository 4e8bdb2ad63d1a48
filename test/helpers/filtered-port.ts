// A loopback port that does not answer, like one that a firewall filters.
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { onTestFinished } from 'vitest'

/** The port; it exists until the test ends. */
export async function filteredPort(): Promise<number> {
  const child = spawn('python3', [resolve(import.meta.dirname, 'full_backlog.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return new Promise((done, failed) => {
    child.once('error', failed)
    child.stdout.once('data', (chunk: Buffer) => done(Number(chunk.toString())))
  })
}
