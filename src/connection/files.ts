// Reads the files that options name.
import { MqttxError } from '../errors.js'
import { readSmallFile, withoutMark } from '../io/small-file.js'
import { strerror } from '../io/system-error.js'

/**
 * The contents of a file; `failed` makes the error from the operating system's reason.
 * @param silence milliseconds that a pipe may be silent
 */
export function readNamed(path: string, failed: (reason: string) => MqttxError, silence?: number): Buffer {
  try {
    return readSmallFile(path, silence === undefined ? {} : { silence })
  } catch (cause) {
    throw failed(strerror(cause as NodeJS.ErrnoException))
  }
}

/**
 * The first line of a file, without its line end and without a byte order mark.
 * @param silence milliseconds that a pipe may be silent
 * @throws MqttxError if the file cannot be read or the line is empty
 */
export function readSecret(path: string, option: string, silence?: number): Buffer {
  const failed = (reason: string) => new MqttxError(`${option}: cannot read '${path}': ${reason}.`)
  const bytes = readNamed(path, failed, silence)
  const secret = firstLine(withoutMark(bytes))
  if (secret.length > 0) return secret
  throw new MqttxError(`${option}: the first line of '${path}' is empty.`, {
    hint: "put the password on the first line; for an empty password use -P ''",
  })
}

/** The first line without its LF or CR LF. */
export function firstLine(bytes: Buffer): Buffer {
  const end = bytes.indexOf('\n')
  const line = end < 0 ? bytes : bytes.subarray(0, end)
  return line.at(-1) === 0x0d ? line.subarray(0, -1) : line
}
