// Words to Args, by the table, from left to right: where options take back one another, the later word wins. An
// argument is always the next word, whatever it looks like, so no general parser of command lines can be used.
import { UsageError } from '../errors.js'
import { optionsFilePath, optionsFileWords } from './config.js'
import { suggestion } from './nearest.js'
import {
  type AnyOption,
  type Args,
  calledName,
  type Exclusive,
  namesOf,
  type Options,
  type Spec,
} from './option.js'
import { shown } from './values.js'

/** What the reader of words may see of the world. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The text of a file; undefined where there is none. */
  readFile(path: string): string | undefined
}

export type Parsed<O extends Options> =
  | { readonly wants: 'run'; readonly args: Args<O>; readonly trailing: readonly string[] }
  | { readonly wants: 'help' | 'version' }

/** An option as it was given; `text` is undefined for a switch, and where the argument is missing. */
interface Given {
  readonly key: string
  readonly option: AnyOption
  readonly text: string | undefined
  /** The words behind `text`, for an option that takes several. */
  readonly more?: readonly string[]
}

type Reading = Pick<Given, 'key' | 'option'>

/** The options of one command by every name they have, and what the error texts need. */
interface Table {
  readonly command: string
  readonly byName: ReadonlyMap<string, Reading>
  readonly takesTrailing: boolean
  readonly exclusive: readonly Exclusive<string>[]
  /** The option that words without a name are for. */
  readonly operand: Reading | undefined
}

/** What has been read so far. */
interface Draft {
  readonly args: Record<string, unknown>
  readonly given: Set<string>
  /** The words behind the options. */
  readonly trailing: string[]
}

export function parse<O extends Options>(
  spec: Spec<O>,
  words: readonly string[],
  surroundings: Surroundings,
): Parsed<O> {
  const table = tableOf(spec)
  const draft: Draft = { args: defaults(spec.options), given: new Set(), trailing: [] }
  const early =
    readOptionsFile(spec, table, draft, { words, surroundings }) ??
    readVariables(table, draft, surroundings) ??
    read(table, draft, words)
  if (early !== undefined) return { wants: early }
  const args = draft.args as Args<O> // every key was written by its own option's parse
  withHint(table, () => spec.check?.(args, draft.trailing))
  return { wants: 'run', args, trailing: draft.trailing }
}

function tableOf<O extends Options>({ name, options, exclusive, operand, trailing }: Spec<O>): Table {
  const byName = new Map<string, Reading>()
  for (const [key, option] of Object.entries(options)) {
    const { short, long } = namesOf(option)
    if (short !== undefined) byName.set(short, { key, option })
    if (long !== undefined) byName.set(long, { key, option })
  }
  const forWords = operand === undefined ? undefined : { key: operand, option: options[operand]! }
  return { command: name, byName, exclusive, operand: forWords, takesTrailing: trailing !== undefined }
}

function defaults(options: Options): Record<string, unknown> {
  const args: Record<string, unknown> = {}
  for (const [key, option] of Object.entries(options)) {
    if (option.role === undefined && option.default !== undefined)
      args[key] = option.many ? [] : option.default
  }
  return args
}

/** The file's lines count as words before those of the command line; -o says which file, wherever it stands. */
function readOptionsFile<O extends Options>(
  spec: Spec<O>,
  table: Table,
  draft: Draft,
  { words, surroundings }: { words: readonly string[]; surroundings: Surroundings },
): 'help' | 'version' | undefined {
  if (spec.optionsFile === undefined) return undefined
  const named = namedOptionsFile(table, words)
  const path = named ?? optionsFilePath(surroundings.env, spec.optionsFile)
  const text = path === undefined ? undefined : surroundings.readFile(path)
  if (text === undefined && named !== undefined) {
    throw usage(table, `Unable to read options file "${shown(named)}": no such file.`)
  }
  for (const [number, lineWords] of optionsFileWords(text ?? '')) {
    const place = ` (${path}, line ${number})`
    const early = placed(place, () => read(table, draft, lineWords))
    if (early !== undefined) return early
  }
  return undefined
}

/** An empty variable counts as none. */
function readVariables(table: Table, draft: Draft, { env }: Surroundings): undefined {
  for (const reading of new Set(table.byName.values())) {
    const { variable } = reading.option
    const text = variable === undefined ? undefined : env[variable]
    if (text) placed(` (${variable})`, () => withHint(table, () => apply(table, draft, { ...reading, text })))
  }
}

function namedOptionsFile(table: Table, words: readonly string[]): string | undefined {
  let path: string | undefined
  const paths: Given[] = []
  try {
    for (const given of scan(table, words)) if (given.option.role === 'optionsFile') paths.push(given)
  } catch {
    // The words themselves are read after the file, and tell then what is wrong with them.
  }
  for (const given of paths) {
    const { option, text } = given
    if (path !== undefined) throw usage(table, 'Duplicate -o argument given.')
    if (text === undefined) throw usage(table, missingArgument(option))
    path = withHint(table, () => option.parse?.(text, calledName(option)) as string)
  }
  return path
}

/** Says in which line of the options file an error is. */
function placed<T>(place: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new UsageError(`${error.message}${place}`, { hint: error.hint, cause: error })
  }
}

/** Applies words to the draft. Returns at --help and --version: what follows them does not matter. */
function read(table: Table, draft: Draft, words: readonly string[]): 'help' | 'version' | undefined {
  for (const given of scan(table, words, draft.trailing)) {
    const { role } = given.option
    if (role === 'help' || role === 'version') return role
    if (role === undefined) withHint(table, () => apply(table, draft, given))
  }
  return undefined
}

function apply(table: Table, { args, given }: Draft, { key, option, text, more = [] }: Given): void {
  refuseExclusive(table, given, key)
  given.add(key)
  if (option.parse === undefined) {
    args[key] = true
    return
  }
  if (text === undefined) throw usage(table, missingArgument(option))
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

function missingArgument(option: AnyOption): string {
  const missing = option.missing ?? `no ${namesOf(option).placeholder?.toLowerCase()} specified`
  return `${calledName(option)} argument given but ${missing}.`
}

/** Cuts words into options and their arguments; a word that is neither is refused, or ends them where words trail. */
function* scan(table: Table, words: readonly string[], trailing: string[] = []): Generator<Given> {
  const rest = words[Symbol.iterator]()
  for (let next = rest.next(); !next.done; next = rest.next()) {
    const word = next.value
    if (table.takesTrailing && (word === '--' || !/^-./.test(word))) {
      trailing.push(...(word === '--' ? [] : [word]), ...rest)
      return
    }
    if (word === '--') {
      yield* operands(table, rest)
      return
    }
    if (table.operand !== undefined && (word === '-' || !word.startsWith('-'))) {
      yield { ...table.operand, text: word }
      continue
    }
    const whole = table.byName.get(word)
    const pieces =
      whole === undefined ? (equalsForm(table, word) ?? bundle(table, word)) : [{ ...whole, text: undefined }]
    if (pieces === undefined) throw unknown(table, word)
    for (const piece of pieces) {
      yield piece.option.parse === undefined ? piece : { ...piece, ...takeWords(piece, rest) }
    }
  }
}

/** What stands behind `--`. */
function* operands(table: Table, rest: Iterator<string>): Generator<Given> {
  for (let next = rest.next(); next.done !== true; next = rest.next()) {
    if (table.operand === undefined) throw unknown(table, next.value)
    yield { ...table.operand, text: next.value }
  }
}

/** The words that are an option's argument; `text` is undefined where there are not enough. */
function takeWords({ option, text }: Given, rest: Iterator<string>): Pick<Given, 'text' | 'more'> {
  const words = text === undefined ? [] : [text]
  while (words.length === 0 || option.needsAnother?.(words)) {
    const next = rest.next()
    if (next.done === true) return { text: undefined }
    words.push(next.value)
  }
  return { text: words[0], more: words.slice(1) }
}

/** `--option=value` */
function equalsForm({ byName }: Table, word: string): Given[] | undefined {
  const equals = word.indexOf('=')
  if (!word.startsWith('--') || equals < 0) return undefined
  const found = byName.get(word.slice(0, equals))
  return found?.option.parse === undefined ? undefined : [{ ...found, text: word.slice(equals + 1) }]
}

/**
 * `-dv`, `-dt TOPIC`, `-q1`. Letters behind an option that takes an argument are refused: `-topic` and `-help` are
 * misspelt long options rather than the topic `opic` and the host `elp`.
 */
function bundle({ byName }: Table, word: string): Given[] | undefined {
  if (!/^-[^-]/.test(word)) return undefined
  const pieces: Given[] = []
  for (let index = 1; index < word.length; index++) {
    const found = byName.get(`-${word[index]}`)
    if (found === undefined) return undefined
    const behind = word.slice(index + 1)
    if (found.option.parse !== undefined && behind !== '') {
      return /^\d/.test(behind) ? [...pieces, { ...found, text: behind }] : undefined
    }
    pieces.push({ ...found, text: undefined })
  }
  return pieces
}

function unknown({ command, byName }: Table, word: string): UsageError {
  const near = suggestion(word, [...byName.keys()], `mqttx ${command} --help`)
  return new UsageError(`Unknown option '${shown(withoutSecret(word))}'.${near}`)
}

/** `-Psecret` and `--passwort=secret` are mistakes that are not to be repeated aloud. */
function withoutSecret(word: string): string {
  return word.replace(/^(-P|--p(?:a?ss?|w|sk)[\w-]*=).+$/s, '$1...')
}

function usage({ command }: Table, message: string): UsageError {
  return new UsageError(message, { hint: `see 'mqttx ${command} --help'` })
}

/** Where a value's parser has no advice of its own, the hint is where to read on. */
function withHint<T>(table: Table, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof UsageError) || error.hint !== undefined) throw error
    throw usage(table, error.message)
  }
}
