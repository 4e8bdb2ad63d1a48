// --help. yargs lays out the lists of options; only --help loads it, because loading takes as long as a publish.
import yargs, { type Argv } from 'yargs'
import { exitStatuses } from '../errors.js'
import { type AnySpec, namesOf, type Program } from './option.js'
import { defaultOf, listed, wrapped } from './prose.js'

const usualColumns = 80
const maxColumns = 100

export interface HelpPage {
  /** Everything, as `--help all` prints it. Default: the common options. */
  readonly all?: boolean
  /** The width of the terminal; the text has at most 100 columns. Default: 80. */
  readonly columns?: number | undefined
}

/** `mqttx COMMAND --help`: common options on one screen, or all options in groups. */
export async function commandHelp(spec: AnySpec, { all = false, columns }: HelpPage = {}): Promise<string> {
  const width = widthOf(columns)
  const list = layout(width)
  for (const option of all ? listed(spec.options) : spec.common.map((key) => spec.options[key]!)) {
    const { short, long, placeholder } = namesOf(option)
    const shownDefault = defaultOf(option)
    const name = (long ?? short ?? '').replace(/^-+/, '')
    list.option(placeholder === undefined ? name : `${name} ${placeholder}`, {
      ...(long !== undefined && short !== undefined && { alias: short.slice(1) }),
      ...(shownDefault !== undefined && { default: shownDefault, defaultDescription: shownDefault }),
      group: all ? `${option.group}:` : 'Options:',
      describe: option.help,
    })
  }
  const synopsis = spec.synopsis.map((form) => `mqttx ${spec.name} ${form}`)
  return sections([
    usage(synopsis),
    spec.summary,
    examples(spec.examples),
    await list.getHelp(),
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
export async function programHelp(
  program: Program,
  { all = false, columns }: HelpPage = {},
): Promise<string> {
  const width = widthOf(columns)
  const list = layout(width)
  for (const spec of program.commands) list.command(spec.name, spec.summary)
  return sections([
    usage(['mqttx COMMAND [OPTION]...', ...program.options.map(([form]) => `mqttx ${form}`)]),
    program.summary,
    examples(program.examples),
    (await list.getHelp()).replace(/^mqttx /gm, '').replace(/^ {2}mqttx /gm, '  '),
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
    'More: mqttx COMMAND --help [all], mqttx help, man mqttx, man mqttx-COMMAND',
  ])
}

function widthOf(columns = usualColumns): number {
  return Math.min(columns, maxColumns)
}

function layout(columns: number): Argv {
  return yargs([])
    .scriptName('mqttx')
    .usage('')
    .parserConfiguration({ 'boolean-negation': false, 'camel-case-expansion': false })
    .detectLocale(false)
    .exitProcess(false)
    .help(false)
    .version(false)
    .wrap(columns)
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
