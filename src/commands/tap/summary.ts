// What tap says at its end.
import type { Faults } from '../../tap/faults.js'
import { count } from '../../text.js'
import type { Display } from './display.js'

export function summary(connections: number, display: Display, faults: Faults | undefined): string[] {
  const { counts, inspector } = display
  const { error, warning } = inspector.found
  const lines = [
    `Connections: ${connections}`,
    `From clients: ${counts.text('c2s')}`,
    `From the server: ${counts.text('s2c')}`,
    `Violations: ${error === 0 && warning === 0 ? 'none' : `${count(error, 'error')}, ${count(warning, 'warning')}`}`,
  ]
  for (const { rule, applied } of faults?.counts() ?? []) {
    lines.push(
      applied === 0
        ? `Fault never applied, no packet matched: ${rule.text}`
        : `Fault applied ${count(applied, 'time')}: ${rule.text}`,
    )
  }
  if (display.unshown() > 0)
    lines.push(`Not shown: ${count(display.unshown(), 'packet')}, the output was not read in time`)
  if (display.missed() > 0) lines.push(`Not decoded: ${count(display.missed(), 'byte')}, they came too fast`)
  return lines
}
