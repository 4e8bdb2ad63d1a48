// Writes a file that is either complete or not there.
import { randomBytes } from 'node:crypto'
import { existsSync, realpathSync, statSync } from 'node:fs'
import { Writable } from 'node:stream'
import { ExitCode, MqttxError } from '../../errors.js'
import { Output } from '../../io/output.js'
import { replace } from '../../io/replace.js'
import { isSystemError, strerror } from '../../io/system-error.js'
import { shown } from '../../text.js'

interface WholeFile {
  /** True if a file at `path` must not be replaced. */
  readonly isNew: boolean
  warn(text: string): void
  /** Writes the contents. If it throws, there is no file, or the old one. */
  fill(output: Output): Promise<void>
}

/** @throws MqttxError 14 if the file cannot be written; what `fill` throws */
export async function writeWhole(path: string, { isNew, warn, fill }: WholeFile): Promise<void> {
  try {
    const real = existsSync(path) ? realpathSync(path) : path
    const like = existsSync(real) ? statSync(real) : undefined
    if (like?.isFile() === false) throw irregular(path)
    if (isNew) refuseExisting(path)
    await replace(real, {
      like,
      lock: {
        token: randomBytes(6).toString('hex'),
        confirm: () => (isNew ? refuseExisting(path) : undefined),
        release: () => {},
      },
      what: 'file',
      async fill(write) {
        const output = new Output(toWrite(write), path)
        await fill(output)
        await output.finish()
      },
      inPlace: (why) => warn(`${shown(path)} is written in place: ${why}.`),
    })
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw new MqttxError(`Unable to write ${shown(path)}: ${strerror(error)}.`, {
      exitCode: ExitCode.system,
      cause: error,
    })
  }
}

/** @throws MqttxError if there is a file */
export function refuseExisting(path: string): void {
  if (!existsSync(path)) return
  throw new MqttxError(`${shown(path)} exists: it may be needed to undo an earlier removal.`, {
    hint: 'choose another name with --undo, or remove it',
  })
}

function irregular(path: string): MqttxError {
  return new MqttxError(`${shown(path)} is not a regular file.`, { hint: 'use > to write to it' })
}

/** A stream that is written at once. */
function toWrite(write: (bytes: Uint8Array) => void): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      try {
        write(chunk)
        done()
      } catch (error) {
        done(error as Error)
      }
    },
  })
}
