// Hashes many passwords in parallel: those of a plain-text file (-U FILE) or of standard input (-U -).
import { availableParallelism } from 'node:os'
import { bytesToText, textToBytes } from '../../byte-text.js'
import { MqttxError } from '../../errors.js'
import { LineSplitter, LineTooLong } from '../../io/lines.js'
import { progress } from '../../io/progress.js'
import { trimmed } from '../../passwd/formats.js'
import type { StoredHash } from '../../passwd/hash.js'
import { corrupt, isSilent, longestLine, type PasswordLine, putUsers } from '../../passwd/lines.js'
import { SeenUsers } from '../../passwd/seen-users.js'
import { slots } from '../../passwd/slots.js'
import { changeStored, type Stored, withStored } from '../../passwd/store.js'
import { checked, edited, examine } from './open.js'
import { isUnchanged } from './put.js'
import { nameFault } from './request.js'
import { type Tools, unlessEnded } from './tools.js'

interface PlainUser {
  readonly user: string
  readonly password: Buffer
}

/**
 * Sizes libuv's thread pool, on which Node hashes. Must run before the pool starts, so before any file is read.
 * @returns how many passwords to hash at a time
 */
export function atOnce(jobs: number | undefined): number {
  const count = jobs ?? availableParallelism()
  process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, count + 1))
  slots.limit = count
  return jobs ?? 2 * count // keeps every thread busy
}

/** -U FILE: hashes every plain-text password of the file. */
export async function hashFile(file: string, jobs: number | undefined, tools: Tools): Promise<void> {
  const { format, signal, notice, warn } = tools
  const width = atOnce(jobs)
  if (format.header !== undefined) {
    throw new MqttxError(`-U FILE cannot be used with --format ${format.name}.`, {
      hint: `use -U - < ${file}`,
    })
  }
  await examine(file, tools)
  await changeStored(file, {
    ...{ purpose: 'update', signal, notice, warn },
    async apply(stored) {
      await checked(stored, tools)
      const count = stored === undefined ? 0 : await countPlain(stored, tools)
      if (stored === undefined || count === 0) return undefined
      return (write) =>
        hashing(count, tools, async (done) => {
          for await (const lines of stored.lines(format, signal)) {
            const texts = await mapped(lines, width, signal, (line) => hashedLine(line, tools, done))
            write(textToBytes(texts.join('')))
          }
        })
    },
  })
}

async function hashedLine(line: PasswordLine, tools: Tools, done: () => void): Promise<string> {
  const { format, settings } = tools
  const plain = plainUser(line, tools)
  if (plain === undefined) return line.text + line.end
  const hash = await format.hash(plain.password, settings)
  done()
  return format.join(plain.user, hash) + line.end
}

/** @throws MqttxError that names the first line that has neither a hash nor a password */
async function countPlain(stored: Stored, tools: Tools): Promise<number> {
  const { file } = stored
  const seen = new SeenUsers()
  let count = 0
  for await (const lines of stored.lines(tools.format, tools.signal)) {
    for (const line of lines) {
      if (isSilent(line)) continue
      const { number, entry } = line
      const fault = entry === undefined ? "missing ':'" : badName(entry.user)
      if (entry === undefined || fault !== undefined) throw corrupt(file, number, fault ?? '')
      const first = seen.earlier(entry.user, number)
      if (first !== undefined)
        throw corrupt(file, number, `same user as on line ${first}`, 'keep one of them')
      const hash = tools.format.parse(entry.hash)
      if ('fault' in hash && /^\$(6|7|argon2id|2[abxy])\$/.test(entry.hash))
        throw corrupt(file, number, hash.fault, hash.hint)
      if (plainUser(line, tools) !== undefined) count++
    }
  }
  return count
}

/** User and plain-text password of a line without a hash. */
function plainUser(line: PasswordLine, { format }: Tools): PlainUser | undefined {
  const { text, entry } = line
  if (entry === undefined || isSilent(line) || !('fault' in format.parse(entry.hash))) return undefined
  // mosquitto_passwd trims the password and drops everything after a second colon, which we keep.
  return { user: entry.user, password: textToBytes(trimmed(text.slice(text.indexOf(':') + 1))) }
}

function badName(user: string): string | undefined {
  const fault = nameFault(user)
  return fault === undefined ? undefined : `a username must ${fault.replace(/\.$/, '')}`
}

/** -U -: hashes lines of standard input to standard output or into a file. */
export async function importLines(
  file: string | undefined,
  { jobs, ifChanged }: { jobs?: number | undefined; ifChanged: boolean },
  tools: Tools,
): Promise<void> {
  const { format, output, signal, notice, warn, settings } = tools
  const width = atOnce(jobs)
  // Report an unusable file before hashing.
  if (file !== undefined) await withStored(file, 'create', async () => {})
  const users = await unlessEnded(plainUsers(tools), signal)
  const hashAll = (some: readonly PlainUser[]): Promise<StoredHash[]> =>
    hashing(some.length, tools, (done) =>
      mapped(some, width, signal, async ({ password }) => {
        const hash = await format.hash(password, settings)
        done()
        return hash
      }),
    )
  if (file === undefined) {
    const hashes = await hashAll(users)
    if (format.header !== undefined) output.text(`${format.header}\n`)
    for (const [at, { user }] of users.entries()) {
      output.bytes(textToBytes(`${format.join(user, hashes[at]!)}\n`))
      await output.flush()
    }
    return
  }
  const early = ifChanged ? undefined : await hashAll(users)
  await changeStored(file, {
    ...{ purpose: 'create', signal, notice, warn },
    async apply(stored) {
      const names = new Set(ifChanged ? users.map(({ user }) => user) : [])
      const { found } = await checked(stored, tools, ({ entry }) => names.has(entry?.user ?? ''))
      const some = ifChanged ? await changed(users, found, width, tools) : users
      if (some.length === 0) return undefined
      const hashes = early ?? (await hashAll(some))
      const added = new Map(some.map(({ user }, at) => [user, hashes[at]!]))
      return edited(stored, putUsers(added, format), tools)
    },
  })
}

/** The users whose password differs from the file, or whose hash is weaker than a new one. */
async function changed(
  users: readonly PlainUser[],
  found: readonly PasswordLine[],
  width: number,
  tools: Tools,
): Promise<PlainUser[]> {
  const lines = new Map<string, PasswordLine[]>()
  for (const line of found) {
    const user = line.entry?.user ?? ''
    lines.set(user, [...(lines.get(user) ?? []), line])
  }
  const same = await mapped(users, width, tools.signal, ({ user, password }) =>
    isUnchanged(lines.get(user) ?? [], password, tools),
  )
  return users.filter((_, at) => !same[at])
}

/** Limit of buffered users, in bytes, including `overhead` for each. */
const maxBytes = 256 * 1024 * 1024
const overhead = 200

/** Reads the users from standard input. The password is everything after the first colon, untrimmed. */
async function plainUsers({ host }: Tools): Promise<PlainUser[]> {
  const users = new Map<string, PlainUser & { number: number }>()
  const refuse = (number: number, fault: string): never => {
    throw new MqttxError([`Corrupt password file at line ${number}.`, `standard input:${number}: ${fault}`])
  }
  let number = 0
  let bytes = 0
  for await (const line of linesFrom(host.stdin, () => refuse(number + 1, 'the line is too long'))) {
    number++
    if (line.length === 0 || line[0] === 0x23) continue
    const colon = line.indexOf(':')
    if (colon < 0) refuse(number, "missing ':'")
    const user = bytesToText(line.subarray(0, colon))
    const fault = badName(user)
    if (fault !== undefined) refuse(number, fault)
    const password = Buffer.from(line.subarray(colon + 1))
    if (password.length === 0) refuse(number, 'Empty password.')
    if (password.length > 65_535) refuse(number, 'Password must be less than 65536 characters long.')
    const first = users.get(user)
    if (first !== undefined) refuse(number, `same user as on line ${first.number}`)
    bytes += line.length + overhead
    if (bytes > maxBytes) refuse(number, 'more than 256 MiB of users: import them in parts')
    users.set(user, { user, password, number })
  }
  return [...users.values()]
}

async function* linesFrom(stream: NodeJS.ReadableStream, tooLong: () => never): AsyncGenerator<Buffer> {
  const lines = new LineSplitter(longestLine)
  const line = (): Buffer => {
    const { bytes, start, end } = lines
    return bytes.subarray(start, end > start && bytes[end - 1] === 0x0d ? end - 1 : end)
  }
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      lines.push(chunk)
      while (lines.next()) yield line()
    }
    if (lines.rest()) yield line()
  } catch (error) {
    throw error instanceof LineTooLong ? tooLong() : error
  }
}

/** Calls `work` for each item, `width` at a time. Results are in the order of `items`. */
async function mapped<T, R>(
  items: readonly T[],
  width: number,
  signal: AbortSignal,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length)
  let next = 0
  const one = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      if (signal.aborted) throw signal.reason
      results[at] = await work(items[at]!)
    }
  }
  await unlessEnded(Promise.all(Array.from({ length: Math.min(width, items.length) }, one)), signal)
  return results
}

/** Shows progress on a terminal. `work` calls `done` after each of `count` hashes. */
async function hashing<T>(
  count: number,
  { host }: Tools,
  work: (done: () => void) => Promise<T>,
): Promise<T> {
  const shown = progress(() => host.stderr, 'Hashing')
  const left = countdown('Hashing', count)
  try {
    return await work(() => shown.update(left(1)))
  } finally {
    shown.stop()
  }
}

/** Returns a function that adds to the number done and returns a text such as `Hashing: 3 of 40, 12 s left`. */
export function countdown(what: string, count: number): (more: number) => string {
  const start = performance.now()
  let done = 0
  return (more) => {
    done += more
    const seconds = ((performance.now() - start) / 1000 / done) * (count - done)
    const left = seconds < 100 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`
    return `${what}: ${done} of ${count}, ${left} left`
  }
}
