// Files that options name: their bytes, or a sentence that says which option has a bad one.
import { MqttxError } from '../errors.js'
import { readSmallFile, withoutMark } from '../io/small-file.js'
import { strerror } from '../io/system-error.js'

/** The bytes of a file; `failed` makes the error from the reason why there are none. */
export function readNamed(path: string, failed: (reason: string) => MqttxError): Buffer {
  try {
    return readSmallFile(path)
  } catch (cause) {
    throw failed(strerror(cause as NodeJS.ErrnoException))
  }
}

/**
 * The first line of a file, without its end and without a byte order mark.
 * @throws MqttxError where it cannot be read, or is empty
 */
export function readSecret(path: string, option: string): Buffer {
  const bytes = readNamed(path, (reason) => new MqttxError(`${option}: cannot read '${path}': ${reason}.`))
  const secret = firstLine(withoutMark(bytes))
  if (secret.length > 0) return secret
  throw new MqttxError(`${option}: the first line of '${path}' is empty.`, {
    hint: "an empty password is -P ''; one that is wanted must be on the first line",
  })
}

/** Without its end, which may be CR LF. */
export function firstLine(bytes: Buffer): Buffer {
  const end = bytes.indexOf('\n')
  const line = end < 0 ? bytes : bytes.subarray(0, end)
  return line.at(-1) === 0x0d ? line.subarray(0, -1) : line
}
