// --help: the common options of a command or all of them, and the commands.
import { exitStatuses } from '../errors.js'
import { type AnySpec, namesOf, type Options, type Program } from './option.js'
import { defaultOf, groupsOf, wrapped } from './prose.js'
import { type Row, twoColumns } from './two-columns.js'

const usualColumns = 80
const maxColumns = 100

export interface HelpPage {
  /** Everything, as `--help all` prints it. Default: the common options. */
  readonly all?: boolean
  /** The width of the terminal; the text has at most 100 columns. Default: 80. */
  readonly columns?: number | undefined
}

/** `mqttx COMMAND --help`: common options on one screen, or all options in groups. */
export function commandHelp(spec: AnySpec, { all = false, columns }: HelpPage = {}): string {
  const width = widthOf(columns)
  const common = spec.common.map((key) => spec.options[key]!)
  const groups = all ? groupsOf(spec.options) : new Map([['Options', common]])
  const synopsis = spec.synopsis.map((form) => `mqttx ${spec.name} ${form}`)
  return sections([
    usage(synopsis),
    spec.summary,
    examples(spec.examples),
    optionLists(groups, width),
    (spec.notes ?? []).join('\n'),
    wrapped(
      all
        ? `Exit statuses: mqttx --help all. Manual: man mqttx-${spec.name}, or mqttx --generate man ${spec.name}.`
        : `All options: mqttx ${spec.name} --help all. Manual: man mqttx-${spec.name}.`,
      width,
    ),
  ])
}

/** `mqttx --help`: examples and commands; with `all` the exit statuses too. */
export function programHelp(program: Program, { all = false, columns }: HelpPage = {}): string {
  const width = widthOf(columns)
  const rows = program.commands.map(({ name, summary }) => ({ name, text: summary }))
  return sections([
    usage(['mqttx COMMAND [OPTION]...', ...program.options.map(([form]) => `mqttx ${form}`)]),
    program.summary,
    examples(program.examples),
    `Commands:\n${twoColumns(rows, width)}`,
    ...(all ? [`Exit statuses:\n${statuses(width)}`] : []),
    wrapped(
      `Options of a command: mqttx COMMAND --help.${all ? '' : ' Exit statuses: mqttx --help all.'} Manual: man mqttx.`,
      width,
    ),
  ])
}

/** What `mqttx` without arguments prints: the commands by purpose, and where to find more. */
export function programOverview({ commands, map, summary }: Program): string {
  const rows = map.map(([purpose, names]) => {
    const lines = commands
      .filter(({ name }) => names.includes(name))
      .map((spec) => `  ${spec.name.padEnd(12)}${spec.summary}`)
    return [`${purpose}:`, ...lines].join('\n')
  })
  return sections([
    `${usage(['mqttx COMMAND [OPTION]...'])}\n${summary}`,
    rows.join('\n'),
    [
      'More:',
      '  mqttx COMMAND --help [all]  Common options and examples; all options.',
      '  man mqttx                   The manual; man mqttx-pub: that of a command.',
    ].join('\n'),
  ])
}

function widthOf(columns = usualColumns): number {
  return Math.min(columns, maxColumns)
}

/** Each group with its heading. Long names are aligned if an option of any group has a short name. */
function optionLists(groups: ReadonlyMap<string, readonly Options[string][]>, width: number): string {
  const isAligned = [...groups.values()].flat().some((option) => namesOf(option).short !== undefined)
  const filled = [...groups].filter(([, options]) => options.length > 0)
  const lists = filled.map(([group, options]) => {
    return `${group}:\n${twoColumns(
      options.map((option) => rowOf(option, isAligned)),
      width,
    )}`
  })
  return lists.join('\n\n')
}

function rowOf(option: Options[string], isAligned: boolean): Row {
  const { short, long, placeholder } = namesOf(option)
  const indent = isAligned && short === undefined ? '    ' : ''
  const names = [short, long].filter((name) => name !== undefined).join(', ')
  const shownDefault = defaultOf(option)
  return {
    name: `${indent}${names}${placeholder === undefined ? '' : ` ${placeholder}`}`,
    text: option.help,
    remark: shownDefault === undefined ? undefined : `[default: ${shownDefault}]`,
  }
}

function usage(forms: readonly string[]): string {
  return forms.map((form, index) => `${index === 0 ? 'Usage: ' : '       '}${form}`).join('\n')
}

function examples(rows: Program['examples']): string {
  return ['Examples:', ...rows.flatMap(([purpose, line]) => [`  ${purpose}`, `    $ ${line}`])].join('\n')
}

function sections(texts: readonly string[]): string {
  return `${texts
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .join('\n\n')}\n`
}

function statuses(columns: number): string {
  const indent = ' '.repeat(7)
  return exitStatuses
    .map(([code, , meaning]) => {
      return `  ${String(code).padEnd(4)} ${wrapped(meaning, columns - indent.length).replaceAll('\n', `\n${indent}`)}`
    })
    .join('\n')
}
