// Fills the generated blocks of README.md and docs/, which are between marks.
import { exitStatuses } from '../errors.js'

/** Puts `content` between `<!-- open -->` and the next `<!-- /close -->`. Throws an Error if a mark is missing. */
export function block(text: string, open: string, close: string, content: string): string {
  const start = text.indexOf(`<!-- ${open} -->`)
  if (start < 0) throw new Error(`the mark <!-- ${open} --> is missing`)
  const end = text.indexOf(`<!-- /${close} -->`, start)
  if (end < 0) throw new Error(`the mark <!-- /${close} --> is missing after <!-- ${open} -->`)
  return `${text.slice(0, start)}<!-- ${open} -->\n${content}\n${text.slice(end)}`
}

/** The table of exit statuses. */
export function exitTable(): string {
  const rows = exitStatuses.map(([code, , meaning]) => `| ${code} | ${cell(meaning)} |`)
  return ['| status | meaning |', '|---|---|', ...rows].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
