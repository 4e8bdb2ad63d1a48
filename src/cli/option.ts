// One option is one object. What the words on the command line mean and everything that --help, the man pages, the
// completions and the README say about them is read from it, so that none of these can say something else.

export type Group =
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
  | 'Server'
  | 'Load'
  | 'Responder'
  | 'Action'
  | 'Hash'
  | 'Password'
  | 'General'

/**
 * Gives a word its meaning or throws a UsageError; `name` is what error texts call the option, `more` are the words
 * behind the first, for an option that takes several.
 */
export type Parse<T> = (text: string, name: string, more?: readonly string[]) => T

/** What a shell offers in a place; words: these, but others are accepted too. */
export type Complete = 'file' | 'directory' | 'host' | 'topic' | 'context' | readonly string[]

interface Description {
  /** What the user sees, and what one greps for: `-q, --qos QOS`. A word in capitals: the option takes an argument. */
  readonly flags: string
  readonly group: Group
  /** One sentence for --help. */
  readonly help: string
  /** What the man page adds. `{key}` names another option of the same command. */
  readonly doc?: string
  /** For an option that takes more than one word: true while the words so far ask for another. */
  readonly needsAnother?: (words: readonly string[]) => boolean
  /** The only words that are accepted. */
  readonly choices?: readonly (string | number)[]
  /** What a shell offers for the argument. */
  readonly complete?: Complete
  /** For words without the option's name: what is offered behind the first of them. */
  readonly completeNext?: Complete
  /** The second half of `argument given but ...`, where it is not `no PLACEHOLDER specified`. */
  readonly missing?: string
  /** What its environment variable is called behind `MQTTX_`, where that is not its long name. */
  readonly variable?: string
  /** How the argument is read where it stands in a variable, if that differs from the command line. */
  readonly parseVariable?: Parse<unknown>
  /**
   * The value is checked after the combinations of options, and only the last one given, as the reference does. Of
   * several, the lower number comes first.
   */
  readonly late?: number | undefined
  /** Each use adds something, though it has no list of its own in Args. */
  readonly repeatable?: true
  /** What error texts call the option, where it is not its short name. */
  readonly called?: string
  /** Accepted, and listed nowhere: neither in --help nor in the documents, nor offered by the completions. */
  readonly unlisted?: true
  /** The default that the documents tell, where the code has none or shows it in another way. */
  readonly shownDefault?: string
}

/** `V` is the type in Args (`never`: the option has no key there); `A` are the keys that `assign` writes. */
export interface Option<V, A = unknown> extends Description {
  /** Absent: a switch. */
  readonly parse?: Parse<unknown>
  /** Each use adds a value. */
  readonly many: boolean
  readonly default: V
  /** Options that are for the reader of the command line and not for the command. */
  readonly role?: 'help' | 'version' | 'optionsFile' | 'context'
  /** Writes the value where it is not simply the option's key, so that later words can take back earlier ones. */
  assign?(args: A, value: unknown): void
}

/** Any option: a `never` in the place of what `assign` accepts lets every option in. */
export type AnyOption = Option<unknown, never>
export type Options = Readonly<Record<string, AnyOption>>

interface ValueDescription<T, A> extends Description {
  readonly parse: Parse<T>
  assign?(args: A, value: T): void
}

/** An option with an argument. With a default its key in Args is never undefined. */
export function option<T, A = unknown>(
  description: ValueDescription<T, A> & { readonly default: NoInfer<T> },
): Option<T, A>
export function option<T, A = unknown>(description: ValueDescription<T, A>): Option<T | undefined, A>
export function option<T, A>(
  description: ValueDescription<T, A> & { readonly default?: T },
): Option<T | undefined, A> {
  return { default: undefined, ...description, many: false } as Option<T | undefined, A>
}

/** An option without an argument. */
export function flag(description: Description): Option<boolean> {
  return { ...description, many: false, default: false }
}

/** A switch that ends the reading of words: the answer is a text. */
export function question(description: Description & { readonly role: 'help' | 'version' }): Option<never> {
  return { ...description, many: false } as unknown as Option<never>
}

/** An option that may be given more than once; Args has all its values, in order. */
export function list<T>(description: ValueDescription<T, unknown>): Option<T[]> {
  return { ...description, many: true, default: [] } as Option<T[]>
}

/** An option that has no key of its own in Args: it writes others, or is read before the rest. */
export function indirect<T, A = unknown>(
  description: ValueDescription<T, A> & { readonly role?: 'optionsFile' | 'context' },
): Option<never, A> {
  return { ...description, many: false } as unknown as Option<never, A>
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

/** What was typed, by key, each value with the type that its option's `parse` gives it. */
export type Args<O extends Options> = Plain<
  { [K in keyof O as Always<O[K], K>]: Value<O[K]> } & {
    [K in keyof O as Sometimes<O[K], K>]?: Exclude<Value<O[K]>, undefined>
  } & AllWrites<O>
>

/** Options of which only one may be given, and only once; the message is the reference's. */
export interface Exclusive<K> {
  readonly options: readonly K[]
  readonly message: string
  /** The same option twice is refused as well. */
  readonly once?: boolean
}

/** A command as its users see it. What it does is in the run.ts beside its spec.ts. */
export interface Spec<O extends Options = Options> {
  readonly name: string
  /** One sentence, for the list of commands. */
  readonly summary: string
  /** Forms of the command line, without the name of the command. */
  readonly synopsis: readonly string[]
  /** The man page's DESCRIPTION: paragraphs, with `{key}` for an option. */
  readonly description: readonly string[]
  /** What it is for, and the command line that does it. */
  readonly examples: readonly (readonly [purpose: string, line: string])[]
  readonly options: O
  readonly exclusive: readonly Exclusive<Extract<keyof O, string>>[]
  /** The name of the default options file, which is the reference's. */
  readonly optionsFile?: string
  /** What a context can say to a command that connects, in the order in which it counts. */
  readonly contextSettings?: Options
  /** The option whose name may be left out: words that do not begin with a dash, and `-` alone, are arguments of it. */
  readonly operand?: Extract<keyof O, string>
  /** Words trail the options, which the first of them ends; `complete` is what a shell offers for that. */
  readonly trailing?: { readonly complete: 'file' }
  /**
   * Checks what several options mean together, when all words have been read; throws the first UsageError. The values of
   * late options are still text, to be compared with undefined only.
   */
  check?(args: Args<O>, trailing: readonly string[]): void
}

/** A spec whose options only the documents and the reader of words look at. */
export type AnySpec = Omit<Spec, 'check' | 'exclusive' | 'operand'> & {
  readonly exclusive: readonly Exclusive<string>[]
  readonly operand?: string
  check?(args: never, trailing: readonly string[]): void
}

/** The program as a whole, for the documents. */
export interface Program {
  readonly name: string
  readonly summary: string
  readonly commands: readonly AnySpec[]
  /** The commands by what they are for. */
  readonly map: readonly (readonly [purpose: string, names: readonly string[]])[]
  /** What can stand in the place of a command, and what it does. */
  readonly options: readonly (readonly [form: string, help: string])[]
  readonly examples: Spec['examples']
}

export function spec<const O extends Options>(description: Spec<O>): Spec<O> {
  return description
}

export interface Names {
  readonly short?: string
  readonly long?: string
  /** What stands for the argument; undefined for a switch. */
  readonly placeholder?: string
}

/** Takes `-q, --qos QOS` apart. */
export function namesOf({ flags }: Pick<Description, 'flags'>): Names {
  const names: { short?: string; long?: string; placeholder?: string } = {}
  for (const word of flags.split(/,? /)) {
    if (word.startsWith('--')) names.long = word
    else if (word.startsWith('-')) names.short = word
    else names.placeholder = names.placeholder === undefined ? word : `${names.placeholder} ${word}`
  }
  return names
}

/** What the reference's error texts call an option: its short name, however the user wrote it. */
export function calledName(option: Pick<Description, 'flags' | 'called'>): string {
  const { short, long } = namesOf(option)
  return option.called ?? short ?? long ?? option.flags
}
