// Completion for zsh, by its _arguments.
import { type AnySpec, allOptions, namesOf, type Options, type Program } from '../option.js'
import { type Offer, offerOf, operandsOf, typedOptions } from './offers.js'

export function zshCompletion(program: Program): string {
  const commands = program.commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`)
  return `#compdef mqttx
# Completion of mqttx for zsh. Printed by: mqttx completion zsh

_mqttx() {
  local curcontext=$curcontext state program=$words[1]
  local -a line commands
  commands=(
${commands.join('\n')}
    'help:Print the help of a command.'
  )
  _arguments -C \\
    '(- *)--help[Print an overview.]::all:(${allOptions})' \\
    '(- *)--version[Print the version.]' \\
    '(- *)--generate[Print a manual page or completions.]:kind:(man bash zsh fish)' \\
    '1:command:->command' \\
    '*::argument:->argument' && return
  case $state in
    command) _describe command commands ;;
    argument)
      case $line[1] in
        help) _arguments '1:command: _describe command commands' '2:all:(${allOptions})' ;;
${program.commands.map(commandCase).join('\n')}
      esac
      ;;
  esac
}

_mqttx_contexts() {
  local -a names=(\${(f)"$($program completion contexts 2>/dev/null)"})
  (($#names)) && compadd -a names
}

_mqttx_topics() {
  local -a topics=(\${(f)"$($program completion topics zsh -- "\${(@)words[1,CURRENT-1]}" "$compstate[quote]$PREFIX" 2>/dev/null)"})
  (($#topics)) && compadd -a topics
}

if [[ $funcstack[1] = _mqttx ]]; then _mqttx "$@"; else compdef _mqttx mqttx; fi
`
}

function commandCase(spec: AnySpec): string {
  const lines = [...typedOptions(spec).map(argument), ...operandLines(spec)].map(
    (line) => `            ${line}`,
  )
  return `        ${spec.name})
          _arguments ${spec.trailing === undefined ? '-S' : "-S -A '-*'"} \\
${lines.join(' \\\n')}
          ;;`
}

function operandLines(spec: AnySpec): string[] {
  const operands = operandsOf(spec)
  if (operands === undefined) return []
  const { first, next } = operands
  return [quoted(`1:word:${actionFor(first)}`), quoted(`*:word:${actionFor(next)}`)]
}

/** `'(-q --qos)'{-q,--qos}'[Quality of Service.]:QOS:(0 1 2)'` */
function argument(option: Options[string]): string {
  const { short, long, placeholder = '' } = namesOf(option)
  // For an option with several arguments only the first is completed.
  const places = placeholder.split(' ').filter((place) => place !== '')
  const values = places.map((place, index) => `:${place}:${index === 0 ? actionFor(offerOf(option)) : ' '}`)
  if (option.role === 'help') values.push(`::all:(${allOptions})`)
  const about = quoted(`[${option.help.replace(/[[\]:\\]/g, '\\$&')}]${values.join('')}`)
  const repeatable = option.many || option.repeatable === true
  const many = repeatable ? '*' : ''
  const withEquals = option.parse !== undefined && long !== undefined && places.length === 1 ? '=' : ''
  if (short === undefined || long === undefined) {
    return `${quoted(many + (long ?? short ?? '') + (long === undefined ? '' : withEquals))}${about}`
  }
  return `${quoted(repeatable ? many : `(${short} ${long})`)}{${short},${long}${withEquals}}${about}`
}

function actionFor(offer: Offer): string {
  if (typeof offer === 'object') return `(${offer.words.join(' ')})`
  const actions = {
    file: '_files',
    directory: '_files -/',
    host: '_hosts',
    context: '_mqttx_contexts',
    topic: '_mqttx_topics',
    nothing: ' ',
  }
  return actions[offer]
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
