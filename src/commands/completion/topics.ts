// Topic completion: asks the server for its retained messages.
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

/** Deadline for the answer to a Tab, in milliseconds since the start of the process. */
const deadlineMs = 270
/** Minimum time for the server, even after a slow start, in milliseconds. */
const leastMs = 120
/** No further message for this time: done, in milliseconds. */
const quietMs = 40
const mostTopics = 1000
const longestTopic = 1000

/** The texts to insert. @throws MqttxError for an invalid command line */
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

/** A Topic Filter for the complete levels typed so far; undefined if nothing can match. */
function filterFor(typed: string): string | undefined {
  const levels = typed.slice(0, typed.lastIndexOf('/') + 1)
  if (/[+#\0]/.test(typed) || (typed.startsWith('$') && levels === '')) return undefined
  return `${levels}#`
}

/** The command's own connection options, with a new Session. Undefined if topic completion is off. */
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

/** A --password-command typed on a partial line must not run; one from the options file or a context may. */
function namesCommand(spec: Spec, words: readonly string[], { env }: Host): boolean {
  const typed = typedOptions(tableOf(spec), words)
  return [...typed, ...readEnvironment(spec, env).settings].some(({ key }) => key === 'passwordCommand')
}

/** True if the key needs a passphrase from the terminal. */
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

/** A host without standard streams, which belong to the shell. */
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

/** At most 1,000 characters, none of them control or invisible characters. */
function isPresentable(topic: string): boolean {
  return topic.length <= longestTopic && !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(topic)
}

interface Query {
  readonly filter: string
  readonly typed: string
  readonly host: Host
  /** In milliseconds of `host.now()`. */
  readonly end: number
}

async function retained(options: ConnectOptions, { filter, typed, host, end }: Query): Promise<string[]> {
  const topics = new Set<string>()
  let heard = Number.POSITIVE_INFINITY // time of the last message
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
