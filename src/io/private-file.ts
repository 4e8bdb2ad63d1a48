// Reads files that may name commands to run: only if other users cannot have written them, as in ssh.
import { UsageError } from '../errors.js'
import { shown } from '../text.js'
import { readSmallFile } from './small-file.js'

/**
 * The contents of a file that is owned by this user or root and not writable by others.
 * @param what the file in error texts
 * @throws UsageError if owner or mode is wrong; the system's error if it cannot be read
 */
export function readPrivate(path: string, what: string): Buffer {
  const user = process.geteuid?.()
  if (user === undefined) return readSmallFile(path) // not on Windows
  return readSmallFile(path, {
    check({ uid, mode }) {
      if (uid !== user && uid !== 0) {
        throw new UsageError(`The ${what} "${shown(path)}" belongs to another user.`, {
          hint: 'it may name a command to run: use a file of your own (XDG_CONFIG_HOME says where)',
        })
      }
      if ((mode & 0o022) === 0) return
      throw new UsageError(`The ${what} "${shown(path)}" can be written by other users.`, {
        hint: `it may name a command to run: chmod go-w "${shown(path)}"`,
      })
    },
  })
}
