// mqttx completion: its words. What it does is in run.ts.
import { type Shell, shells } from '../../cli/completion/quoting.js'
import { list, spec } from '../../cli/option.js'
import { helpOptions } from '../../cli/options/general.js'
import { parseText } from '../../cli/values.js'
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'

/** What the completions of the shells ask for, while a command line is being typed. */
export const candidates = ['contexts', 'topics'] as const

const words = list({
  flags: '--for WORD',
  group: 'Action',
  parse: parseText,
  complete: shells,
  help: 'The shell: bash, zsh or fish.',
  doc: 'The name of this option is left out: the word stands behind completion.',
})

export const completion = spec({
  name: 'completion',
  summary: 'Print the completions of a shell.',
  synopsis: ['{bash | zsh | fish}', 'contexts', 'topics SHELL -- COMMAND [WORD]...'],
  description: [
    `Prints what makes Tab complete the words of mqttx in a shell: commands, options, and the values of options, such as
    files, contexts and levels of Quality of Service. For bash and fish it is read when a shell starts; for zsh it goes to a file with the
    name _mqttx in a folder of its \`fpath\`.`,
    `Topics are completed after \`-t\` where MQTTX_COMPLETE_TOPICS is set, or where the context has \`--complete-topics\`:
    the server that the command line, the environment or the context says is asked for its retained messages. After a
    quarter of a second what has come by then is offered. Without a server nothing is. Nothing of the line is run or expanded:
    no topics are offered where it has a variable, a pattern or a command substitution, or a password command, unless that
    comes from the options file or the context.`,
    `The shells ask for this with \`contexts\`, which prints the names of contexts, and with \`topics\`, which is given the
    words of a command line as they were typed, quotes included. The last is the one to complete: for bash in two
    halves, of which it replaces the second, and fish passes the line as one word. Topics with characters that cannot be seen,
    or with more than 1,000 characters, are left out.`,
  ],
  examples: [
    ['In ~/.bashrc', 'eval "$(mqttx completion bash)"'],
    ['For zsh, in a folder of its fpath', 'mqttx completion zsh > ~/.zfunc/_mqttx'],
    ['For fish', 'mqttx completion fish > ~/.config/fish/completions/mqttx.fish'],
  ],
  options: { words, ...helpOptions },
  exclusive: [],
  operand: 'words',
  check({ words }) {
    const [kind, ...more] = words
    const hint = `use ${shells.join(', ')}`
    if (kind === undefined) throw new UsageError('completion: for which shell?', { hint })
    if (kind === 'topics' && isShell(more[0] ?? '')) return
    if (kind === 'topics') throw new UsageError('completion topics: for which shell?', { hint })
    if (!isShell(kind) && kind !== 'contexts')
      throw new UsageError(`completion: '${shown(kind)}' is not known.`, { hint })
    if (more.length > 0)
      throw new UsageError(`completion ${kind}: '${shown(more[0] ?? '')}' is one word too many.`)
  },
})

export function isShell(word: string): word is Shell {
  return shells.some((shell) => shell === word)
}
