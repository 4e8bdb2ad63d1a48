// mqttx context: options, help and checks. run.ts executes it.
import { isContextName, nameHint, noContext, type Value } from '../../cli/contexts.js'
import { isRepeatable } from '../../cli/environment.js'
import { type AnyOption, calledName, namesOf, type Option, optionsOf, spec } from '../../cli/option.js'
import { oneClientId } from '../../cli/options/connection.js'
import { contextSettings } from '../../cli/options/context.js'
import { helpOptions } from '../../cli/options/general.js'
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'

const { flag, list } = optionsOf('Action')

/** The typed settings, by the long names of options. */
interface Recording {
  settings?: Record<string, Value | Value[]>
}

/** A setting is validated like the option but stored as typed; a command parses it when it connects. */
function recorded(setting: AnyOption): AnyOption {
  const { parse } = setting
  if (parse === undefined) return setting
  const name = settingName(setting)
  return {
    ...setting,
    many: false,
    late: undefined,
    default: undefined,
    parse(text, called, more = []) {
      const value = parse(text, called, more)
      if ([text, ...more].slice(0, -1).some((word) => word.includes(' '))) {
        throw new UsageError(`${called}: in a context only its last argument may contain spaces.`)
      }
      return typeof value === 'number' && String(value) === text ? value : [text, ...more].join(' ')
    },
    assign(args: Recording, value: Value) {
      args.settings ??= {}
      if (!isRepeatable(setting)) args.settings[name] = value
      else
        (args.settings[name] as Value[] | undefined)?.push(value) ??
          Object.assign(args.settings, { [name]: [value] })
    },
  }
}

function settingName(setting: AnyOption): string {
  return namesOf(setting).long?.slice(2) ?? calledName(setting)
}

const settings = Object.fromEntries(
  Object.entries<AnyOption>(contextSettings).map(([key, setting]) => [key, recorded(setting)]),
) as Record<'url' | 'host' | 'port' | 'username' | 'passwordFile' | 'id' | 'cafile', Option<never, Recording>>

/** The typed settings, flags included. */
export function settingsOf(args: Recording): Record<string, Value | Value[]> {
  const typed: Record<string, unknown> = { ...args }
  const found = { ...args.settings }
  for (const [key, setting] of Object.entries<AnyOption>(contextSettings)) {
    if (setting.parse === undefined && typed[key] === true) found[settingName(setting)] = true
  }
  return found
}

const actions = ['add', 'ls', 'show', 'use', 'rm'] as const
export type Action = (typeof actions)[number]

const words = list({
  flags: '--do WORD',
  parse: (text) => text, // checked by requestOf
  complete: actions,
  completeNext: 'context',
  help: 'What to do: add, ls, show, use or rm.',
  doc: 'Positional arguments: the action, then the names of contexts. The option name is not typed.',
})

const replace = flag({ flags: '--replace', help: 'With add: overwrite the context of this name.' })

export const context = spec({
  name: 'context',
  summary: 'Save connection settings under a name.',
  synopsis: ['add NAME [--replace] [OPTION]...', 'ls', 'show [NAME]', 'use {NAME | none}', 'rm NAME...'],
  description: [
    `A context is a named set of options: address, transport and identity. pub, sub, rr and bench use it with
    \`--context NAME\` or with MQTTX_CONTEXT in the environment.`,
    `\`add\` saves the options after the name. \`ls\` prints the names with their servers, and \`*\` after the current one.
    \`show\` prints the settings as JSON, with \`...\` for secrets: {psk}, {proxy}, {wsHeaders}. \`use\` selects the current
    context, which applies if no context is named and neither the command line nor the environment gives a server; \`use
    none\` deselects it. \`rm\` removes contexts.`,
    `A context does not store a password, only its source: {passwordFile}, {passwordEnv}, {passwordCommand}. File paths
    are stored as absolute paths. The contexts file is replaced atomically, and only its owner can read it.`,
  ],
  examples: [
    [
      'Save a server with TLS, its password in a file',
      'mqttx context add prod -L mqtts://ada@mqtt.lan --password-file pw',
    ],
    ['Use it for commands that name no server', 'mqttx context use prod'],
    ['List all contexts', 'mqttx context ls'],
  ],
  options: { words, replace, ...settings, ...helpOptions },
  common: ['replace', 'url', 'host', 'port', 'username', 'passwordFile', 'id', 'cafile'],
  exclusive: [{ ...oneClientId, options: oneClientId.options as never }],
  operand: 'words',
  check(args) {
    requestOf(args.words, args.replace, Object.keys(settingsOf(args)))
  },
})

export interface Request {
  readonly action: Action
  readonly names: readonly string[]
}

/** @throws UsageError for an invalid combination of arguments */
export function requestOf(typed: readonly string[], replacing: boolean, given: readonly string[]): Request {
  const [first, ...names] = typed
  const hint = 'add, ls, show, use or rm, as in: mqttx context add prod -h mqtt.lan'
  if (first === undefined) throw new UsageError('context: missing action.', { hint })
  const action = actions.find((known) => known === first)
  if (action === undefined) throw new UsageError(`context: unknown action '${shown(first)}'.`, { hint })
  const [fewest, most] = counts[action]
  if (names.length < fewest) throw new UsageError(`context ${action}: missing context name.`)
  if (names.length > most)
    throw new UsageError(`context ${action}: unexpected argument '${shown(names[most] ?? '')}'.`)
  if (action !== 'add' && (replacing || given.length > 0)) {
    const what = replacing ? '--replace' : `--${given[0]}`
    throw new UsageError(`context ${action}: ${what} is valid only with add.`)
  }
  if (action === 'add') refuseName(names[0]!)
  return { action, names }
}

/** How many names each action takes. */
const counts: Readonly<Record<Action, readonly [fewest: number, most: number]>> = {
  add: [1, 1],
  ls: [0, 0],
  show: [0, 1],
  use: [1, 1],
  rm: [1, Number.POSITIVE_INFINITY],
}

function refuseName(name: string): void {
  if (isContextName(name)) return
  const hint = name === noContext ? `'${noContext}' is reserved for no context` : nameHint
  throw new UsageError(`'${shown(name)}' is not a valid context name.`, { hint })
}
