// A terminal that has gone away: Node aborts when it cannot restore the settings of one at its end.
import { closeSync, fstatSync, openSync } from 'node:fs'
import { isatty } from 'node:tty'

/** Puts /dev/null in the place of standard streams that are no terminal any more. Call it right before the end. */
export function leaveLostTerminals(): void {
  for (const descriptor of [0, 1, 2]) {
    try {
      if (!fstatSync(descriptor).isCharacterDevice() || isatty(descriptor)) continue
      closeSync(descriptor)
      openSync('/dev/null', 'r+') // gets the lowest free number, which is this one
    } catch {
      // Closed already, or a system without /dev/null.
    }
  }
}
