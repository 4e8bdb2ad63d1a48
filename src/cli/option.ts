// One option is one object. The command line is parsed by it, and --help, the man pages, the completions and the README
// are printed from it, so that they always agree.

type Group =
  | 'Connection'
  | 'TLS'
  | 'Session'
  | 'Will'
  | 'Message'
  | 'Subscription'
  | 'Input'
  | 'Filters'
  | 'Output'
  | 'MQTT 5'
  | 'MQTT-SN'
  | 'Server'
  | 'Faults'
  | 'Load'
  | 'Responder'
  | 'Worker'
  | 'Action'
  | 'Hash'
  | 'Password'
  | 'General'

/**
 * Converts an argument or throws a UsageError. `name` is the option's name in error texts; `more` are the arguments
 * after the first, for an option that takes several.
 */
export type Parse<T> = (text: string, name: string, more?: readonly string[]) => T

/** What a shell offers for an argument. A list is a list of suggestions: other values are accepted too. */
export type Complete = 'file' | 'directory' | 'host' | 'topic' | 'context' | readonly string[]

interface Description {
  /** As printed: `-q, --qos QOS`. With a word in capitals the option takes an argument. */
  readonly flags: string
  /** One sentence for --help. */
  readonly help: string
  /** What the man page adds. `{key}` stands for the name of another option of the same command. */
  readonly doc?: string
  /** For an option with several arguments: true if those so far need another. */
  readonly needsAnother?: (args: readonly string[]) => boolean
  /** The only values that are accepted. */
  readonly choices?: readonly (string | number)[]
  /** What a shell offers for the argument. */
  readonly complete?: Complete
  /** For operands (arguments without the option's name): what is offered after the first. */
  readonly completeNext?: Complete
  /** The second half of `argument given but ...`, if not `no PLACEHOLDER specified`. */
  readonly missing?: string
  /** The name of its environment variable after `MQTTX_`, if not the long name. */
  readonly variable?: string
  /** Parses the value of the environment variable, if not like the command line. */
  readonly parseVariable?: Parse<unknown>
  /**
   * The value is parsed after the checks of option combinations, and only the last one given, as in mosquitto. Lower
   * numbers are parsed first.
   */
  readonly late?: number | undefined
  /** May be given more than once, although Args has no list for it. */
  readonly repeatable?: true
  /** The option's name in error texts, if not its short name. */
  readonly called?: string
  /** For a switch: the key of the option that `--name=VALUE` stands for. */
  readonly orWith?: string
  /** Accepted, but not in --help, the documents or the completions. */
  readonly unlisted?: true
  /** The default shown in the documents, if the code has none or shows it differently. */
  readonly shownDefault?: string
}

/** `V` is the type of the value in Args (`never`: no key of its own); `A` has the keys that `assign` writes. */
export interface Option<V, A = unknown> extends Description {
  readonly group: Group
  /** Undefined for a switch. */
  readonly parse?: Parse<unknown>
  /** Each use adds a value. */
  readonly many: boolean
  readonly default: V
  /** Set for options that the parser handles itself instead of passing them to the command. */
  readonly role?: 'help' | 'version' | 'optionsFile' | 'context'
  /** Writes the value to Args. Default: to the option's key. A later option can override an earlier one this way. */
  assign?(args: A, value: unknown): void
}

/** The argument of --help that prints every option. */
export const allOptions = 'all'

/** Any option: every `assign` is assignable to one that takes `never`. */
export type AnyOption = Option<unknown, never>
export type Options = Readonly<Record<string, AnyOption>>

interface ValueDescription<T, A> extends Description {
  readonly parse: Parse<T>
  assign?(args: A, value: T): void
}

/** The constructors of the options of a group. */
export function optionsOf(group: Group) {
  /** An option with an argument. With a default, its key in Args is never undefined. */
  function option<T, A = unknown>(
    description: ValueDescription<T, A> & { readonly default: NoInfer<T> },
  ): Option<T, A>
  function option<T, A = unknown>(description: ValueDescription<T, A>): Option<T | undefined, A>
  function option<T, A>(
    description: ValueDescription<T, A> & { readonly default?: T },
  ): Option<T | undefined, A> {
    return { default: undefined, group, ...description, many: false } as Option<T | undefined, A>
  }
  return {
    option,
    /** An option without an argument. */
    flag: (description: Description): Option<boolean> => ({
      ...description,
      group,
      many: false,
      default: false,
    }),
    /** A switch that prints a text instead of running the command. */
    infoFlag: (description: Description & { readonly role: 'help' | 'version' }) =>
      ({ ...description, group, many: false }) as unknown as Option<never>,
    /** An option that may be given more than once; Args has all values in order. */
    list: <T>(description: ValueDescription<T, unknown>) =>
      ({ ...description, group, many: true, default: [] }) as Option<T[]>,
    /** An option without a key of its own in Args: it writes other keys, or the parser handles it. */
    indirect: <T, A = unknown>(
      description: ValueDescription<T, A> & { readonly role?: 'optionsFile' | 'context' },
    ) => ({ ...description, group, many: false }) as unknown as Option<never, A>,
  }
}

type Value<O> = O extends { readonly default: infer V } ? V : never
type Writes<O> = O extends { assign?(args: infer A, value: never): void } ? A : unknown
type Always<O, K> = [Value<O>] extends [never] ? never : undefined extends Value<O> ? never : K
type Sometimes<O, K> = [Value<O>] extends [never] ? never : undefined extends Value<O> ? K : never
type AllWrites<O extends Options> = { [K in keyof O]: (args: Writes<O[K]>) => void }[keyof O] extends (
  args: infer A,
) => void
  ? A
  : never
type Plain<T> = { [K in keyof T]: T[K] }

/** The parsed options by key, each value with the type that its option's `parse` returns. */
export type Args<O extends Options> = Plain<
  { [K in keyof O as Always<O[K], K>]: Value<O[K]> } & {
    [K in keyof O as Sometimes<O[K], K>]?: Exclude<Value<O[K]>, undefined>
  } & AllWrites<O>
>

/** Options of which only one may be given; the message is mosquitto's where it has one. */
export interface Exclusive<K> {
  readonly options: readonly K[]
  readonly message: string
  /** Also refuse the same option twice. */
  readonly once?: boolean
}

/** The command line of a command. run.ts in the same folder runs it. */
export interface Spec<O extends Options = Options> {
  readonly name: string
  /** One sentence, for the list of commands. */
  readonly summary: string
  /** Forms of the command line, without `mqttx` and the name of the command. */
  readonly synopsis: readonly string[]
  /** The man page's DESCRIPTION: paragraphs, with `{key}` for an option. */
  readonly description: readonly string[]
  /** Purpose, and the command line. */
  readonly examples: readonly (readonly [purpose: string, line: string])[]
  readonly options: O
  /** Lines for --help after the options, as they are; the first is a heading. */
  readonly notes?: readonly string[]
  /** The options that --help shows, in this order; --help all shows every option. */
  readonly common: readonly Extract<keyof O, string>[]
  readonly exclusive: readonly Exclusive<Extract<keyof O, string>>[]
  /** The name of the default options file, the same as mosquitto's. */
  readonly optionsFile?: string
  /** For a command that connects: the options that a context can set, in the order in which they are applied. */
  readonly contextSettings?: Options
  /** The option that takes operands: `-` and arguments that do not begin with a dash. Its name may be omitted. */
  readonly operand?: Extract<keyof O, string>
  /** Operands follow the options, and the first one ends them; `complete` is what a shell offers for it. */
  readonly trailing?: { readonly complete: 'file' }
  /**
   * Checks combinations of options, after all have been read; throws the first UsageError. Values of `late` options are
   * still text: compare them with undefined only.
   */
  check?(args: Args<O>, trailing: readonly string[]): void
}

/** The spec of any command, for the documents and the parser. */
export type AnySpec = Omit<Spec, 'check' | 'common' | 'exclusive' | 'operand'> & {
  readonly common: readonly string[]
  readonly exclusive: readonly Exclusive<string>[]
  readonly operand?: string
  check?(args: never, trailing: readonly string[]): void
}

/** The whole program, for the documents. */
export interface Program {
  readonly name: string
  readonly summary: string
  readonly commands: readonly AnySpec[]
  /** The commands by purpose. */
  readonly map: readonly (readonly [purpose: string, names: readonly string[]])[]
  /** What can be given instead of a command, and what it does. */
  readonly options: readonly (readonly [form: string, help: string])[]
  readonly examples: Spec['examples']
}

export function spec<const O extends Options>(description: Spec<O>): Spec<O> {
  return description
}

export interface Names {
  readonly short?: string
  readonly long?: string
  /** The name of the argument, in capitals; undefined for a switch. */
  readonly placeholder?: string
}

/** Splits `-q, --qos QOS`. */
export function namesOf({ flags }: Pick<Description, 'flags'>): Names {
  const names: { short?: string; long?: string; placeholder?: string } = {}
  for (const part of flags.split(/,? /)) {
    if (part.startsWith('--')) names.long = part
    else if (part.startsWith('-')) names.short = part
    else names.placeholder = names.placeholder === undefined ? part : `${names.placeholder} ${part}`
  }
  return names
}

/** The option's name in error texts: as in mosquitto the short name, however the user wrote it. */
export function calledName(option: Pick<Description, 'flags' | 'called'>): string {
  const { short, long } = namesOf(option)
  return option.called ?? short ?? long ?? option.flags
}
