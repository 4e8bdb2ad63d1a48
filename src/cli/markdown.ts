// The blocks of README.md and docs/ that are printed from tables. They stand between marks, so that the rest is free.
import { exitStatuses } from '../errors.js'

/** Puts `content` between `<!-- open -->` and the `<!-- /close -->` behind it. Throws where a mark is missing. */
export function block(text: string, open: string, close: string, content: string): string {
  const start = text.indexOf(`<!-- ${open} -->`)
  if (start < 0) throw new Error(`the mark <!-- ${open} --> is missing`)
  const end = text.indexOf(`<!-- /${close} -->`, start)
  if (end < 0) throw new Error(`the mark <!-- /${close} --> is missing behind <!-- ${open} -->`)
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
