// Prints a text on standard output, and makes the errors of failed writes.
import type { Writable } from 'node:stream'
import { BrokenPipe, ExitCode, MqttxError } from '../errors.js'

/**
 * Writes `text` and waits until the stream has taken it.
 * @throws BrokenPipe if the reader has closed, MqttxError 14 for other failures
 */
export function print(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(outputError(error))
    stream.once('error', failed) // not removed after a failure, which is also emitted
    stream.write(text, (error) => {
      if (error) return failed(error)
      stream.off('error', failed)
      resolve()
    })
  })
}

const standardOutput = 'standard output'

/** The error for a failed write to `name`. */
export function outputError(error: Error & { code?: unknown }, name = standardOutput): Error {
  if (error instanceof BrokenPipe || error instanceof MqttxError) return error
  if (error.code === 'EPIPE' && name === standardOutput)
    return new BrokenPipe(error.message, { cause: error })
  const hint = 'disk full, terminal closed, or the reader stopped?'
  return new MqttxError(`${name}: ${error.message}`, {
    exitCode: ExitCode.system,
    hint,
    cause: error,
  })
}
