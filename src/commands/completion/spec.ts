// mqttx completion: options, help and checks. run.ts executes it.
import { type Shell, shells } from '../../cli/completion/quoting.js'
import { optionsOf, spec } from '../../cli/option.js'
import { helpOptions } from '../../cli/options/general.js'
import { parseText } from '../../cli/values.js'
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'

const { list } = optionsOf('Action')

const words = list({
  flags: '--for WORD',
  parse: parseText,
  complete: shells,
  help: 'The shell: bash, zsh or fish.',
  doc: 'A positional argument; the option name is not typed.',
})

export const completion = spec({
  name: 'completion',
  summary: 'Print a shell completion script.',
  synopsis: ['{bash | zsh | fish}', 'contexts', 'topics SHELL -- COMMAND [ARG]...'],
  description: [
    `Prints a script that completes the commands, options and option values of mqttx, such as files, contexts and QoS
    levels. For bash and fish, source it when the shell starts; for zsh, save it as _mqttx in a directory of \`fpath\`.`,
    `Topics are completed after \`-t\` if MQTTX_COMPLETE_TOPICS is set or the context has \`--complete-topics\`: the server
    of the command line, the environment or the context is asked for its retained messages. The topics received within a
    quarter of a second are offered. The line is not executed or expanded: a line with a variable, a pattern, a command
    substitution or a password command gets no topics, unless the password command is in the options file or the context.`,
    `The scripts call \`contexts\`, which prints the names of contexts, and \`topics\`, which takes the arguments of a
    command line as typed, with quotes. The last argument is completed; bash passes it in two halves, of which the second
    is replaced; fish passes the whole line as one argument. Topics with invisible characters or more than 1,000
    characters are left out.`,
  ],
  examples: [
    ['For bash, in ~/.bashrc', 'eval "$(mqttx completion bash)"'],
    ['For zsh, in a directory of fpath', 'mqttx completion zsh > ~/.zfunc/_mqttx'],
    ['For fish', 'mqttx completion fish > ~/.config/fish/completions/mqttx.fish'],
  ],
  options: { words, ...helpOptions },
  common: [],
  exclusive: [],
  operand: 'words',
  check({ words }) {
    const [kind, ...more] = words
    const hint = `use ${shells.join(', ')}`
    if (kind === undefined) throw new UsageError('completion: missing shell.', { hint })
    if (kind === 'topics' && isShell(more[0] ?? '')) return
    if (kind === 'topics') throw new UsageError('completion topics: missing shell.', { hint })
    if (!isShell(kind) && kind !== 'contexts')
      throw new UsageError(`completion: unknown shell '${shown(kind)}'.`, { hint })
    if (more.length > 0)
      throw new UsageError(`completion ${kind}: unexpected argument '${shown(more[0] ?? '')}'.`)
  },
})

export function isShell(word: string): word is Shell {
  return shells.some((shell) => shell === word)
}
