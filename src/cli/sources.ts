// Sources of options besides argv, and their precedence: argv, environment, context, options file.
import { UsageError } from '../errors.js'
import { shown } from '../text.js'
import {
  contextNamed,
  contextsFileKind,
  contextsPath,
  noContext,
  optionsOf,
  parseContexts,
} from './contexts.js'
import { type Environment, readEnvironment, splitArguments, switchOf, valuesIn } from './environment.js'
import { type AnyOption, calledName, type Options } from './option.js'
import { type GivenOption, missingArgument, scan, type Table, usageError } from './scan.js'

/** The environment and the files that the parser reads. */
export interface CliEnvironment {
  readonly env: Environment
  /** The text of a file; undefined if it does not exist. `what` names it in error texts. Default: `options file`. */
  readFile(path: string, what?: string): string | undefined
}

/** The arguments on a line of the options file; `place` is the suffix that error texts get. */
export interface Line {
  readonly place: string
  readonly argv: readonly string[]
}

/** An option from the environment or a context. */
export interface Setting {
  readonly key: string
  readonly option: AnyOption
  readonly text: string
  /** The suffix of error texts: ` (MQTTX_QOS)`. */
  readonly place: string
  /** The source as part of a list: `MQTTX_QOS`. */
  readonly origin: string
}

export interface Sources {
  readonly typed: readonly GivenOption[]
  readonly variables: readonly Setting[]
}

/** The options from the environment. An empty variable counts as unset. */
export function readVariables(
  owner: { readonly name: string; readonly options: Options },
  { byKey }: Table,
  { env }: CliEnvironment,
): Setting[] {
  return readEnvironment(owner, env).settings.map(({ key, variable, text }) => {
    const option = byKey.get(key)!
    const parse = option.parseVariable ?? option.parse
    const place = ` (${variable})`
    return { key, option: parse === undefined ? option : { ...option, parse }, text, place, origin: variable }
  })
}

/** The options from the context that --context, MQTTX_CONTEXT, the options file or `mqttx context use` selects. */
export function readContext(
  table: Table,
  sources: Sources & { readonly lines: readonly Line[] },
  { env, readFile }: CliEnvironment,
): Setting[] {
  const known = table.contextSettings
  if (known === undefined) return []
  const named = namedContext(table, sources)
  if (named?.name === noContext) return []
  const path = contextsPath(env)
  const text = path === undefined ? undefined : readFile(path, contextsFileKind)
  if (text === undefined && named === undefined) return []
  const file = parseContexts(text ?? '{"contexts":{}}', path ?? '')
  const name = named?.name ?? (namesServer(sources) ? undefined : file.current)
  if (name === undefined) return []
  const settings = withPlace(named?.place ?? '', () => contextNamed(name, file))
  const place = ` (context '${name}')`
  return withPlace(place, () => optionsOf(settings, known)).flatMap(({ key, setting, texts }) => {
    const own = table.byKey.get(key)
    if (own === undefined) return [] // bench has no will, for example
    const option = setting.parse === undefined ? own : { ...own, parse: setting.parse }
    return texts.map((value) => ({ key, option, text: value, place, origin: `the context '${name}'` }))
  })
}

/** The name of the selected context, and the suffix of error texts that says where it was given. */
function namedContext(
  table: Table,
  { typed, variables, lines }: Sources & { readonly lines: readonly Line[] },
): { name: string; place: string } | undefined {
  const last = typed.findLast(({ option }) => option.role === 'context')
  if (last !== undefined) return { name: argumentOf(table, last), place: '' }
  const variable = variables.find(({ option }) => option.role === 'context')
  if (variable !== undefined) return { name: variable.text, place: variable.place }
  for (const { place, argv } of lines.toReversed()) {
    const given = withPlace(place, () =>
      [...scan(table, argv)].find(({ option }) => option.role === 'context'),
    )
    if (given !== undefined) return { name: withPlace(place, () => argumentOf(table, given)), place }
  }
  return undefined
}

function argumentOf(table: Table, { option, text }: GivenOption): string {
  if (text === undefined) throw usageError(table, missingArgument(option))
  return option.parse?.(text, calledName(option)) as string
}

/** True if argv or the environment names a server. The current context is not used then: its password is for its own. */
function namesServer({ typed, variables }: Sources): boolean {
  return [...typed, ...variables].some(({ key }) => key === 'host' || key === 'unix' || key === 'url')
}

/** The settings of each source that no source of higher precedence overrides. */
export function effectiveSettings(
  table: Table,
  { typed, variables, settings }: Sources & { readonly settings: readonly Setting[] },
): { fromVariables: Setting[]; fromContext: Setting[]; fromFile: (given: GivenOption) => boolean } {
  const given = typed.map(({ key, off }) => ({ key, off: off === true }))
  const offOf = ({ key, option, text }: Setting) => ({
    key,
    off: option.parse === undefined && switchOf(text) === false,
  })
  const fromVariables = variables.filter(({ key }) => !isOverridden(table, key, given))
  const above = [...given, ...fromVariables.map(offOf)]
  const fromContext = settings.filter(({ key }) => !isOverridden(table, key, above))
  const elsewhere = [...fromVariables, ...fromContext].map(offOf)
  // As in mosquitto, options file and argv are one command line: lists add up, and exclusive options are an error.
  const fromFile = ({ key }: GivenOption) =>
    isOverridden(table, key, given) || !isOverridden(table, key, elsewhere)
  return { fromVariables, fromContext, fromFile }
}

/** True if a source of higher precedence has the same option, or one that excludes it. */
function isOverridden(
  { exclusive }: Table,
  key: string,
  others: readonly { readonly key: string; readonly off: boolean }[],
): boolean {
  if (others.length === 0) return false
  const rivals = exclusive.flatMap(({ options }) => (options.includes(key) ? options : []))
  return others.some((other) => other.key === key || (!other.off && rivals.includes(other.key)))
}

/** The arguments of each value in a setting's text. */
export function argumentsOfSetting(
  option: AnyOption,
  text: string,
): Pick<GivenOption, 'text' | 'more' | 'off'>[] {
  if (option.parse === undefined) {
    const on = switchOf(text)
    if (on !== undefined) return [{ text: undefined, off: !on }]
    throw new UsageError(`${calledName(option)}: '${shown(text)}' is not a boolean`, {
      hint: 'use 1 or true, 0 or false',
    })
  }
  return valuesIn(option, text).map((use) => {
    const [first, ...more] = splitArguments(option, use)
    return { text: first, more }
  })
}

/** Adds `place` to the text of a UsageError: the line of the options file, the variable or the context. */
export function withPlace<T>(place: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof UsageError) || place === '') throw error
    throw new UsageError(`${error.message}${place}`, { hint: error.hint, cause: error })
  }
}
