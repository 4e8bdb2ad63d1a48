// mqttx context: its words. What it does is in run.ts.
import { isContextName, nameHint, noContext, type Value } from '../../cli/contexts.js'
import { isRepeatable } from '../../cli/environment.js'
import { type AnyOption, calledName, flag, list, namesOf, type Option, spec } from '../../cli/option.js'
import { contextSettings } from '../../cli/options/context.js'
import { helpOptions } from '../../cli/options/general.js'
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'

/** What was typed, by the long names of options. */
interface Recording {
  settings?: Record<string, Value | Value[]>
}

/** A setting is checked like the option, and kept as it was typed: it is read when a command connects. */
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
        throw new UsageError(`${called}: a context can have blanks only in the last word of it.`)
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
) as { readonly url: Option<never, Recording> }

/** The settings that were typed, switches among them. */
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
  group: 'Action',
  parse: (text) => text, // what is no action and no name is refused as such
  complete: actions,
  completeNext: 'context',
  help: 'What to do: add, ls, show, use or rm.',
  doc: 'The name of this option is left out: the word stands behind context, and the names of contexts behind it.',
})

const replace = flag({
  flags: '--replace',
  group: 'Action',
  help: 'With add: in place of the context that has this name.',
})

export const context = spec({
  name: 'context',
  summary: 'Keep the settings of servers under names.',
  synopsis: ['add NAME [--replace] [OPTION]...', 'ls', 'show [NAME]', 'use {NAME | none}', 'rm NAME...'],
  description: [
    `A context is a set of options under a name: where a server is, how to reach it, and who we are to it. With
    \`--context NAME\` pub, sub, rr and bench take its settings, and so they do with MQTTX_CONTEXT in the environment.`,
    `\`add\` makes one of the options that follow the name. \`ls\` prints the names, each with its server, and \`*\` behind the
    current one. \`show\` prints the settings as JSON, with \`...\` for those that are secret: {psk}, {proxy}, {wsHeaders}.
    \`use\` makes one the current context, which counts where no other is named and neither the command line nor the
    environment says where the server is; \`none\` ends that. \`rm\` removes contexts.`,
    `A context holds no password, only where it is: {passwordFile}, {passwordEnv}, {passwordCommand}. Paths of files are
    kept as absolute ones. The file is replaced in one step, and only its owner can read it.`,
  ],
  examples: [
    [
      'A server with TLS, the password in a file',
      'mqttx context add prod -L mqtts://ada@mqtt.lan --password-file pw',
    ],
    ['From now on, for commands that name no server', 'mqttx context use prod'],
    ['All of them', 'mqttx context ls'],
  ],
  options: { words, replace, ...settings, ...helpOptions },
  exclusive: [
    { options: ['id', 'idPrefix'] as never, message: '-i and -I argument cannot be used together.' },
  ],
  operand: 'words',
  check(args) {
    requestOf(args.words, args.replace, Object.keys(settingsOf(args)))
  },
})

export interface Request {
  readonly action: Action
  readonly names: readonly string[]
}

/** @throws UsageError where the words do not go together */
export function requestOf(typed: readonly string[], replacing: boolean, given: readonly string[]): Request {
  const [first, ...names] = typed
  const hint = 'add, ls, show, use or rm, as in: mqttx context add prod -h mqtt.lan'
  if (first === undefined) throw new UsageError('context: what is to be done?', { hint })
  const action = actions.find((known) => known === first)
  if (action === undefined) throw new UsageError(`context: '${shown(first)}' is not known.`, { hint })
  const [fewest, most] = counts[action]
  if (names.length < fewest) throw new UsageError(`context ${action}: the name of a context is missing.`)
  if (names.length > most)
    throw new UsageError(`context ${action}: '${shown(names[most] ?? '')}' is one word too many.`)
  if (action !== 'add' && (replacing || given.length > 0)) {
    const what = replacing ? '--replace' : `--${given[0]}`
    throw new UsageError(`context ${action}: ${what} is for add.`)
  }
  if (action === 'add') refuseName(names[0]!)
  return { action, names }
}

/** How many names each takes. */
const counts: Readonly<Record<Action, readonly [fewest: number, most: number]>> = {
  add: [1, 1],
  ls: [0, 0],
  show: [0, 1],
  use: [1, 1],
  rm: [1, Number.POSITIVE_INFINITY],
}

function refuseName(name: string): void {
  if (isContextName(name)) return
  const hint = name === noContext ? `'${noContext}' stands for no context` : nameHint
  throw new UsageError(`'${shown(name)}' cannot be the name of a context.`, { hint })
}
