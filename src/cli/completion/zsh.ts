// Completion for zsh, by its _arguments.
import { type AnySpec, namesOf, type Options, type Program } from '../option.js'

export function zshCompletion(program: Program): string {
  const commands = program.commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`)
  return `#compdef mqttx
# Completion of mqttx for zsh. Printed by: mqttx --generate zsh

_mqttx() {
  local curcontext=$curcontext state
  local -a line commands
  commands=(
${commands.join('\n')}
    'help:Print the help of a command.'
  )
  _arguments -C \\
    '(- *)--help[Print an overview.]' \\
    '(- *)--version[Print the version.]' \\
    '(- *)--generate[Print a manual page or completions.]:kind:(man bash zsh fish)' \\
    '1:command:->command' \\
    '*::argument:->argument' && return
  case $state in
    command) _describe command commands ;;
    argument)
      case $line[1] in
        help) _describe command commands ;;
${program.commands.map(commandCase).join('\n')}
      esac
      ;;
  esac
}

if [[ $funcstack[1] = _mqttx ]]; then _mqttx "$@"; else compdef _mqttx mqttx; fi
`
}

function commandCase({ name, options, trailing }: AnySpec): string {
  const lines = Object.values(options).map((option) => `            ${argument(option)}`)
  if (trailing !== undefined) lines.push(`            '1:file:_files'`, `            '*: : '`)
  return `        ${name})
          _arguments ${trailing === undefined ? '-S' : "-S -A '-*'"} \\
${lines.join(' \\\n')}
          ;;`
}

/** `'(-q --qos)'{-q,--qos}'[Quality of Service.]:QOS:(0 1 2)'` */
function argument(option: Options[string]): string {
  const { short, long, placeholder } = namesOf(option)
  const value = placeholder === undefined ? '' : `:${placeholder}:${actionFor(option)}`
  const about = quoted(`[${option.help.replace(/[[\]:\\]/g, '\\$&')}]${value}`)
  const many = option.many ? '*' : ''
  if (short === undefined || long === undefined) return `${quoted(many + (long ?? short ?? ''))}${about}`
  return `${quoted(option.many ? many : `(${short} ${long})`)}{${short},${long}}${about}`
}

function actionFor({ choices, complete }: Options[string]): string {
  if (choices !== undefined) return `(${choices.join(' ')})`
  if (complete === 'file') return '_files'
  return complete === 'host' ? '_hosts' : ' '
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
