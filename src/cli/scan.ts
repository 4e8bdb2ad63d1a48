// Splits a command line into options and their arguments, from left to right. As in mosquitto, the argument of an option
// is always the next one in argv, even if it begins with a dash; general-purpose parsers cannot do that.
import { UsageError } from '../errors.js'
import { switchOf } from './environment.js'
import {
  type AnyOption,
  allOptions,
  calledName,
  type Exclusive,
  namesOf,
  type Options,
  type Spec,
} from './option.js'
import { unexpectedOperand, unknownArgument } from './unknown.js'

/** An option as given; `text` is undefined for a switch, and if the argument is missing. */
export interface GivenOption {
  readonly key: string
  readonly option: AnyOption
  readonly text: string | undefined
  /** The arguments after `text`, for an option that takes several. */
  readonly more?: readonly string[]
  /** True for a switch that is turned off: `--retain=false`. */
  readonly off?: boolean
}

export type Reading = Pick<GivenOption, 'key' | 'option'>

/** The options of a command by each of their names, and what error texts need. */
export interface Table {
  readonly command: string
  readonly byName: ReadonlyMap<string, Reading>
  readonly byKey: ReadonlyMap<string, AnyOption>
  readonly takesTrailing: boolean
  readonly contextSettings: Options | undefined
  readonly exclusive: readonly Exclusive<string>[]
  /** The option that takes operands. */
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
  const operandOption = operand === undefined ? undefined : { key: operand, option: options[operand]! }
  const byKey = new Map(Object.entries<AnyOption>(options))
  return {
    command: name,
    byName,
    byKey,
    contextSettings,
    exclusive,
    operand: operandOption,
    takesTrailing: trailing !== undefined,
  }
}

/**
 * Yields the options with their arguments. If the command takes trailing operands, the first one ends the options.
 * --help and --version end them too; their `text` is the next argument, if any.
 * @throws UsageError for an unknown option or a stray argument
 */
export function* scan(
  table: Table,
  argv: readonly string[],
  trailing: string[] = [],
): Generator<GivenOption> {
  const rest = argv[Symbol.iterator]()
  for (let next = rest.next(); !next.done; next = rest.next()) {
    const arg = next.value
    if (table.takesTrailing && (arg === '--' || !/^-./.test(arg))) {
      trailing.push(...(arg === '--' ? [] : [arg]), ...rest)
      return
    }
    if (arg === '--') {
      yield* operands(table, rest)
      return
    }
    if (table.operand !== undefined && (arg === '-' || !arg.startsWith('-'))) {
      yield { ...table.operand, text: arg }
      continue
    }
    const whole = table.byName.get(arg)
    const pieces =
      whole === undefined
        ? (equalsForm(table, arg) ?? bundledOptions(table, arg))
        : [{ ...whole, text: undefined }]
    if (pieces === undefined) throw unknown(table, arg)
    for (const piece of pieces) {
      if (isHelpOrVersion(piece.option)) {
        yield { ...piece, text: piece.text ?? rest.next().value }
        return
      }
      yield piece.option.parse === undefined ? piece : { ...piece, ...takeArguments(piece, rest) }
    }
  }
}

/** The operands after `--`. */
function* operands(table: Table, rest: Iterator<string>): Generator<GivenOption> {
  for (let next = rest.next(); next.done !== true; next = rest.next()) {
    if (table.operand === undefined) throw unexpectedOperand(table.command, next.value)
    yield { ...table.operand, text: next.value }
  }
}

/** Reads an option's arguments; `text` is undefined if there are too few. */
function takeArguments(
  { option, text }: GivenOption,
  rest: Iterator<string>,
): Pick<GivenOption, 'text' | 'more'> {
  const args = text === undefined ? [] : [text]
  while (args.length === 0 || option.needsAnother?.(args)) {
    const next = rest.next()
    if (next.done === true) return { text: undefined }
    args.push(next.value)
  }
  return { text: args[0], more: args.slice(1) }
}

/** `--option=value`; for a switch `--option=false`, to override another source. */
function equalsForm({ byName, byKey }: Table, arg: string): GivenOption[] | undefined {
  const equals = arg.indexOf('=')
  if (!arg.startsWith('--') || equals < 0) return undefined
  const found = byName.get(arg.slice(0, equals))
  const text = arg.slice(equals + 1)
  if (found === undefined) return undefined
  if (found.option.parse !== undefined || isAllHelp({ ...found, text })) return [{ ...found, text }]
  const on = isHelpOrVersion(found.option) ? undefined : switchOf(text)
  const { orWith } = found.option
  if (on === undefined && orWith !== undefined) return [{ key: orWith, option: byKey.get(orWith)!, text }]
  return on === undefined ? undefined : [{ ...found, text: undefined, off: !on }]
}

export function isHelpOrVersion({ role }: AnyOption): boolean {
  return role === 'help' || role === 'version'
}

/** True for `--help all`. */
export function isAllHelp({ option, text }: GivenOption): boolean {
  return option.role === 'help' && text === allOptions
}

/**
 * `-dv`, `-dt TOPIC`, `-q1`. Letters after an option that takes an argument are refused: `-topic` and `-help` are
 * misspelt long options, not the topic `opic` and the host `elp`.
 */
function bundledOptions({ byName }: Table, arg: string): GivenOption[] | undefined {
  if (!/^-[^-]/.test(arg)) return undefined
  const pieces: GivenOption[] = []
  for (let index = 1; index < arg.length; index++) {
    const found = byName.get(`-${arg[index]}`)
    if (found === undefined) return undefined
    const following = arg.slice(index + 1)
    if (found.option.parse !== undefined && following !== '') {
      return /^\d/.test(following) ? [...pieces, { ...found, text: following }] : undefined
    }
    pieces.push({ ...found, text: undefined })
  }
  return pieces
}

function unknown({ command, byName }: Table, arg: string): UsageError {
  return unknownArgument(command, [...byName.keys()], arg)
}

/** The options up to the first mistake, which is reported later, when they are applied. */
export function typedOptions(table: Table, argv: readonly string[]): GivenOption[] {
  const typed: GivenOption[] = []
  try {
    for (const given of scan(table, argv)) typed.push(given)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
  }
  return typed
}

export function missingArgument(option: AnyOption): string {
  const missing = option.missing ?? `no ${namesOf(option).placeholder?.toLowerCase()} specified`
  return `${calledName(option)} argument given but ${missing}.`
}

export function usageError({ command }: Table, message: string): UsageError {
  return new UsageError(message, { hint: `see 'mqttx ${command} --help'` })
}

/** Adds `see --help` to errors that have no hint. */
export function withHint<T>(table: Table, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof UsageError) || error.hint !== undefined) throw error
    throw usageError(table, error.message)
  }
}
