// mqttx without a command: help, version, man pages and completions, printed from the option tables.
import { bashCompletion } from '../cli/completion/bash.js'
import { fishCompletion } from '../cli/completion/fish.js'
import { zshCompletion } from '../cli/completion/zsh.js'
import type { Guide } from '../cli/guides/guide.js'
import { guidePage } from '../cli/guides/roff.js'
import { topicList } from '../cli/guides/terminal.js'
import { commandHelp, type HelpPage, programHelp, programOverview } from '../cli/help.js'
import { commandPage, programPage } from '../cli/man.js'
import { nearest, suggestion } from '../cli/nearest.js'
import { type AnySpec, allOptions, type Program } from '../cli/option.js'
import { UsageError } from '../errors.js'
import { shown } from '../text.js'
import { versionText } from '../version.js'

const helpCommand = 'mqttx --help'
const helpFlags = ['--help', '-h', '-help', '-?']
const versionFlags = ['--version', '-v', '-V', '-version']

/** Commands of other MQTT clients and their equivalents here. */
const foreignCommands = new Map([
  ['version', 'mqttx --version'],
  ['conn', 'mqttx sub -E'],
  ['connect', 'mqttx sub -E'],
  ['simulate', 'mqttx bench'],
  ['benchmark', 'mqttx bench'],
  ['publish', 'mqttx pub'],
  ['subscribe', 'mqttx sub'],
  ['config', 'mqttx context'],
])

/** What `--generate` prints. */
const generatedKinds = ['man', 'bash', 'zsh', 'fish'] as const

/** The part of a command that help, man pages and completions need. */
interface DocumentedCommand {
  readonly name: string
  spec(): Promise<AnySpec>
}

type Commands = readonly DocumentedCommand[]

/** The tables that help, man pages and completions are printed from. */
export async function program(commands: Commands): Promise<Program> {
  const specs: AnySpec[] = []
  for (const command of commands) specs.push(await command.spec())
  return {
    name: 'mqttx',
    summary: 'MQTT from the command line.',
    commands: specs,
    map: [
      ['Messages', ['pub', 'sub', 'rr', 'replay', 'retained']],
      ['Servers', ['broker', 'gateway', 'passwd', 'bench']],
      ['Diagnosis', ['top', 'check', 'tap', 'inspect']],
      ['Settings', ['context', 'completion']],
    ],
    options: [
      ['help [COMMAND [all]]', 'Print this help, or the help of a command.'],
      ['help TOPIC', 'Print a guide; help without an argument lists them.'],
      ['--help [all]', 'Print this help; all: with the exit statuses.'],
      ['--version', 'Print the version.'],
      ['--generate man [COMMAND]', 'Print the man page of a command or of a guide.'],
      ['--generate bash|zsh|fish', 'Print completions for a shell.'],
    ],
    examples: [
      ['Run a broker on this machine', 'mqttx broker'],
      ['Print all messages with their topics', "mqttx sub -t '#' -v"],
      ['Publish a message', "mqttx pub -t greeting -m 'hello, world'"],
    ],
  }
}

/**
 * Checks the arguments of `mqttx help`: a command or guide, then `all`; both are optional.
 * @throws UsageError for the first argument too many
 */
export function checkHelpArguments(args: readonly string[]): void {
  const afterName = args[0] === allOptions ? args : args.slice(1)
  const surplus = afterName[0] === allOptions ? afterName[1] : afterName[0]
  if (surplus === undefined) return
  throw new UsageError(`help: unexpected argument '${shown(surplus)}'`, {
    hint: 'usage: mqttx help [COMMAND|GUIDE] [all]',
  })
}

/**
 * The output of `mqttx ARG...` if the first argument is not a command; `columns` is the width of the terminal, if any.
 * @throws UsageError for an unknown option, command, guide or kind of document
 */
export async function answer(argv: readonly string[], commands: Commands, columns?: number): Promise<string> {
  const [first, second, ...rest] = argv
  if (first === undefined) return programOverview(await program(commands))
  if (versionFlags.includes(first)) return versionText
  if (helpFlags.includes(first))
    return programHelp(await program(commands), { all: second === allOptions, columns })
  if (first === 'help') {
    const page = { all: second === allOptions || rest[0] === allOptions, columns }
    return second === undefined || second === allOptions
      ? helpWithTopics(commands, page)
      : helpForTopic(second, commands, page)
  }
  if (first === '--generate') return generate(second, rest[0], commands)
  if (first.startsWith('--generate=')) return generate(first.slice('--generate='.length), second, commands)
  throw first.startsWith('-') ? unknownOption(first) : unknownCommand(first, commands)
}

async function helpWithTopics(commands: Commands, page: HelpPage): Promise<string> {
  return `${await programHelp(await program(commands), page)}\n${topicList(await allGuides())}\n`
}

/** The help of a command. `mqttx help GUIDE` does not come here: main.ts passes it to guideJob. */
async function helpForTopic(name: string, commands: Commands, page: HelpPage): Promise<string> {
  if (commands.some((known) => known.name === name)) return helpFor(name, commands, page)
  throw unknownTopic(name, commands, await allGuides())
}

async function allGuides(): Promise<readonly Guide[]> {
  return (await import('./guides.js')).guides
}

/** The help of a command. @throws UsageError for an unknown command */
export async function helpFor(name: string, commands: Commands, page: HelpPage): Promise<string> {
  return commandHelp(await specOf(name, commands), page)
}

async function generate(
  kind: string | undefined,
  command: string | undefined,
  commands: Commands,
): Promise<string> {
  if (kind === undefined) {
    throw new UsageError('--generate argument given but no kind specified.', {
      hint: `use ${generatedKinds.join(', ')}`,
    })
  }
  switch (kind) {
    case 'man':
      return command === undefined ? programPage(await program(commands)) : manPage(command, commands)
    case 'bash':
    case 'zsh':
    case 'fish':
      return completionOf(kind, commands)
    default:
      throw new UsageError(`Unknown kind '${shown(kind)}' for --generate.`, {
        hint: `use ${generatedKinds.join(', ')}`,
      })
  }
}

/** The man page of a guide or command. */
async function manPage(name: string, commands: Commands): Promise<string> {
  const guide = (await allGuides()).find(({ topic }) => topic === name)
  return guide === undefined
    ? commandPage(await specOf(name, commands), await program(commands))
    : guidePage(guide)
}

/** The completion script of a shell. */
export async function completionOf(shell: 'bash' | 'zsh' | 'fish', commands: Commands): Promise<string> {
  const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }
  return scripts[shell](await program(commands))
}

async function specOf(name: string, commands: Commands): Promise<AnySpec> {
  const command = commands.find((known) => known.name === name)
  if (command === undefined) throw unknownCommand(name, commands)
  return command.spec()
}

function unknownCommand(name: string, commands: Commands): UsageError {
  const names = commands.map((command) => command.name)
  const near = foreignCommands.get(name) ?? nearest(name, names)
  const hint = near === undefined ? `the commands are ${names.join(', ')}` : `did you mean '${near}'?`
  return new UsageError(`Unknown command '${shown(name)}'.`, { hint })
}

function unknownTopic(name: string, commands: Commands, guides: readonly Guide[]): UsageError {
  const names = [...commands.map((command) => command.name), ...guides.map(({ topic }) => topic)]
  const near = foreignCommands.get(name) ?? nearest(name, names)
  const hint = near === undefined ? "'mqttx help' lists commands and guides" : `did you mean '${near}'?`
  return new UsageError(`Unknown command or guide '${shown(name)}'.`, { hint })
}

function unknownOption(option: string): UsageError {
  const hint = suggestion(option, ['--help', '--version', '--generate'], helpCommand)
  return new UsageError(`Unknown option '${shown(option)}'.`, { hint })
}
