// Parses the arguments of passwd into a request. Checks, their order and texts are mosquitto_passwd's.
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'

/** The source of a password. */
export type Source =
  | { readonly from: 'prompt' }
  | { readonly from: 'argument'; readonly text: string }
  | { readonly from: 'file'; readonly file: string }
  | { readonly from: 'generator' }

export type Request =
  /** Without a file the line is printed on standard output. */
  | {
      readonly wants: 'put'
      readonly file: string | undefined
      readonly create: boolean
      readonly user: string
      readonly source: Source
      readonly ifChanged: boolean
      /** Extra arguments, which mosquitto_passwd ignores. */
      readonly ignored: readonly string[]
    }
  | { readonly wants: 'delete'; readonly file: string; readonly user: string }
  | { readonly wants: 'hash'; readonly file: string }
  | { readonly wants: 'import'; readonly file: string | undefined }
  | { readonly wants: 'verify'; readonly file: string; readonly user: string; readonly source: Source }
  | { readonly wants: 'list'; readonly file: string }
  | { readonly wants: 'audit'; readonly file: string }

export interface RequestArgs {
  readonly create: boolean
  readonly remove: boolean
  readonly update: boolean
  readonly print: boolean
  readonly verify: boolean
  readonly rehash: boolean
  readonly ifChanged: boolean
  readonly noGuess: boolean
  readonly list: boolean
  readonly audit: boolean
  readonly json: boolean
  readonly batch: boolean
  readonly generate: boolean
  readonly passwordFile?: string | undefined
  readonly hash?: string | undefined
  readonly iterations?: number | undefined
  readonly format: string
}

type Arguments = readonly string[]

/** @throws UsageError */
export function requestOf(args: RequestArgs, words: Arguments): Request {
  refusePairs(args)
  if (args.create) return putRequest(args, words)
  if (args.remove) {
    const [file, user] = words
    if (file === undefined || user === undefined)
      throw new UsageError('-D argument given but password file or username missing.')
    return { wants: 'delete', file, user: userName(user) }
  }
  if (args.update) return updateRequest(args, words)
  if (args.list || args.audit) {
    const [file, ...more] = words
    const wants = args.list ? 'list' : 'audit'
    if (file === undefined) throw new UsageError(`--${wants} argument given but password file missing.`)
    refuseMore(args, more)
    return { wants, file }
  }
  return args.verify ? verifyRequest(args, words) : putRequest(args, words)
}

function refusePairs(args: RequestArgs): void {
  const modes: [boolean, string][] = [
    ...([
      [args.create, '-c'],
      [args.remove, '-D'],
      [args.update, '-U'],
      [args.print, '-n'],
    ] as const),
    ...([
      [args.verify, '--verify'],
      [args.list, '--list'],
      [args.audit, '--audit'],
    ] as const),
  ].map(([given, name]) => [given, name])
  const sources: [boolean, string][] = [
    [args.batch, '-b'],
    [args.passwordFile !== undefined, '--password-file'],
    [args.generate, '--generate'],
  ]
  refuseTwo(modes.slice(0, 3))
  if (args.batch)
    refuseTwo([
      [true, '-b'],
      [args.remove, '-D'],
    ])
  refuseTwo(modes)
  refuseTwo(sources)
  const [, mode] = modes.find(([given, name]) => given && !['-c', '-n', '--verify'].includes(name)) ?? []
  const [, source] = sources.find(([given, name]) => given && name !== '-b') ?? []
  if (mode !== undefined && source !== undefined) throw cannotBoth(mode, source)
  refuseTwo([
    [args.verify, '--verify'],
    [args.generate, '--generate'],
  ])
  refuseTwo([
    [args.format !== 'mosquitto', `--format ${args.format}`],
    [args.hash !== undefined, '-H'],
  ])
  for (const [given, name] of modes) {
    if (args.ifChanged && given && name !== '-U') throw cannotBoth(name, '--if-changed')
  }
  if (args.ifChanged && args.generate) throw cannotBoth('--generate', '--if-changed')
  if (args.noGuess && !args.audit) throw new UsageError('--no-guess needs --audit.')
  if (args.rehash && !args.verify) throw new UsageError('--rehash needs --verify.')
  if (args.json && !args.list && !args.audit) throw new UsageError('--json needs --list or --audit.')
  if (
    args.format === 'bcrypt' &&
    args.iterations !== undefined &&
    (args.iterations < 4 || args.iterations > 31)
  )
    throw new UsageError('The bcrypt cost must be from 4 to 31.')
}

function refuseTwo(options: readonly (readonly [given: boolean, name: string])[]): void {
  const [first, second] = options.filter(([given]) => given)
  if (first !== undefined && second !== undefined) throw cannotBoth(first[1], second[1])
}

function cannotBoth(first: string, second: string): UsageError {
  return new UsageError(`${first} and ${second} cannot be used together.`)
}

function putRequest(args: RequestArgs, words: Arguments): Request {
  const rest = [...words]
  const file = args.print ? undefined : rest.shift()
  const user = rest.shift()
  const word = args.batch ? rest.shift() : undefined
  const missing = user === undefined || (args.batch && word === undefined)
  if (missing && args.create) {
    throw new UsageError(
      args.batch
        ? '-c argument given but password file, username, or password missing.'
        : '-c argument given but password file or username missing.',
    )
  }
  if (missing) throw tooFew(args, words)
  if (!args.create) refuseMore(args, rest)
  return {
    ...{ wants: 'put', file: file === '-' && args.create ? undefined : file, create: args.create },
    ...{ user: userName(user), source: sourceOf(args, word), ifChanged: args.ifChanged, ignored: rest },
  }
}

function updateRequest({ ifChanged }: RequestArgs, words: Arguments): Request {
  const [file, into, ...more] = words
  refuseOptions(words.slice(1))
  if (file === undefined || more.length > 0 || (file !== '-' && into !== undefined))
    throw new UsageError('-U argument given but password file missing.')
  if (ifChanged && into === undefined) throw new UsageError('-U with --if-changed needs - and a file.')
  return file === '-' ? { wants: 'import', file: into } : { wants: 'hash', file }
}

function verifyRequest(args: RequestArgs, words: Arguments): Request {
  const rest = [...words]
  const file = rest.shift()
  const user = rest.shift()
  const word = args.batch ? rest.shift() : undefined
  if (file === undefined || user === undefined || (args.batch && word === undefined))
    throw tooFew(args, words)
  refuseMore(args, rest)
  return { wants: 'verify', file, user: userName(user), source: sourceOf(args, word) }
}

function sourceOf(args: RequestArgs, word: string | undefined): Source {
  if (word !== undefined) {
    if (byteLength(word) > 65_535) throw new UsageError('Password must be less than 65536 characters long.')
    return { from: 'argument', text: word }
  }
  if (args.generate) return { from: 'generator' }
  return args.passwordFile === undefined ? { from: 'prompt' } : { from: 'file', file: args.passwordFile }
}

function tooFew({ print, batch }: RequestArgs, words: Arguments): UsageError {
  const wanted = [...(print ? [] : ['password file']), 'username', ...(batch ? ['password'] : [])]
  const missing = wanted.slice(words.length)
  return new UsageError(`${capital(missing.join(' and '))} missing.`)
}

function refuseOptions([first]: Arguments): void {
  if (first === undefined || !/^-./.test(first)) return
  const hint = 'options go before the file'
  throw new UsageError(`Too many arguments: '${shown(first)}'.`, { hint })
}

function refuseMore({ batch, print }: RequestArgs, more: Arguments): void {
  if (more.length === 0) return
  refuseOptions(more)
  const hint = batch ? undefined : print ? '-n takes no file' : 'a password on the command line needs -b'
  // Not printed: the argument may be a password.
  throw new UsageError('Too many arguments.', { hint })
}

/** A valid user name, for a line of the file and for CONNECT. @throws UsageError */
export function userName(name: string): string {
  const fault = nameFault(name)
  if (fault === undefined) return name
  throw new UsageError(`Username must ${fault}`)
}

/** The rule that a user name breaks, to follow `must`; undefined if it is valid. */
export function nameFault(name: string): string | undefined {
  if (byteLength(name) > 65_535) return 'be less than 65536 characters long.'
  if (/[\0-\x1f\x7f]/.test(name)) return 'not contain control characters.'
  if (name.includes(':')) return "not contain the ':' character."
  if (name === '') return 'not be empty.'
  if (name.startsWith('#')) return "not begin with '#', which starts a comment."
  if (name !== name.trim()) return 'not begin or end with white space.'
  return name.isWellFormed() ? undefined : 'be UTF-8.'
}

/** Counts a byte that is not UTF-8, a lone surrogate here (byte-text.ts), as one byte. */
function byteLength(word: string): number {
  return Buffer.byteLength(word.replace(/\p{Surrogate}/gu, '?'))
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
