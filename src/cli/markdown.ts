// The generated blocks of README.md and docs/: the text between an opening and a closing HTML comment.
import { exitStatuses } from '../errors.js'

/**
 * Returns `text` with everything between `<!-- open -->` and the next `<!-- /close -->` replaced with
 * `content`. The marks stay.
 * @throws Error if a mark is missing
 */
export function block(text: string, open: string, close: string, content: string): string {
  const start = text.indexOf(`<!-- ${open} -->`)
  if (start < 0) throw new Error(`the mark <!-- ${open} --> is missing`)
  const end = text.indexOf(`<!-- /${close} -->`, start)
  if (end < 0) throw new Error(`the mark <!-- /${close} --> is missing after <!-- ${open} -->`)
  return `${text.slice(0, start)}<!-- ${open} -->\n${content}\n${text.slice(end)}`
}

/** The exit statuses as a Markdown table. */
export function exitTable(): string {
  const rows = exitStatuses.map(([code, , meaning]) => `| ${code} | ${cell(meaning)} |`)
  return ['| status | meaning |', '|---|---|', ...rows].join('\n')
}

/** Escapes `text` for a cell of a table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
