// --password-command: a program that knows the password, such as the keeper of a key ring.
import { spawn } from 'node:child_process'
import { MqttxError } from '../errors.js'
import type { Host } from '../host.js'
import { firstLine } from './files.js'

/** More than any password has: Binary Data (MQTT 5.0, 1.5.6) and a line end. */
const longest = 65_537

/**
 * The first line that a command of the shell prints. It has our standard error and no standard input.
 * @throws MqttxError where it cannot be run, fails, or prints nothing
 */
export function printedPassword(command: string, { env, stderr }: Host): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = Buffer.alloc(0)
    child.stderr.on('data', (chunk: Buffer) => void stderr.write(chunk))
    child.stdout.on('data', (chunk: Buffer) => {
      if (output.length <= longest) output = Buffer.concat([output, chunk])
    })
    const fail = (reason: string) => {
      const hint = 'run it by itself to see what it says'
      reject(new MqttxError(`--password-command: the command ${reason}.`, { hint }))
    }
    child.once('error', ({ message }) => fail(`cannot be run: ${message}`))
    child.once('close', (status, signal) => {
      if (status !== 0) fail(`ended with ${signal ?? `status ${status}`}`)
      else if (output.length === 0) fail('printed nothing')
      else resolve(firstLine(output))
    })
  })
}
