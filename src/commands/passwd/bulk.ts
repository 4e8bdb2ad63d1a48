// Hashing many passwords at a time: those of a file in plain text, and those of standard input.
import { availableParallelism } from 'node:os'
import { MqttxError } from '../../errors.js'
import { LineSplitter, LineTooLong } from '../../io/lines.js'
import { progress } from '../../io/progress.js'
import { hasScreen } from '../../io/terminal.js'
import type { StoredHash } from '../../passwd/hash.js'
import { corrupt, longestLine, type PasswordLine, withUsers } from '../../passwd/lines.js'
import { changeStored, readStored } from '../../passwd/store.js'
import { threads } from '../../passwd/threads.js'
import { wordFromBytes, wordToBytes } from '../../words.js'
import { examine, goodLines } from './open.js'
import { nameFault } from './request.js'
import { bytesOf, type Tools, unlessEnded } from './tools.js'

interface PlainUser {
  readonly user: string
  readonly password: Buffer
}

/**
 * Node hashes PBKDF2 on threads of libuv, which are counted when the first is needed: before anything is read or
 * hashed. @returns how many passwords to hash at a time
 */
function useCores(jobs: number | undefined): number {
  const count = jobs ?? availableParallelism()
  process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, count))
  threads.limit = count
  return jobs ?? 2 * count // so that no thread waits for its next password
}

/** -U FILE: every password that is not hashed yet. */
export async function hashFile(file: string, jobs: number | undefined, tools: Tools): Promise<void> {
  const { format, signal, notice } = tools
  const atOnce = useCores(jobs)
  if (format.header !== undefined) {
    throw new MqttxError(`-U FILE cannot be used with --format ${format.name}.`, {
      hint: `use -U - < ${file}`,
    })
  }
  examine(file, tools)
  await changeStored(file, {
    ...{ purpose: 'update', signal, notice },
    async apply(found) {
      const lines = goodLines(file, found, tools)
      const plain = plainLines(lines, file, tools)
      if (plain.size === 0) return undefined
      const hashes = await hashAll([...plain.values()], atOnce, tools)
      const texts = new Map([...plain].map(([line, { user }], at) => [line, format.join(user, hashes[at]!)]))
      return bytesOf(lines.map((line) => ({ ...line, text: texts.get(line) ?? line.text })))
    },
  })
}

/** The lines with passwords that are to be hashed. @throws MqttxError that names the first line that has neither */
function plainLines(
  lines: readonly PasswordLine[],
  file: string,
  { format }: Tools,
): Map<PasswordLine, PlainUser> {
  const plain = new Map<PasswordLine, PlainUser>()
  const seen = new Map<string, number>()
  for (const line of lines) {
    const { number, text, entry } = line
    if (text.startsWith('#') || text.trim() === '') continue
    const fault = entry === undefined ? "there is no ':'" : badName(entry.user)
    if (entry === undefined || fault !== undefined) throw corrupt(file, number, fault ?? '')
    const first = seen.get(entry.user)
    if (first !== undefined)
      throw corrupt(file, number, `the same user as on line ${first}`, 'keep one of them')
    seen.set(entry.user, number)
    const stored = format.parse(entry.hash)
    if (!('fault' in stored)) continue
    if (/^\$(6|7|argon2id|2[abxy])\$/.test(entry.hash)) throw corrupt(file, number, stored.fault, stored.hint)
    // The reference takes the blanks around a password away, and all behind a second colon, which we do not.
    plain.set(line, { user: entry.user, password: wordToBytes(text.slice(text.indexOf(':') + 1).trim()) })
  }
  return plain
}

function badName(user: string): string | undefined {
  const fault = nameFault(user)
  return fault === undefined ? undefined : `a username must ${fault.replace(/\.$/, '')}`
}

/** -U -: lines of standard input, to standard output or into a file. */
export async function importLines(
  file: string | undefined,
  jobs: number | undefined,
  tools: Tools,
): Promise<void> {
  const { format, output, signal, notice } = tools
  const atOnce = useCores(jobs)
  if (file !== undefined) readStored(file, 'create') // a name that cannot be used, before the work is done
  const users = await plainUsers(tools)
  const hashes = await hashAll(users, atOnce, tools)
  if (file === undefined) {
    if (format.header !== undefined) output.text(`${format.header}\n`)
    for (const [at, { user }] of users.entries()) {
      output.bytes(wordToBytes(`${format.join(user, hashes[at]!)}\n`))
      await output.flush()
    }
    return
  }
  await changeStored(file, {
    ...{ purpose: 'create', signal, notice },
    async apply(found) {
      const lines = goodLines(file, found, tools)
      const added = new Map(users.map(({ user }, at) => [user, hashes[at]!]))
      return bytesOf(withUsers(lines, added, format))
    },
  })
}

/** The users of standard input. A password is what follows the first colon, as it stands. */
async function plainUsers({ host, signal }: Tools): Promise<PlainUser[]> {
  const users = new Map<string, PlainUser & { number: number }>()
  const refuse = (number: number, fault: string): never => {
    throw new MqttxError(`Corrupt password file at line ${number}.\nstandard input:${number}: ${fault}`)
  }
  let number = 0
  for await (const line of linesFrom(host.stdin, signal, () => refuse(number + 1, 'the line is too long'))) {
    number++
    if (line.length === 0 || line[0] === 0x23) continue
    const colon = line.indexOf(':')
    if (colon < 0) refuse(number, "there is no ':'")
    const user = wordFromBytes(line.subarray(0, colon))
    const fault = badName(user)
    if (fault !== undefined) refuse(number, fault)
    const password = Buffer.from(line.subarray(colon + 1))
    if (password.length === 0) refuse(number, 'Empty password.')
    if (password.length > 65_535) refuse(number, 'Password must be less than 65536 characters long.')
    const first = users.get(user)
    if (first !== undefined) refuse(number, `the same user as on line ${first.number}`)
    users.set(user, { user, password, number })
  }
  return [...users.values()]
}

async function* linesFrom(
  stream: NodeJS.ReadableStream,
  signal: AbortSignal,
  tooLong: () => never,
): AsyncGenerator<Buffer> {
  const lines = new LineSplitter(longestLine)
  const line = (): Buffer => {
    const { bytes, start, end } = lines
    return bytes.subarray(start, end > start && bytes[end - 1] === 0x0d ? end - 1 : end)
  }
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (signal.aborted) throw signal.reason
      lines.push(chunk)
      while (lines.next()) yield line()
    }
    if (lines.rest()) yield line()
  } catch (error) {
    throw error instanceof LineTooLong ? tooLong() : error
  }
}

/** Some at a time; the result has the order of `users`. */
async function hashAll(users: readonly PlainUser[], atOnce: number, tools: Tools): Promise<StoredHash[]> {
  const { format, settings, signal, host } = tools
  const hashes: StoredHash[] = new Array(users.length)
  const shown = hasScreen(host.stderr) ? progress(host.stderr, 'Hashing') : undefined
  let next = 0
  let done = 0
  const work = async (): Promise<void> => {
    for (let at = next++; at < users.length; at = next++) {
      if (signal.aborted) throw signal.reason
      hashes[at] = await format.hash(users[at]!.password, settings)
      shown?.update(`Hashing: ${++done} of ${users.length}`)
    }
  }
  try {
    const workers = Array.from({ length: Math.min(atOnce, users.length) }, work)
    await unlessEnded(Promise.all(workers), signal)
    return hashes
  } finally {
    shown?.stop()
  }
}
