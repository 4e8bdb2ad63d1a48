// Completion for fish.
import { type AnySpec, namesOf, type Options, type Program } from '../option.js'

export function fishCompletion(program: Program): string {
  const first = '-n __fish_use_subcommand'
  const names = program.commands.map(({ name }) => name).join(' ')
  return `# Completion of mqttx for fish. Printed by: mqttx --generate fish

complete -c mqttx -f
${program.commands.map(({ name, summary }) => `complete -c mqttx ${first} -a ${name} -d ${quoted(summary)}`).join('\n')}
complete -c mqttx ${first} -a help -d 'Print the help of a command.'
complete -c mqttx ${first} -l help -d 'Print an overview.'
complete -c mqttx ${first} -l version -d 'Print the version.'
complete -c mqttx ${first} -l generate -x -a 'man bash zsh fish' -d 'Print a manual page or completions.'
complete -c mqttx -n '__fish_seen_subcommand_from help' -a '${names}'
${program.commands.map(commandLines).join('\n')}
`
}

function commandLines({ name, options, trailing }: AnySpec): string {
  const condition = `complete -c mqttx -n '__fish_seen_subcommand_from ${name}'`
  const files = trailing === undefined ? [] : [`${condition} -F`]
  return ['', ...files, ...Object.values(options).map((option) => `${condition} ${switches(option)}`)].join(
    '\n',
  )
}

function switches(option: Options[string]): string {
  const { short, long, placeholder } = namesOf(option)
  return [
    short === undefined ? '' : `-s ${short.slice(1)}`,
    long === undefined ? '' : `-l ${long.slice(2)}`,
    placeholder === undefined ? '' : argument(option),
    `-d ${quoted(option.help)}`,
  ]
    .filter((part) => part !== '')
    .join(' ')
}

function argument({ choices, complete }: Options[string]): string {
  if (choices !== undefined) return `-x -a ${quoted(choices.join(' '))}`
  if (complete === 'file') return '-r -F'
  return complete === 'host' ? "-x -a '(__fish_print_hostnames)'" : '-x'
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
