// Node aborts at exit when it cannot restore the settings of a terminal that has been closed.
import { closeSync, fstatSync, openSync } from 'node:fs'
import { isatty } from 'node:tty'

/** Replaces standard streams whose terminal has been closed by /dev/null. Call it right before the exit. */
export function leaveLostTerminals(): void {
  for (const descriptor of [0, 1, 2]) {
    try {
      if (!fstatSync(descriptor).isCharacterDevice() || isatty(descriptor)) continue
      closeSync(descriptor)
      openSync('/dev/null', 'r+') // gets the lowest free descriptor, which is this one
    } catch {
      // Closed already, or a system without /dev/null.
    }
  }
}
