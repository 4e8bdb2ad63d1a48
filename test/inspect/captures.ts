// Loads the captures of test/fixtures/inspect and runs an inspector on a capture.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { openCapture } from '../../src/capture/open.js'
import { inflate } from '../../src/commands/capture-inflate.js'
import { crypto } from '../../src/commands/capture-tls.js'
import { Inspector } from '../../src/inspect/inspector.js'
import { Recorder } from './scenarios.js'

const folder = resolve(import.meta.dirname, '../fixtures/inspect')

export interface Fixture {
  readonly file: Buffer
  readonly keyLog?: string
}

/** By file name. */
export const fixtures: Readonly<Record<string, Fixture>> = Object.fromEntries(
  readdirSync(folder)
    .filter((name) => name.endsWith('.pcap'))
    .map((name) => {
      const keys = name.startsWith('tls')
        ? readFileSync(join(folder, name.replace('.pcap', '.keys')), 'latin1')
        : undefined
      return [name, { file: readFileSync(join(folder, name)), ...(keys !== undefined && { keyLog: keys }) }]
    }),
)

export interface Inspected extends Recorder {
  readonly notes: string[]
}

export function inspected({ file, keyLog }: Fixture): Inspected {
  const notes: string[] = []
  const view = Object.assign(new Recorder(), { notes })
  const inspector = new Inspector({ view, note: (text) => void notes.push(text) })
  const capture = openCapture(inspector, { inflate, crypto, ...(keyLog !== undefined && { keyLog }) })
  capture.push(file)
  capture.end()
  inspector.end()
  return view
}
