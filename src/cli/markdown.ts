// The blocks of README.md that are printed from the tables. They stand between marks, so that the rest is free.
import { exitStatuses } from '../errors.js'
import type { AnySpec, Options, Program } from './option.js'
import { defaultOf, groupsOf } from './prose.js'

/** What a context can hold are options that stand in the tables of others, and completion has none. */
const withoutTable = ['context', 'completion']

/** Fills every block of `text` between `<!-- options: pub -->` or `<!-- exit-statuses -->` and its end. */
export function filledBlocks(text: string, program: Program): string {
  let filled = block(text, 'exit-statuses', 'exit-statuses', exitTable())
  for (const spec of program.commands.filter(({ name }) => !withoutTable.includes(name)))
    filled = block(filled, `options: ${spec.name}`, 'options', optionTable(spec))
  return filled
}

/** Puts `content` between `<!-- open -->` and the `<!-- /close -->` behind it. Throws where a mark is missing. */
export function block(text: string, open: string, close: string, content: string): string {
  const start = text.indexOf(`<!-- ${open} -->`)
  if (start < 0) throw new Error(`the mark <!-- ${open} --> is missing`)
  const end = text.indexOf(`<!-- /${close} -->`, start)
  if (end < 0) throw new Error(`the mark <!-- /${close} --> is missing behind <!-- ${open} -->`)
  return `${text.slice(0, start)}<!-- ${open} -->\n${content}\n${text.slice(end)}`
}

function optionTable({ options }: AnySpec): string {
  const rows = ['| option | what it does | default |', '|---|---|---|']
  for (const members of groupsOf(options).values()) rows.push(...members.map(optionRow))
  return rows.join('\n')
}

function optionRow(option: Options[string]): string {
  const shown = defaultOf(option)
  return `| \`${option.flags}\` | ${cell(option.help)} | ${shown === undefined ? '' : cell(shown)} |`
}

function exitTable(): string {
  const rows = exitStatuses.map(([code, , meaning]) => `| ${code} | ${cell(meaning)} |`)
  return ['| status | meaning |', '|---|---|', ...rows].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
