// A whole text on standard output at once, and what is said where that fails.
import type { Writable } from 'node:stream'
import { ExitCode, isBrokenPipe, MqttxError } from '../errors.js'

/**
 * Writes all of `text`, and waits until the stream has taken it.
 * @throws EPIPE as it is, MqttxError 14 for anything else
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

/** What a failed write is to the user; `name` says to where. */
export function outputError(error: Error, name = 'standard output'): Error {
  if (isBrokenPipe(error) || error instanceof MqttxError) return error
  const hint = 'is the disk full, the terminal gone, or the reader asleep?'
  return new MqttxError(`${name}: ${error.message}`, {
    exitCode: ExitCode.system,
    hint,
    cause: error,
  })
}
