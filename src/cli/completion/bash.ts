// Completion for bash 3.2 and later.
import { type AnySpec, namesOf, type Options, type Program } from '../option.js'

export function bashCompletion(program: Program): string {
  const names = program.commands.map(({ name }) => name).join(' ')
  return `# Completion of mqttx for bash. Printed by: mqttx --generate bash

_mqttx() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} IFS=$'\\n'
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    _mqttx_words '${names} help --help --version --generate'
    return
  fi
  case \${COMP_WORDS[1]} in
    help) _mqttx_words '${names}' ;;
    --generate)
      if ((COMP_CWORD == 2)); then _mqttx_words 'man bash zsh fish'; else _mqttx_words '${names}'; fi
      ;;
${program.commands.map(commandCase).join('\n')}
  esac
}

_mqttx_words() {
  local IFS=$' \\n'
  COMPREPLY=($(compgen -W "$1" -- "$word"))
}

_mqttx_files() {
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$word"))
}

_mqttx_words_or_files() {
  if [[ $word == -* ]]; then _mqttx_words "$1"; else _mqttx_files; fi
}

complete -F _mqttx mqttx
`
}

function commandCase({ name, options, trailing }: AnySpec): string {
  const all = Object.values(options).flatMap(allNames).join(' ')
  const values = Object.values(options).filter((option) => option.parse !== undefined)
  const special = values.flatMap((option) => {
    const action = actionFor(option)
    return action === undefined ? [] : [`        ${allNames(option).join(' | ')}) ${action} ;;`]
  })
  const plain = values.filter((option) => actionFor(option) === undefined).flatMap(allNames)
  return `    ${name})
      case $before in
${special.join('\n')}
        ${plain.join(' | ')}) ;;
        *) ${trailing === undefined ? `_mqttx_words '${all}'` : `_mqttx_words_or_files '${all}'`} ;;
      esac
      ;;`
}

/** Undefined: any text can follow, so nothing is offered. */
function actionFor({ choices, complete }: Options[string]): string | undefined {
  if (choices !== undefined) return `_mqttx_words '${choices.join(' ')}'`
  if (complete === 'file') return '_mqttx_files'
  return complete === 'host' ? 'COMPREPLY=($(compgen -A hostname -- "$word"))' : undefined
}

function allNames(option: Options[string]): string[] {
  const { short, long } = namesOf(option)
  return [short, long].filter((name) => name !== undefined)
}
