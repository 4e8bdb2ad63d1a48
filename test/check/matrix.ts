// The committed table of the capabilities of brokers.
import { readFileSync } from 'node:fs'
import { type Entry, valueText } from '../../src/check/capabilities/document.js'

const document = new URL('../../docs/project/capabilities.md', import.meta.url)

/** The column whose head begins with `name`: values as printed, by the names of JSON. */
export function matrixColumn(name: string): Record<string, string> {
  const [heads, , ...rows] = readFileSync(document, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.slice(2, -2).split(' | '))
  const index = heads!.findIndex((head) => head.startsWith(name))
  return Object.fromEntries(rows.map((cells) => [cells[1]!.replaceAll('`', ''), cells[index]!]))
}

/** `values` as printed; a limit that was not reached is `at least`. */
export function printed(values: Record<string, unknown>): Record<string, string> {
  const texts = Object.entries(values).map(([key, value]) => {
    const atLeast = key === 'maximum-packet-size' && { atLeast: true as const }
    return [key, valueText({ value: value as Entry['value'], ...atLeast })]
  })
  return Object.fromEntries(texts)
}
