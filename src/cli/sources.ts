// Where options come from besides the command line, and which of them count: the command line before the environment,
// that before the context, that before the options file.
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
import { type Environment, readEnvironment, switchOf, usesOf, wordsOfUse } from './environment.js'
import { type AnyOption, calledName, type Options } from './option.js'
import { type Given, missingArgument, scan, type Table, usage } from './scan.js'

/** What the reader of words may see of the world. */
export interface Surroundings {
  readonly env: Environment
  /** The text of a file; undefined where there is none. `what` is what error texts call it: an options file. */
  readFile(path: string, what?: string): string | undefined
}

/** A line of the options file, and what error texts say about it. */
export interface Line {
  readonly place: string
  readonly words: readonly string[]
}

/** An option of the environment or of a context. */
export interface Setting {
  readonly key: string
  readonly option: AnyOption
  readonly text: string
  /** What stands behind error texts. */
  readonly place: string
  /** The same, in a list. */
  readonly origin: string
}

export interface Sources {
  readonly typed: readonly Given[]
  readonly variables: readonly Setting[]
}

/** What the environment says. An empty variable counts as none. */
export function readVariables(
  owner: { readonly name: string; readonly options: Options },
  { byKey }: Table,
  { env }: Surroundings,
): Setting[] {
  return readEnvironment(owner, env).settings.map(({ key, variable, text }) => {
    const option = byKey.get(key)!
    const parse = option.parseVariable ?? option.parse
    const place = ` (${variable})`
    return { key, option: parse === undefined ? option : { ...option, parse }, text, place, origin: variable }
  })
}

/** What the context says that --context, MQTTX_CONTEXT, the options file or `mqttx context use` name. */
export function readContext(
  table: Table,
  sources: Sources & { readonly lines: readonly Line[] },
  { env, readFile }: Surroundings,
): Setting[] {
  const known = table.contextSettings
  if (known === undefined) return []
  const named = namedContext(table, sources)
  if (named?.name === noContext) return []
  const path = contextsPath(env)
  const text = path === undefined ? undefined : readFile(path, contextsFileKind)
  if (text === undefined && named === undefined) return []
  const file = parseContexts(text ?? '{"contexts":{}}', path ?? '')
  const name = named?.name ?? (saysWhere(sources) ? undefined : file.current)
  if (name === undefined) return []
  const settings = placed(named?.place ?? '', () => contextNamed(name, file))
  const place = ` (context '${name}')`
  return placed(place, () => optionsOf(settings, known)).flatMap(({ key, setting, texts }) => {
    const own = table.byKey.get(key)
    if (own === undefined) return [] // bench, say, has no will
    const option = setting.parse === undefined ? own : { ...own, parse: setting.parse }
    return texts.map((value) => ({ key, option, text: value, place, origin: `the context '${name}'` }))
  })
}

/** The name of the context, and what error texts say about where it stands. */
function namedContext(
  table: Table,
  { typed, variables, lines }: Sources & { readonly lines: readonly Line[] },
): { name: string; place: string } | undefined {
  const last = typed.findLast(({ option }) => option.role === 'context')
  if (last !== undefined) return { name: argumentOf(table, last), place: '' }
  const variable = variables.find(({ option }) => option.role === 'context')
  if (variable !== undefined) return { name: variable.text, place: variable.place }
  for (const { place, words } of lines.toReversed()) {
    const given = placed(place, () => [...scan(table, words)].find(({ option }) => option.role === 'context'))
    if (given !== undefined) return { name: placed(place, () => argumentOf(table, given)), place }
  }
  return undefined
}

function argumentOf(table: Table, { option, text }: Given): string {
  if (text === undefined) throw usage(table, missingArgument(option))
  return option.parse?.(text, calledName(option)) as string
}

/** A context that nobody has named is for those who do not say where the server is: its password is for its server. */
function saysWhere({ typed, variables }: Sources): boolean {
  return [...typed, ...variables].some(({ key }) => key === 'host' || key === 'unix' || key === 'url')
}

/** What counts of each source, in the light of those before it. */
export function whatCounts(
  table: Table,
  { typed, variables, settings }: Sources & { readonly settings: readonly Setting[] },
): { fromVariables: Setting[]; fromContext: Setting[]; fromFile: (given: Given) => boolean } {
  const given = typed.map(({ key, off }) => ({ key, off: off === true }))
  const offOf = ({ key, option, text }: Setting) => ({
    key,
    off: option.parse === undefined && switchOf(text) === false,
  })
  const fromVariables = variables.filter(({ key }) => !givesWay(table, key, given))
  const above = [...given, ...fromVariables.map(offOf)]
  const fromContext = settings.filter(({ key }) => !givesWay(table, key, above))
  const elsewhere = [...fromVariables, ...fromContext].map(offOf)
  // The options file and the command line are one to the reference: lists add up, and two of a kind are an error.
  const fromFile = ({ key }: Given) => givesWay(table, key, given) || !givesWay(table, key, elsewhere)
  return { fromVariables, fromContext, fromFile }
}

/** Whether something that counts more is the same option, or one that excludes it. */
function givesWay(
  { exclusive }: Table,
  key: string,
  others: readonly { readonly key: string; readonly off: boolean }[],
): boolean {
  if (others.length === 0) return false
  const rivals = exclusive.flatMap(({ options }) => (options.includes(key) ? options : []))
  return others.some((other) => other.key === key || (!other.off && rivals.includes(other.key)))
}

/** Each use of an option that a text stands for. */
export function usesOfSetting(option: AnyOption, text: string): Pick<Given, 'text' | 'more' | 'off'>[] {
  if (option.parse === undefined) {
    const on = switchOf(text)
    if (on !== undefined) return [{ text: undefined, off: !on }]
    throw new UsageError(`${calledName(option)}: '${shown(text)}' is neither on nor off`, {
      hint: 'use 1 or true, 0 or false',
    })
  }
  return usesOf(option, text).map((use) => {
    const [first, ...more] = wordsOfUse(option, use)
    return { text: first, more }
  })
}

/** Says where an error is: in which line of the options file, variable or context. */
export function placed<T>(place: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof UsageError) || place === '') throw error
    throw new UsageError(`${error.message}${place}`, { hint: error.hint, cause: error })
  }
}
