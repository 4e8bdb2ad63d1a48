// Completion for fish.
import { type AnySpec, allOptions, namesOf, type Options, type Program } from '../option.js'
import { type Offer, offerOf, operandsOf, typedOptions } from './offers.js'

const helpers = `function __mqttx_command -d 'Whether the first word is this command'
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test $words[2] = $argv[1]
end

function __mqttx_typed -d 'Whether one of these words was typed after the command'
    set -l words (commandline -opc)
    for word in $words[3..]
        contains -- $word $argv; and return 0
    end
    return 1
end

function __mqttx_contexts
    set -l words (commandline -opc)
    command $words[1] completion contexts 2>/dev/null
end

# mqttx gets the line as typed, with quotes.
function __mqttx_topics
    set -l words (commandline -opc)
    command $words[1] completion topics fish -- (commandline -pc | string collect) 2>/dev/null
end
`

export function fishCompletion(program: Program): string {
  const first = "-n 'test (count (commandline -opc)) -eq 1'"
  const names = program.commands.map(({ name }) => name).join(' ')
  return `# Completion of mqttx for fish. Printed by: mqttx completion fish

${helpers}
complete -c mqttx -f
${program.commands.map(({ name, summary }) => `complete -c mqttx ${first} -a ${name} -d ${quoted(summary)}`).join('\n')}
complete -c mqttx ${first} -a help -d 'Print the help of a command.'
complete -c mqttx ${first} -l help -d 'Print an overview.'
complete -c mqttx ${first} -l version -d 'Print the version.'
complete -c mqttx ${first} -l generate -x -a 'man bash zsh fish' -d 'Print a manual page or completions.'
complete -c mqttx -n '__mqttx_command help; and test (count (commandline -opc)) -eq 2' -a '${names}'
complete -c mqttx -n '__mqttx_command help; and test (count (commandline -opc)) -eq 3' -a ${allOptions}
complete -c mqttx -n 'string match -q -- --help (commandline -opc)[-1]' -f -a ${allOptions} -d 'All options.'
${program.commands.map(commandLines).join('\n')}
`
}

function commandLines(spec: AnySpec): string {
  const condition = `complete -c mqttx -n '__mqttx_command ${spec.name}'`
  const options = typedOptions(spec).map((option) => `${condition} ${switches(option)}`)
  return ['', ...operandLines(spec), ...options].join('\n')
}

function operandLines(spec: AnySpec): string[] {
  const operands = operandsOf(spec)
  if (operands === undefined) return []
  const { first, next } = operands
  const plain = `complete -c mqttx -n '__mqttx_command ${spec.name}`
  if (typeof first === 'string') return [`${plain}' ${actionFor(first)}`]
  const typed = `__mqttx_typed ${first.words.join(' ')}`
  return [
    `${plain}; and not ${typed}' ${actionFor(first)}`,
    ...(next === 'nothing' ? [] : [`${plain}; and ${typed}' ${actionFor(next)}`]),
  ]
}

function switches(option: Options[string]): string {
  const { short, long, placeholder } = namesOf(option)
  return [
    short === undefined ? '' : `-s ${short.slice(1)}`,
    long === undefined ? '' : `-l ${long.slice(2)}`,
    placeholder === undefined ? '' : `-r ${actionFor(offerOf(option))}`.trim(),
    `-d ${quoted(option.help)}`,
  ]
    .filter((part) => part !== '')
    .join(' ')
}

function actionFor(offer: Offer): string {
  if (typeof offer === 'object') return `-f -a ${quoted(offer.words.join(' '))}`
  const actions = {
    file: '-F',
    directory: "-f -a '(__fish_complete_directories)'",
    host: "-f -a '(__fish_print_hostnames)'",
    context: "-f -a '(__mqttx_contexts)'",
    topic: "-f -a '(__mqttx_topics)'",
    nothing: '-f',
  }
  return actions[offer]
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
