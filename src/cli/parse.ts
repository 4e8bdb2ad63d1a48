// Words to Args, by the table, from left to right: where options take back one another, the later word wins. Before the
// words of the command line counts what was said elsewhere (sources.ts).
import { UsageError } from '../errors.js'
import { shown } from '../text.js'
import { optionsFilePath, optionsFileWords } from './config.js'
import { type Args, calledName, type Options, type Spec } from './option.js'
import {
  type Given,
  isQuestion,
  missingArgument,
  scan,
  type Table,
  tableOf,
  typedOptions,
  usage,
  withHint,
} from './scan.js'
import {
  type Line,
  placed,
  readContext,
  readVariables,
  type Setting,
  type Sources,
  type Surroundings,
  usesOfSetting,
  whatCounts,
} from './sources.js'

export type Parsed<O extends Options> =
  | { readonly wants: 'run'; readonly args: Args<O>; readonly trailing: readonly string[] }
  | { readonly wants: 'help' | 'version' }

/** The text of a late option, and what error texts say about the source that it is from. */
interface Late {
  readonly text: string
  readonly place: string
}

/** What has been read so far. */
interface Draft {
  readonly args: Record<string, unknown>
  readonly given: Set<string>
  /** The words behind the options. */
  readonly trailing: string[]
  /** The values to check last, by option. */
  readonly late: Map<string, Late>
  /** What error texts say about the source that is being read. */
  readonly place: string
}

/** What was said elsewhere counts in this order, the later more: the options file, the context, the environment. */
export function parse<O extends Options>(
  spec: Spec<O>,
  words: readonly string[],
  surroundings: Surroundings,
): Parsed<O> {
  const table = tableOf(spec)
  const typed = [...typedOptions(table, words)]
  const asked = typed.some(({ option }) => isQuestion(option)) // which is answered whatever stands elsewhere
  const variables = asked ? [] : readVariables(spec, table, surroundings)
  const lines = optionsFile(spec, { table, typed, variables, surroundings })
  const settings = asked ? [] : readContext(table, { typed, variables, lines }, surroundings)
  const { fromContext, fromVariables, fromFile } = whatCounts(table, { typed, variables, settings })
  const draft: Draft = {
    args: defaults(spec.options),
    given: new Set(),
    trailing: [],
    late: new Map(),
    place: '',
  }
  for (const { place, words: found } of lines) {
    const early = placed(place, () => read(table, { ...draft, place }, { words: found, counts: fromFile }))
    if (early !== undefined) return { wants: early }
  }
  for (const source of [fromContext, fromVariables]) applyAll(table, draft, source)
  const early = read(table, draft, { words, counts: () => true })
  if (early !== undefined) return { wants: early }
  const args = draft.args as Args<O> // every key was written by its own option's parse
  checkTogether(table, [...fromContext, ...fromVariables], () => spec.check?.(args, draft.trailing))
  checkLate(table, draft)
  return { wants: 'run', args, trailing: draft.trailing }
}

/** Checks the values that the reference looks at last. */
function checkLate(table: Table, { args, late }: Draft): void {
  const rank = ([key]: readonly [string, Late]) => table.byKey.get(key)?.late ?? 0
  for (const [key, { text, place }] of [...late].sort((a, b) => rank(a) - rank(b))) {
    const option = table.byKey.get(key)!
    args[key] = placed(place, () => withHint(table, () => option.parse?.(text, calledName(option))))
  }
}

function defaults(options: Options): Record<string, unknown> {
  const args: Record<string, unknown> = {}
  for (const [key, option] of Object.entries(options)) {
    if (option.role === undefined && option.default !== undefined)
      args[key] = option.many ? [] : option.default
  }
  return args
}

/** The lines of the options file, if there is one; -o says which, wherever it stands. */
function optionsFile(
  spec: { readonly optionsFile?: string },
  { table, typed, variables, surroundings }: Sources & { table: Table; surroundings: Surroundings },
): Line[] {
  if (spec.optionsFile === undefined) return []
  const named = namedOptionsFile(table, typed) ?? variables.find(({ key }) => key === 'optionsFile')?.text
  const path = named ?? optionsFilePath(surroundings.env, spec.optionsFile)
  const text = path === undefined ? undefined : surroundings.readFile(path)
  if (text === undefined && named !== undefined) {
    throw usage(table, `Unable to read options file "${shown(named)}": no such file.`)
  }
  return [...optionsFileWords(text ?? '')].map(([number, words]) => ({
    place: ` (${path}, line ${number})`,
    words,
  }))
}

function namedOptionsFile(table: Table, typed: readonly Given[]): string | undefined {
  let path: string | undefined
  for (const { option, text } of typed) {
    if (option.role !== 'optionsFile') continue
    if (path !== undefined) throw usage(table, 'Duplicate -o argument given.')
    if (text === undefined) throw usage(table, missingArgument(option))
    path = withHint(table, () => option.parse?.(text, calledName(option)) as string)
  }
  return path
}

/** What each says stands behind its error texts: the variable, or the context. */
function applyAll(table: Table, draft: Draft, settings: readonly Setting[]): void {
  const given = new Set<string>() // what excludes what was decided between the sources; here it is within one
  for (const { key, option, text, place } of settings) {
    if (option.role !== undefined) continue
    placed(place, () => {
      for (const use of usesOfSetting(option, text)) {
        if (use.text !== undefined && option.needsAnother?.([use.text, ...(use.more ?? [])]))
          throw usage(table, missingArgument(option))
        withHint(table, () => apply(table, { ...draft, given, place }, { key, option, ...use }))
      }
    })
  }
}

/** What is wrong with several options together may be wrong with some that nobody typed: they are named. */
function checkTogether(table: Table, settings: readonly Setting[], check: () => void): void {
  try {
    withHint(table, check)
  } catch (error) {
    if (!(error instanceof UsageError) || settings.length === 0) throw error
    const origins = [...new Set(settings.map(({ origin }) => origin))].join(', ')
    const hint = `${error.hint}\nhint: options came from ${origins} too`
    throw new UsageError(error.message, { ...error, hint, cause: error })
  }
}

/** Applies words to the draft. Returns at --help and --version: what follows them does not matter. */
function read(
  table: Table,
  draft: Draft,
  { words, counts }: { words: readonly string[]; counts: (given: Given) => boolean },
): 'help' | 'version' | undefined {
  for (const given of scan(table, words, draft.trailing)) {
    const { role } = given.option
    if (role === 'help' || role === 'version') return role
    if (role === undefined && counts(given)) withHint(table, () => apply(table, draft, given))
  }
  return undefined
}

function apply(
  table: Table,
  { args, given, late, place }: Draft,
  { key, option, text, more = [], off }: Given,
): void {
  if (off !== true) refuseExclusive(table, given, key)
  if (off !== true) given.add(key)
  if (option.parse === undefined) {
    args[key] = off !== true
    return
  }
  if (text === undefined) throw usage(table, missingArgument(option))
  if (option.late !== undefined) {
    args[key] = text
    late.set(key, { text, place })
    return
  }
  const value = option.parse(text, calledName(option), more)
  if (option.assign !== undefined) option.assign(args as never, value)
  else if (option.many) (args[key] as unknown[]).push(value)
  else args[key] = value
}

function refuseExclusive(table: Table, given: ReadonlySet<string>, key: string): void {
  for (const { options, message, once } of table.exclusive) {
    if (!options.includes(key)) continue
    if (options.some((other) => given.has(other) && (once === true || other !== key)))
      throw usage(table, message)
  }
}
