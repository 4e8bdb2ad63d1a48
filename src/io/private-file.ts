// Files that decide what runs with our rights: read only where nobody else can have written them, as ssh does.
import { UsageError } from '../errors.js'
import { shown } from '../text.js'
import { readSmallFile } from './small-file.js'

/**
 * The bytes of a file that belongs to this user or to root, and that nobody else may write.
 * @param what what error texts call it
 * @throws UsageError where it is another's; the system's error where it cannot be read
 */
export function readPrivate(path: string, what: string): Buffer {
  const user = process.geteuid?.()
  if (user === undefined) return readSmallFile(path) // Windows has no such owners and modes
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
