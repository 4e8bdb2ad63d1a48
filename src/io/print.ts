// A whole text on standard output at once, and what is said where that fails.
import type { Writable } from 'node:stream'
import { BrokenPipe, ExitCode, MqttxError } from '../errors.js'

/**
 * Writes all of `text` to standard output, and waits until the stream has taken it.
 * @throws BrokenPipe where the reader has gone, MqttxError 14 for anything else
 */
export function print(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(outputError(error))
    stream.once('error', failed) // stays after a failure: the stream tells it twice
    stream.write(text, (error) => {
      if (error) return failed(error)
      stream.off('error', failed)
      resolve()
    })
  })
}

const standardOutput = 'standard output'

/** The error of a failed write for the user; `name` says what was written to. */
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
