// Words to options and their arguments, by the table, from left to right. An argument is always the next word, whatever it
// looks like, so no general parser of command lines can be used.
import { UsageError } from '../errors.js'
import { switchOf } from './environment.js'
import { type AnyOption, calledName, type Exclusive, namesOf, type Options, type Spec } from './option.js'
import { unknownWord } from './unknown.js'

/** An option as it was given; `text` is undefined for a switch, and where the argument is missing. */
export interface Given {
  readonly key: string
  readonly option: AnyOption
  readonly text: string | undefined
  /** The words behind `text`, for an option that takes several. */
  readonly more?: readonly string[]
  /** `--retain=false`: a switch that is turned off. */
  readonly off?: boolean
}

export type Reading = Pick<Given, 'key' | 'option'>

/** The options of one command by every name they have, and what the error texts need. */
export interface Table {
  readonly command: string
  readonly byName: ReadonlyMap<string, Reading>
  readonly byKey: ReadonlyMap<string, AnyOption>
  readonly takesTrailing: boolean
  readonly contextSettings: Options | undefined
  readonly exclusive: readonly Exclusive<string>[]
  /** The option that words without a name are for. */
  readonly operand: Reading | undefined
}

export function tableOf<O extends Options>({
  name,
  options,
  contextSettings,
  exclusive,
  operand,
  trailing,
}: Spec<O>): Table {
  const byName = new Map<string, Reading>()
  for (const [key, option] of Object.entries(options)) {
    const { short, long } = namesOf(option)
    if (short !== undefined) byName.set(short, { key, option })
    if (long !== undefined) byName.set(long, { key, option })
  }
  const forWords = operand === undefined ? undefined : { key: operand, option: options[operand]! }
  const byKey = new Map(Object.entries<AnyOption>(options))
  return {
    command: name,
    byName,
    byKey,
    contextSettings,
    exclusive,
    operand: forWords,
    takesTrailing: trailing !== undefined,
  }
}

/** Cuts words into options and their arguments; a word that is neither is refused, or ends them where words trail. */
export function* scan(table: Table, words: readonly string[], trailing: string[] = []): Generator<Given> {
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

/** `--option=value`; for a switch that may be on elsewhere `--option=false`. */
function equalsForm({ byName }: Table, word: string): Given[] | undefined {
  const equals = word.indexOf('=')
  if (!word.startsWith('--') || equals < 0) return undefined
  const found = byName.get(word.slice(0, equals))
  const text = word.slice(equals + 1)
  if (found === undefined) return undefined
  if (found.option.parse !== undefined) return [{ ...found, text }]
  const on = isQuestion(found.option) ? undefined : switchOf(text)
  return on === undefined ? undefined : [{ ...found, text: undefined, off: !on }]
}

export function isQuestion({ role }: AnyOption): boolean {
  return role === 'help' || role === 'version'
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
  return unknownWord(command, [...byName.keys()], word)
}

/** The options among the words, as far as these can be read: what is wrong with them is told when they are applied. */
export function typedOptions(table: Table, words: readonly string[]): Given[] {
  const typed: Given[] = []
  try {
    for (const given of scan(table, words)) typed.push(given)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
  }
  return typed
}

export function missingArgument(option: AnyOption): string {
  const missing = option.missing ?? `no ${namesOf(option).placeholder?.toLowerCase()} specified`
  return `${calledName(option)} argument given but ${missing}.`
}

export function usage({ command }: Table, message: string): UsageError {
  return new UsageError(message, { hint: `see 'mqttx ${command} --help'` })
}

/** Where a value's parser has no advice of its own, the hint is where to read on. */
export function withHint<T>(table: Table, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof UsageError) || error.hint !== undefined) throw error
    throw usage(table, error.message)
  }
}
