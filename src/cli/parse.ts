// Parses a command line to Args, from left to right: a later option overrides an earlier one. Other sources
// (sources.ts) are applied before argv.
import { UsageError } from '../errors.js'
import { shown } from '../text.js'
import { type Args, calledName, type Options, type Spec } from './option.js'
import { optionsFileArguments, optionsFilePath } from './options-file.js'
import {
  type GivenOption,
  isAllHelp,
  isHelpOrVersion,
  missingArgument,
  scan,
  type Table,
  tableOf,
  typedOptions,
  usageError,
  withHint,
} from './scan.js'
import {
  argumentsOfSetting,
  type CliEnvironment,
  effectiveSettings,
  type Line,
  readContext,
  readVariables,
  type Setting,
  type Sources,
  withPlace,
} from './sources.js'

export type Parsed<O extends Options> =
  | { readonly wants: 'run'; readonly args: Args<O>; readonly trailing: readonly string[] }
  | { readonly wants: Wanted }

/** What is printed instead of running the command. */
export type Wanted = 'help' | 'help all' | 'version'

/** The text of a `late` option, and the suffix that names its source in error texts. */
interface Late {
  readonly text: string
  readonly place: string
}

/** The state of parsing. */
interface Draft {
  readonly args: Record<string, unknown>
  readonly given: Set<string>
  /** The operands after the options. */
  readonly trailing: string[]
  /** Values to parse last, by option key. */
  readonly late: Map<string, Late>
  /** The suffix of error texts that names the current source. */
  readonly place: string
}

/**
 * Applies the options file, the context, the environment and argv, in this order: later sources override earlier ones.
 * @throws UsageError for the first mistake
 */
export function parse<O extends Options>(
  spec: Spec<O>,
  argv: readonly string[],
  cliEnvironment: CliEnvironment,
): Parsed<O> {
  const table = tableOf(spec)
  const typed = [...typedOptions(table, argv)]
  const asked = typed.some(({ option }) => isHelpOrVersion(option)) // works even if other sources have mistakes
  const variables = asked ? [] : readVariables(spec, table, cliEnvironment)
  const lines = optionsFile(spec, { table, typed, variables, cliEnvironment })
  const settings = asked ? [] : readContext(table, { typed, variables, lines }, cliEnvironment)
  const { fromContext, fromVariables, fromFile } = effectiveSettings(table, { typed, variables, settings })
  const draft: Draft = {
    args: defaults(spec.options),
    given: new Set(),
    trailing: [],
    late: new Map(),
    place: '',
  }
  for (const { place, argv: found } of lines) {
    const early = withPlace(place, () => read(table, { ...draft, place }, { argv: found, counts: fromFile }))
    if (early !== undefined) return { wants: early }
  }
  for (const source of [fromContext, fromVariables]) applyAll(table, draft, source)
  const early = read(table, draft, { argv, counts: () => true })
  if (early !== undefined) return { wants: early }
  const args = draft.args as Args<O> // every key was written by its own option's parse
  checkTogether(table, [...fromContext, ...fromVariables], () => spec.check?.(args, draft.trailing))
  checkLate(table, draft)
  return { wants: 'run', args, trailing: draft.trailing }
}

/** Parses the values that mosquitto checks last. */
function checkLate(table: Table, { args, late }: Draft): void {
  const rank = ([key]: readonly [string, Late]) => table.byKey.get(key)?.late ?? 0
  for (const [key, { text, place }] of [...late].sort((a, b) => rank(a) - rank(b))) {
    const option = table.byKey.get(key)!
    args[key] = withPlace(place, () => withHint(table, () => option.parse?.(text, calledName(option))))
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

/** The lines of the options file, if there is one; -o names it, at any position. */
function optionsFile(
  spec: { readonly optionsFile?: string },
  { table, typed, variables, cliEnvironment }: Sources & { table: Table; cliEnvironment: CliEnvironment },
): Line[] {
  if (spec.optionsFile === undefined) return []
  const named = namedOptionsFile(table, typed) ?? variables.find(({ key }) => key === 'optionsFile')?.text
  const path = named ?? optionsFilePath(cliEnvironment.env, spec.optionsFile)
  const text = path === undefined ? undefined : cliEnvironment.readFile(path)
  if (text === undefined && named !== undefined) {
    throw usageError(table, `Unable to read options file "${shown(named)}": no such file.`)
  }
  return [...optionsFileArguments(text ?? '')].map(([number, argv]) => ({
    place: ` (${path}, line ${number})`,
    argv,
  }))
}

function namedOptionsFile(table: Table, typed: readonly GivenOption[]): string | undefined {
  let path: string | undefined
  for (const { option, text } of typed) {
    if (option.role !== 'optionsFile') continue
    if (path !== undefined) throw usageError(table, 'Duplicate -o argument given.')
    if (text === undefined) throw usageError(table, missingArgument(option))
    path = withHint(table, () => option.parse?.(text, calledName(option)) as string)
  }
  return path
}

/** Applies settings; error texts name the variable or the context. */
function applyAll(table: Table, draft: Draft, settings: readonly Setting[]): void {
  const given = new Set<string>() // exclusive options of different sources are already resolved
  for (const { key, option, text, place } of settings) {
    if (option.role !== undefined) continue
    withPlace(place, () => {
      for (const use of argumentsOfSetting(option, text)) {
        if (use.text !== undefined && option.needsAnother?.([use.text, ...(use.more ?? [])]))
          throw usageError(table, missingArgument(option))
        withHint(table, () => apply(table, { ...draft, given, place }, { key, option, ...use }))
      }
    })
  }
}

/** Checks combinations of options. The error names the sources besides argv, as some options may come from there. */
function checkTogether(table: Table, settings: readonly Setting[], check: () => void): void {
  try {
    withHint(table, check)
  } catch (error) {
    if (!(error instanceof UsageError) || settings.length === 0) throw error
    const origins = [...new Set(settings.map(({ origin }) => origin))].join(', ')
    const hint = [...error.hints, `some options came from ${origins}`]
    throw new UsageError(error.message, { ...error, hint, cause: error })
  }
}

/** Applies arguments to the draft. Returns at --help and --version, and ignores what follows. */
function read(
  table: Table,
  draft: Draft,
  { argv, counts }: { argv: readonly string[]; counts: (given: GivenOption) => boolean },
): Wanted | undefined {
  for (const given of scan(table, argv, draft.trailing)) {
    const { role } = given.option
    if (isAllHelp(given)) return 'help all'
    if (role === 'help' || role === 'version') return role
    if (role === undefined && counts(given)) withHint(table, () => apply(table, draft, given))
  }
  return undefined
}

function apply(
  table: Table,
  { args, given, late, place }: Draft,
  { key, option, text, more = [], off }: GivenOption,
): void {
  if (off !== true) refuseExclusive(table, given, key)
  if (off !== true) given.add(key)
  if (option.parse === undefined) {
    args[key] = off !== true
    return
  }
  if (text === undefined) throw usageError(table, missingArgument(option))
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
      throw usageError(table, message)
  }
}
