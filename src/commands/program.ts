// mqttx without a command: help, version, man pages and completions, printed from the option tables.
import { bashCompletion } from '../cli/completion/bash.js'
import { fishCompletion } from '../cli/completion/fish.js'
import { zshCompletion } from '../cli/completion/zsh.js'
import { commandHelp, programHelp, programMap } from '../cli/help.js'
import { commandPage, exitStatusPage, programPage } from '../cli/man.js'
import { nearest, suggestion } from '../cli/nearest.js'
import type { AnySpec, Program } from '../cli/option.js'
import { UsageError } from '../errors.js'
import { shown } from '../text.js'
import { versionText } from '../version.js'

const overview = 'mqttx --help'
const helpFlags = ['--help', '-h', '-help', '-?']
const versionFlags = ['--version', '-v', '-V', '-version']

/** Commands of other MQTT clients and their equivalents here. */
const foreignCommands = new Map([
  ['version', 'mqttx --version'],
  ['check', 'mqttx --version'],
  ['conn', 'mqttx sub -E'],
  ['connect', 'mqttx sub -E'],
  ['simulate', 'mqttx bench'],
  ['benchmark', 'mqttx bench'],
  ['publish', 'mqttx pub'],
  ['subscribe', 'mqttx sub'],
  ['config', 'mqttx context'],
])
const kinds = ['man', 'bash', 'zsh', 'fish'] as const

/** The part of a command that the documents need. */
interface Documented {
  readonly name: string
  spec(): Promise<AnySpec>
}

type Commands = readonly Documented[]

/** The tables that help, man pages and completions are printed from. */
export async function program(commands: Commands): Promise<Program> {
  const specs: AnySpec[] = []
  for (const command of commands) specs.push(await command.spec())
  return {
    name: 'mqttx',
    summary: 'MQTT from the command line.',
    commands: specs,
    map: [
      ['Messages', ['pub', 'sub', 'rr']],
      ['Servers', ['broker', 'passwd', 'bench']],
      ['Captures', ['inspect']],
      ['Settings', ['context', 'completion']],
    ],
    options: [
      ['help [COMMAND]', 'Print this help, or the help of a command.'],
      ['--help', 'Print this help.'],
      ['--version', 'Print the version.'],
      ['--generate man [COMMAND]', 'Print a man page; COMMAND may be exit-status.'],
      ['--generate bash|zsh|fish', 'Print completions for a shell.'],
    ],
    examples: [
      ['Run a broker on this machine', 'mqttx broker'],
      ['Print all messages with their topics', "mqttx sub -t '#' -v"],
      ['Publish a message', "mqttx pub -t greeting -m 'hello, world'"],
    ],
  }
}

/** The output of `mqttx ARG...` if the first argument is not a command. @throws UsageError */
export async function answer(argv: readonly string[], commands: Commands): Promise<string> {
  const [first, second, ...rest] = argv
  if (first === undefined) return programMap(await program(commands))
  if (helpFlags.includes(first)) return programHelp(await program(commands))
  if (versionFlags.includes(first)) return versionText
  if (first === 'help')
    return second === undefined ? programHelp(await program(commands)) : helpFor(second, commands)
  if (first === '--generate') return generate(second, rest[0], commands)
  if (first.startsWith('--generate=')) return generate(first.slice('--generate='.length), second, commands)
  throw first.startsWith('-') ? unknownOption(first) : unknownCommand(first, commands)
}

export async function helpFor(name: string, commands: Commands): Promise<string> {
  return commandHelp(await specOf(name, commands))
}

async function generate(
  kind: string | undefined,
  command: string | undefined,
  commands: Commands,
): Promise<string> {
  if (kind === undefined) {
    throw new UsageError('--generate argument given but no kind specified.', {
      hint: `use ${kinds.join(', ')}`,
    })
  }
  switch (kind) {
    case 'man':
      if (command === 'exit-status') return exitStatusPage(await program(commands))
      return command === undefined
        ? programPage(await program(commands))
        : commandPage(await specOf(command, commands), await program(commands))
    case 'bash':
    case 'zsh':
    case 'fish':
      return completionOf(kind, commands)
    default:
      throw new UsageError(`Unknown kind '${shown(kind)}' for --generate.`, {
        hint: `use ${kinds.join(', ')}`,
      })
  }
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
  const same = foreignCommands.get(name)
  const near = same ?? nearest(name, names)
  const hint = near === undefined ? `the commands are ${names.join(', ')}` : `did you mean '${near}'?`
  return new UsageError(`Unknown command '${shown(name)}'.`, { hint })
}

function unknownOption(option: string): UsageError {
  const hint = suggestion(option, ['--help', '--version', '--generate'], overview)
  return new UsageError(`Unknown option '${shown(option)}'.`, { hint })
}
