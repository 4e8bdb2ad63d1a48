// Checks a password file before it is changed.

import { textToBytes } from '../../byte-text.js'
import { Recogniser } from '../../passwd/foreign.js'
import { corrupt, type Edit, invisibleEnd, lineFault, type PasswordLine } from '../../passwd/lines.js'
import { type Fill, ownershipWarnings, type Stored, withStored } from '../../passwd/store.js'
import type { Tools } from './tools.js'

export interface Checked {
  readonly recogniser: Recogniser
  /** The lines for which `wanted` returned true. */
  readonly found: readonly PasswordLine[]
}

type LineTest = (line: PasswordLine) => boolean

/** Reads and checks a whole file. @throws MqttxError with mosquitto_passwd's text and the corrupt line */
export async function checked(
  stored: Stored | undefined,
  { format, signal }: Tools,
  wanted: LineTest = () => false,
): Promise<Checked> {
  const recogniser = new Recogniser(format)
  const found: PasswordLine[] = []
  let fault: Error | undefined
  for await (const lines of stored?.lines(format, signal) ?? []) {
    for (const line of lines) {
      recogniser.add(line)
      const text = lineFault(line)
      if (text !== undefined) fault ??= corrupt(stored?.file ?? '', line.number, text)
      if (wanted(line)) found.push(line)
    }
  }
  refuseForeign(stored?.file ?? '', recogniser)
  if (fault !== undefined) throw fault
  return { recogniser, found }
}

/** @throws MqttxError for a file in another format */
export function refuseForeign(file: string, recogniser: Recogniser): void {
  const other = recogniser.verdict()
  if (other === undefined) return
  throw corrupt(file, other.number, other.fault, other.hint ?? 'see --format in mqttx passwd --help')
}

/** Checks a file before asking for a password or hashing. Prints warnings. @throws MqttxError */
export async function examine(file: string, tools: Tools): Promise<void> {
  await withStored(file, 'update', async (stored) => {
    if (stored === undefined) return
    const odd = (line: PasswordLine) => invisibleEnd(line.entry?.user ?? '') !== undefined
    const { found } = await checked(stored, tools, odd)
    for (const lines of ownershipWarnings(file, stored.stats)) tools.warn(...lines)
    for (const { number, entry } of found.slice(0, 3)) {
      const character = invisibleEnd(entry?.user ?? '')
      tools.warn(`${file}:${number}: ${character} is part of the user name, for mosquitto too`)
    }
  })
}

/** Returns a function that writes the edited file. */
export function edited(stored: Stored | undefined, edit: Edit, { format, signal }: Tools): Fill {
  return async (write) => {
    for await (const lines of stored?.lines(format, signal) ?? [])
      write(textToBytes(lines.map((line) => edit.line(line)).join('')))
    write(textToBytes(edit.rest()))
  }
}
