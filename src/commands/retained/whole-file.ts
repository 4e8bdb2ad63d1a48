// Writes a file that is either complete or not there.
import { randomBytes } from 'node:crypto'
import { existsSync, lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Writable } from 'node:stream'
import { ExitCode, MqttxError } from '../../errors.js'
import { Output } from '../../io/output.js'
import { create, replace } from '../../io/replace.js'
import { isSystemError, strerror } from '../../io/system-error.js'
import { shown } from '../../text.js'

interface WholeFile {
  warn(text: string): void
  /** Writes the contents. If it throws, there is no file, or the old one. */
  fill(output: Output): Promise<void>
}

/** Writes a file, or replaces it. @throws MqttxError 14 if it cannot be written; what `fill` throws */
export async function writeWhole(path: string, { warn, fill }: WholeFile): Promise<void> {
  await reported(path, async () => {
    const like = existsSync(path) ? statSync(path) : undefined
    if (like?.isFile() === false) throw irregular(path)
    await replace(like === undefined ? named(path) : realpathSync(path), {
      like,
      lock: { token: newToken(), confirm() {}, release() {} },
      what: 'file',
      fill: filled(path, fill),
      inPlace: (why) => warn(`${shown(path)} is written in place: ${why}.`),
    })
  })
}

/**
 * Writes a new file: `nameOf(1)`, or the next ones if that is in use.
 * @returns its name
 * @throws MqttxError if all names are in use, 14 if it cannot be written; what `fill` throws
 */
export async function writeNew(
  nameOf: (number: number) => string | undefined,
  fill: WholeFile['fill'],
): Promise<string> {
  const first = nameOf(1)!
  return reported(first, async () => {
    const name = await create(nameOf, { token: newToken(), fill: filled(first, fill) })
    if (name === undefined) throw existing(first)
    return name
  })
}

/** What `path` names that does not exist: symbolic links are followed. */
function named(path: string): string {
  let name = path
  for (let links = 0; links < mostLinks && isLink(name); links++) {
    name = resolve(dirname(name), readlinkSync(name))
  }
  return name
}

/** As of Linux. */
const mostLinks = 40

const isLink = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true

const newToken = (): string => randomBytes(6).toString('hex')

const filled =
  (path: string, fill: WholeFile['fill']) =>
  async (write: (bytes: Uint8Array) => void): Promise<void> => {
    const output = new Output(toWrite(write), path)
    await fill(output)
    await output.finish()
  }

/** @throws MqttxError 14 for an error of the system */
async function reported<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
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
  if (existsSync(path)) throw existing(path)
}

function existing(path: string): MqttxError {
  return new MqttxError(`${shown(path)} exists: it may be needed to undo an earlier removal.`, {
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
