// Where a password comes from: a word, a file, chance, or somebody who is asked.
import { randomInt } from 'node:crypto'
import type { Readable } from 'node:stream'
import { MqttxError } from '../../errors.js'
import { askSecret, readLine } from '../../io/prompt.js'
import { readSmallFile, withoutMark } from '../../io/small-file.js'
import { isSystemError, strerror } from '../../io/system-error.js'
import { isTerminal } from '../../io/terminal.js'
import { textToBytes } from '../../byte-text.js'
import type { Source } from './request.js'
import type { Tools } from './tools.js'

const longest = 65_535
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const generatedLength = 24 // 142 bits

/** Where questions go: a new password is asked for on standard output, as the reference does, unless that has data. */
export interface Asking {
  readonly twice: boolean
  readonly where: 'stdout' | 'stderr'
}

export async function passwordFrom(source: Source, tools: Tools, asking: Asking): Promise<Buffer> {
  switch (source.from) {
    case 'word':
      return textToBytes(source.word)
    case 'file':
      return checked(await fromFile(source.file, tools))
    case 'chance':
      return Buffer.from(
        Array.from({ length: generatedLength }, () => letters[randomInt(letters.length)]).join(''),
      )
    case 'prompt': {
      const password = checked(await ask('Password: ', tools, asking))
      if (!asking.twice) return password
      const again = checked(await ask('Reenter password: ', tools, asking))
      if (password.equals(again)) return password
      throw new MqttxError('Passwords do not match.', { exitCode: 2 })
    }
    default:
      return source satisfies never
  }
}

function checked(password: Buffer): Buffer {
  if (password.length === 0) throw new MqttxError('Empty password.')
  if (password.length > longest) throw new MqttxError('Password must be less than 65536 characters long.')
  return password
}

async function ask(question: string, { host, output, signal }: Tools, asking: Asking): Promise<Buffer> {
  const { stdin } = host
  const screen = host[asking.where]
  if (isTerminal(stdin)) {
    const answer = askSecret(question, { input: stdin, output: screen }).catch((error: unknown) => {
      if (error instanceof MqttxError && error.exitCode === 1) return Buffer.alloc(0) // the input has ended
      throw error
    })
    return (await unlessAborted(answer, stdin, signal)) ?? Buffer.alloc(0)
  }
  const silent = !asking.twice && asking.where === 'stderr' // a program answers, and it needs no question
  if (!silent) screen.write(question)
  const line = await unlessAborted(readLine(stdin, longest + 2), stdin, signal)
  if (!silent) screen.write('\n')
  if (asking.where === 'stdout') await output.finish()
  return line
}

/** A signal ends the waiting; the terminal is then as it was, and nothing waits for `stdin` any more. */
async function unlessAborted<T>(answer: Promise<T>, stdin: Readable, signal: AbortSignal): Promise<T> {
  let stop = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      if ('setRawMode' in stdin && typeof stdin.setRawMode === 'function') stdin.setRawMode(false)
      stdin.destroy()
      reject(signal.reason)
    }
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop)
  })
  answer.catch(() => {}) // destroyed, the stream fails when nobody listens any more
  return Promise.race([answer, aborted]).finally(() => signal.removeEventListener('abort', stop))
}

async function fromFile(file: string, { host, signal }: Tools): Promise<Buffer> {
  const bytes =
    file === '-'
      ? await unlessAborted(readUpTo(host.stdin, longest + 3), host.stdin, signal)
      : readWhole(file)
  const end = bytes.at(-1) !== 0x0a ? bytes.length : bytes.at(-2) === 0x0d ? -2 : -1
  const password = bytes.subarray(0, end)
  if (!password.includes(0x0a)) return password
  const what = file === '-' ? 'Standard input' : `The password file ${file}`
  throw new MqttxError(`${what} has more than one line.`, {
    hint: 'it should hold a password and nothing else',
  })
}

function readWhole(file: string): Buffer {
  try {
    return withoutMark(readSmallFile(file))
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw new MqttxError(`Unable to open password file ${file}. ${strerror(error)}.`, { cause: error })
  }
}

async function readUpTo(stream: Readable, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= limit) break
  }
  return Buffer.concat(chunks)
}
