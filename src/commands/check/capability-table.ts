// The capabilities of a server as a table, and the differences of two.
import type { Capability } from '../../check/capabilities/discover.js'
import {
  type CapabilityDocument,
  type Difference,
  entryOf,
  valueText,
} from '../../check/capabilities/document.js'
import { shown } from '../../text.js'

/** Colours; each returns its text unchanged without colour. */
export interface TablePaint {
  heading(text: string): string
  yes(text: string): string
  no(text: string): string
  unknown(text: string): string
  faint(text: string): string
}

const same = (text: string) => text
export const plainTable: TablePaint = { heading: same, yes: same, no: same, unknown: same, faint: same }

/** Ends with a line feed. */
export function capabilityTable(capabilities: readonly Capability[], paint: TablePaint): string {
  const rows = capabilities.map((one) => ({ ...one, text: valueText(entryOf(one)) }))
  const width = Math.max(...rows.map(({ label }) => label.length))
  const values = Math.max(...rows.map(({ text }) => text.length))
  const groups = [...new Set(rows.map(({ group }) => group))]
  const lines = groups.flatMap((group) => [
    paint.heading(group),
    ...rows
      .filter((row) => row.group === group)
      .map(({ label, text, detail, value }) => {
        const colour = value === undefined ? paint.unknown : value === false ? paint.no : paint.yes
        const start = `  ${label.padEnd(width)}  ${colour(text)}`
        return detail === '' ? start : `${start}${' '.repeat(values - text.length)}  ${paint.faint(detail)}`
      }),
  ])
  return `${lines.join('\n')}\n`
}

/** Ends with a line feed; empty without differences. `names`: the heads of the columns. */
export function differenceTable(list: readonly Difference[], names: readonly [string, string]): string {
  if (list.length === 0) return ''
  const rows = list.map(({ key, values: [one, other] }) =>
    [key, valueText(one), valueText(other)].map((text) => shown(text, 100)),
  )
  const lines = [['', ...names.map((name) => shown(name))], ...rows]
  const widths = [0, 1].map((column) => Math.max(...lines.map((cells) => cells[column]!.length)))
  return lines
    .map(([key, one, other]) => `${key!.padEnd(widths[0]!)}  ${one!.padEnd(widths[1]!)}  ${other}\n`)
    .join('')
}

/** For --json. */
export function differencesAsJson(
  list: readonly Difference[],
  documents: readonly [CapabilityDocument, CapabilityDocument],
): object {
  return {
    servers: documents.map(({ server }) => server),
    differences: Object.fromEntries(
      list.map(({ key, values }) => [key, values.map((entry) => entry ?? null)]),
    ),
  }
}
