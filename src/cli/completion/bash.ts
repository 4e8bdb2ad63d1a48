// Completion for bash 3.2 and later.
import { type AnySpec, allOptions, type Program } from '../option.js'
import { allNames, type Offer, offerOf, operandsOf, typedOptions } from './offers.js'

const helpers = `
# bash also splits words at : and =. Sets line to the words as the program gets them, up to the cursor.
_mqttx_rejoin() {
  local rest=\${COMP_LINE:0:COMP_POINT} part apart index
  line=()
  for ((index = 0; index <= COMP_CWORD; index++)); do
    part=\${COMP_WORDS[index]} apart=\${rest%%[![:space:]]*}
    rest=\${rest#"$apart"}
    if ((index == COMP_CWORD)); then part=$rest; else rest=\${rest#"$part"}; fi
    if [[ $index == 0 || -n $apart ]]; then line+=("$part"); else line[\${#line[@]} - 1]+=$part; fi
  done
}

# Offers the lines that begin like the word and need no quotes. bash replaces the piece of the word after its last
# split; with an open quote, that is what follows the quote.
_mqttx_offer() {
  local text start=\${word#[\\'\\"]}
  local cut=\${start%"$piece"}
  while IFS= read -r text; do
    [[ $text == "$start"* && $text != *[^a-zA-Z0-9_%./:@=+,-]* ]] && COMPREPLY+=("\${text#"$cut"}")
  done <<<"$1"
}

_mqttx_words() {
  _mqttx_offer "\${1// /$'\\n'}"
}

# bash completes files itself and quotes them; before bash 4 only plain names work.
_mqttx_files() {
  compopt -o default 2>/dev/null || _mqttx_offer "$(compgen -A file -- "$word")"
}

_mqttx_directories() {
  compopt -o dirnames 2>/dev/null || _mqttx_offer "$(compgen -A directory -- "$word")"
}

_mqttx_hosts() {
  _mqttx_offer "$(compgen -A hostname -- "\${word#[\\'\\"]}")"
}

_mqttx_contexts() {
  _mqttx_offer "$("\${line[0]}" completion contexts 2>/dev/null)"
}

# Topics come from a server: mqttx escapes them for the open quote. It gets the words as typed, the last one in two
# halves, of which bash replaces the second.
_mqttx_topics() {
  local text count=$((\${#line[@]} - 1))
  while IFS= read -r text; do
    [[ -n $text ]] && COMPREPLY+=("$text")
  done <<<"$("\${line[0]}" completion topics bash -- "\${line[@]:1:count - 1}" "\${word%"$piece"}" "$piece" 2>/dev/null)"
}

# Whether one of these words was typed before the cursor.
_mqttx_typed() {
  local typed
  for typed in "\${line[@]:2:\${#line[@]} - 3}"; do
    [[ " $1 " == *" $typed "* ]] && return 0
  done
  return 1
}
`

export function bashCompletion(program: Program): string {
  const names = program.commands.map(({ name }) => name).join(' ')
  return `# Completion of mqttx for bash. Printed by: mqttx completion bash

_mqttx() {
  local line word before piece=$2
  COMPREPLY=()
  _mqttx_rejoin
  word=\${line[\${#line[@]} - 1]}
  if ((\${#line[@]} == 2)); then
    _mqttx_words '${names} help --help --version --generate'
    return
  fi
  before=\${line[\${#line[@]} - 2]}
  if [[ $word == --*=* ]]; then before=\${word%%=*} word=\${word#*=}; fi
  case \${line[1]} in
    help) if ((\${#line[@]} == 3)); then _mqttx_words '${names}'; else _mqttx_words '${allOptions}'; fi ;;
    --help) _mqttx_words '${allOptions}' ;;
    --generate)
      if ((\${#line[@]} == 3)); then _mqttx_words 'man bash zsh fish'; else _mqttx_words '${names}'; fi
      ;;
${program.commands.map(commandCase).join('\n')}
  esac
}
${helpers}
complete -F _mqttx mqttx
`
}

function commandCase(spec: AnySpec): string {
  const options = typedOptions(spec)
  const all = options.flatMap(allNames).join(' ')
  const values = options.filter((option) => option.parse !== undefined)
  const offers = new Map<string, string[]>()
  for (const option of values) {
    const action = actionFor(offerOf(option))
    offers.set(action, [...(offers.get(action) ?? []), ...allNames(option)])
  }
  const cases = [...offers].map(([action, names]) => `        ${names.join(' | ')}) ${action} ;;`)
  return `    ${spec.name})
      case $before in
        --help) _mqttx_words '${allOptions}' ;;
${[...cases, ...otherwise(spec, all)].join('\n')}
      esac
      ;;`
}

/** The cases if the previous word is not an option with an argument. */
function otherwise(spec: AnySpec, all: string): string[] {
  const operands = operandsOf(spec)
  const names = `_mqttx_words '${all}'`
  if (operands === undefined) return [`        *) ${names} ;;`]
  const { first, next } = operands
  const words =
    typeof first === 'string'
      ? actionFor(first)
      : `if _mqttx_typed '${first.words.join(' ')}'; then ${actionFor(next)}; else ${actionFor(first)}; fi`
  return [
    `        *)`,
    `          if [[ $word == -* ]]; then ${names}`,
    `          else ${words}; fi`,
    `          ;;`,
  ]
}

function actionFor(offer: Offer): string {
  if (typeof offer === 'object') return `_mqttx_words '${offer.words.join(' ')}'`
  const actions = {
    file: '_mqttx_files',
    directory: '_mqttx_directories',
    host: '_mqttx_hosts',
    context: '_mqttx_contexts',
    topic: '_mqttx_topics',
    nothing: ':',
  }
  return actions[offer]
}
