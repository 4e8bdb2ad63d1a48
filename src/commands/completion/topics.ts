// The topics that a server has retained messages for, asked for while a command line is being typed.
import { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { contextsFileKind } from '../../cli/contexts.js'
import { readEnvironment } from '../../cli/environment.js'
import type { AnyOption, AnySpec, Options, Spec } from '../../cli/option.js'
import { contextSettings } from '../../cli/options/context.js'
import { parse } from '../../cli/parse.js'
import { tableOf, typedOptions } from '../../cli/scan.js'
import { Connection } from '../../connection/connection.js'
import { type ConnectionArgs, type ConnectOptions, connectOptions } from '../../connection/options.js'
import type { Host } from '../../host.js'
import { readPrivate } from '../../io/private-file.js'
import { readSmallFile, withoutMark } from '../../io/small-file.js'
import type { TypedLine } from './typed-line.js'

/** On the clock that starts with the process: a Tab is answered by then, with what has come. */
const deadlineMs = 270
/** Of this so much is for the server at least, however slow the start was. */
const leastMs = 120
/** So long without a further message: there are no more. */
const quietMs = 40
/** More are of no use to anybody who looks at a list. */
const mostTopics = 1000
const longestTopic = 1000

/** The texts to insert. @throws what is wrong with the words */
export async function topicsFor(
  spec: AnySpec,
  { words, typed, inserted }: TypedLine,
  host: Host,
): Promise<string[]> {
  const filter = filterFor(typed)
  if (filter === undefined || spec.contextSettings === undefined) return []
  const args = argsOf(spec, words, host)
  if (args === undefined) return []
  const end = Math.max(deadlineMs, host.now() + leastMs)
  const over = sleep(end - host.now(), undefined, { ref: false })
  const options = await Promise.race([connectOptions(args, needs(host), silent(host)), over])
  if (options === undefined) return []
  return (await retained(options, { filter, typed, host, end })).map(inserted)
}

/** The levels that are complete already; undefined: no topic can be found by what was typed. */
function filterFor(typed: string): string | undefined {
  const levels = typed.slice(0, typed.lastIndexOf('/') + 1)
  if (/[+#\0]/.test(typed) || (typed.startsWith('$') && levels === '')) return undefined
  return `${levels}#`
}

/** As the command itself would connect, but by a session of its own; undefined: nobody wants topics to be asked for. */
function argsOf(spec: AnySpec, words: readonly string[], host: Host): ConnectionArgs | undefined {
  const before = words.at(-1)?.startsWith('-') ? words.slice(0, -1) : words
  const { completeTopics } = contextSettings
  const options: Options = { ...spec.options, completeTopics: completeTopics as AnyOption }
  const asked: Spec = { ...spec, options, exclusive: [], check: () => {} }
  if (namesCommand(asked, before, host)) return undefined
  const parsed = parse(asked, before, { env: host.env, readFile })
  if (parsed.wants !== 'run') return undefined
  const args = parsed.args as unknown as ConnectionArgs & { completeTopics: boolean }
  if (!args.completeTopics || args.askPassword === true || hasLockedKey(args)) return undefined
  return {
    ...args,
    id: undefined,
    idPrefix: undefined,
    willTopic: undefined,
    disableCleanSession: false,
    tlsKeylog: undefined,
    quiet: true,
  }
}

/** A password command of a half-typed line must not run; one of the options file or of a context may. */
function namesCommand(spec: Spec, words: readonly string[], { env }: Host): boolean {
  const typed = typedOptions(tableOf(spec), words)
  return [...typed, ...readEnvironment(spec, env).settings].some(({ key }) => key === 'passwordCommand')
}

/** A key whose passphrase would have to be asked for. */
function hasLockedKey({ key, keyPassphraseFile }: ConnectionArgs): boolean {
  return (
    typeof key === 'string' &&
    keyPassphraseFile === undefined &&
    /ENCRYPTED/.test(readSmallFile(key).toString('latin1'))
  )
}

function readFile(path: string, what?: string): string | undefined {
  try {
    const bytes = what === contextsFileKind ? readPrivate(path, what) : readSmallFile(path)
    return withoutMark(bytes).toString()
  } catch {
    return undefined
  }
}

function needs({ pid }: Host) {
  return { pid, maxInFlight: 1, receiveMaximum: 20, reconnects: 0, noDelay: true }
}

/** Standard input and error belong to the shell. */
function silent(host: Host): Host {
  const stderr = new Writable({ write: (_chunk, _encoding, done) => done() })
  const { env, pid } = host
  return {
    stdin: Readable.from([]),
    stdout: stderr,
    stderr,
    env,
    pid,
    now: () => host.now(),
    onSignal: () => () => {},
  }
}

/** Short enough for a list, and without characters that act on a terminal or cannot be seen. */
function isPresentable(topic: string): boolean {
  return topic.length <= longestTopic && !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(topic)
}

interface Wish {
  readonly filter: string
  readonly typed: string
  readonly host: Host
  /** By the host's clock. */
  readonly end: number
}

async function retained(options: ConnectOptions, { filter, typed, host, end }: Wish): Promise<string[]> {
  const topics = new Set<string>()
  let heard = Number.POSITIVE_INFINITY // when the last of them came
  const connection = new Connection(
    { ...options, retries: 0, sessionExpiry: 0 },
    {
      message({ topic, retain }) {
        heard = host.now()
        if (retain && topic.startsWith(typed) && isPresentable(topic)) topics.add(topic)
      },
      suback([code = 0x80]) {
        heard = code < 0x80 ? host.now() : Number.NEGATIVE_INFINITY
      },
    },
  )
  const failed = connection.connect().then(() => {
    connection.subscribe([filter], { qos: 0 })
    connection.flush()
    return connection.ended()
  })
  let ended = false
  failed
    .catch(() => {})
    .finally(() => {
      ended = true
    })
  while (!ended && topics.size < mostTopics && host.now() < Math.min(end, heard + quietMs)) await sleep(5)
  connection.destroy()
  return [...topics].slice(0, mostTopics).sort()
}
