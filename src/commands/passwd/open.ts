// A password file before it is changed: its lines, and what is to be said about it.
import { type PasswordLine, refuseCorrupt } from '../../passwd/lines.js'
import { type Found, ownershipWarnings, readStored } from '../../passwd/store.js'
import { linesOf, type Tools } from './tools.js'

/** @throws MqttxError that names the line that cannot be kept */
export function goodLines(file: string, found: Found | undefined, { format }: Tools): PasswordLine[] {
  const lines = linesOf(found?.bytes ?? Buffer.alloc(0), format)
  refuseCorrupt(lines, format, file)
  return lines
}

/** Looks at a file before anything is asked for or hashed: what is wrong with it should be known by then. */
export function examine(file: string, tools: Tools): void {
  const found = readStored(file, 'update')
  goodLines(file, found, tools)
  for (const warning of found === undefined ? [] : ownershipWarnings(file, found.stats)) tools.warn(warning)
}
