// --help: what a user needs first stands first, in 80 columns. yargs lays out the lists; it is loaded for nothing else,
// because loading it takes as long as a whole publish.
import yargs, { type Argv } from 'yargs'
import { exitStatuses } from '../errors.js'
import { type AnySpec, namesOf, type Program } from './option.js'
import { defaultOf, listed, wrapped } from './prose.js'

const columns = 80

export async function commandHelp(spec: AnySpec): Promise<string> {
  const list = layout()
  for (const option of listed(spec.options)) {
    const { short, long, placeholder } = namesOf(option)
    const shownDefault = defaultOf(option)
    const name = (long ?? short ?? '').replace(/^-+/, '')
    list.option(placeholder === undefined ? name : `${name} ${placeholder}`, {
      ...(long !== undefined && short !== undefined && { alias: short.slice(1) }),
      ...(shownDefault !== undefined && { default: shownDefault, defaultDescription: shownDefault }),
      group: `${option.group}:`,
      describe: option.help,
    })
  }
  const synopsis = spec.synopsis.map((form) => `mqttx ${spec.name} ${form}`)
  return sections([
    usage(synopsis),
    spec.summary,
    examples(spec.examples),
    await list.getHelp(),
    wrapped(
      `Exit statuses: mqttx --help. Everything else: man mqttx-${spec.name}, or mqttx --generate man ${spec.name}.`,
    ),
  ])
}

export async function programHelp(program: Program): Promise<string> {
  const list = layout()
  for (const spec of program.commands) list.command(spec.name, spec.summary)
  return sections([
    usage(['mqttx COMMAND [OPTION]...', ...program.options.map(([form]) => `mqttx ${form}`)]),
    program.summary,
    examples(program.examples),
    (await list.getHelp()).replace(/^mqttx /gm, '').replace(/^ {2}mqttx /gm, '  '),
    `Exit statuses:\n${exitStatuses.map(([code, , meaning]) => `  ${String(code).padEnd(4)} ${indented(meaning)}`).join('\n')}`,
    'The options of a command: mqttx COMMAND --help',
  ])
}

/** What `mqttx` alone prints: which commands there are, and where to read on. */
export function programMap({ commands, map, summary }: Program): string {
  const rows = map.map(([purpose, names]) => {
    const lines = commands
      .filter(({ name }) => names.includes(name))
      .map((spec) => `  ${spec.name.padEnd(12)}${spec.summary}`)
    return [`${purpose}:`, ...lines].join('\n')
  })
  return sections([
    `${usage(['mqttx COMMAND [OPTION]...'])}\n${summary}`,
    ...rows,
    [
      'More:',
      '  mqttx help COMMAND    What a command takes, with examples.',
      '  mqttx --help          Examples, and all exit statuses.',
      '  man mqttx             The same and more, a page for each command.',
    ].join('\n'),
  ])
}

function layout(): Argv {
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
  return `${texts.map((text) => text.trim()).join('\n\n')}\n`
}

/** The meaning of an exit status, its further lines below its first. */
function indented(text: string): string {
  return wrapped(text, columns - 7).replaceAll('\n', `\n${' '.repeat(7)}`)
}
