// Reads a password from an argument, a file or a prompt, or generates one.
import { randomInt } from 'node:crypto'
import type { Readable } from 'node:stream'
import { textToBytes } from '../../byte-text.js'
import { MqttxError } from '../../errors.js'
import { askSecret, readLine } from '../../io/prompt.js'
import { readSmallFile, withoutMark } from '../../io/small-file.js'
import { isSystemError, strerror } from '../../io/system-error.js'
import { isTerminal } from '../../io/terminal.js'
import type { Source } from './request.js'
import { type Tools, unlessEnded } from './tools.js'

const longest = 65_535
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const generatedLength = 24 // 142 bits

/** How to prompt: once or twice, and on which stream. mosquitto_passwd prompts on standard output. */
export interface Prompting {
  readonly twice: boolean
  readonly where: 'stdout' | 'stderr'
}

/** @throws MqttxError for an empty or too long password, or two that differ */
export async function passwordFrom(source: Source, tools: Tools, prompting: Prompting): Promise<Buffer> {
  switch (source.from) {
    case 'argument':
      return textToBytes(source.text)
    case 'file':
      return checked(await fromFile(source.file, tools))
    case 'generator':
      return Buffer.from(
        Array.from({ length: generatedLength }, () => letters[randomInt(letters.length)]).join(''),
      )
    case 'prompt': {
      const password = checked(await ask('Password: ', tools, prompting))
      if (!prompting.twice) return password
      const again = checked(await ask('Reenter password: ', tools, prompting))
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

async function ask(
  question: string,
  { host, output, signal }: Tools,
  { twice, where }: Prompting,
): Promise<Buffer> {
  const { stdin } = host
  const screen = host[where]
  if (isTerminal(stdin)) {
    const answer = askSecret(question, { input: stdin, output: screen }).catch((error: unknown) => {
      if (error instanceof MqttxError && error.exitCode === 1) return Buffer.alloc(0) // end of input
      throw error
    })
    return (await unlessAborted(answer, stdin, signal)) ?? Buffer.alloc(0)
  }
  const silent = !twice && where === 'stderr' // input from a program needs no prompt
  if (!silent) screen.write(question)
  const line = await unlessAborted(readLine(stdin, longest + 2), stdin, signal)
  if (!silent) screen.write('\n')
  if (where === 'stdout') await output.finish()
  return line
}

/** Awaits `answer`. If `signal` aborts, restores the terminal, destroys `stdin` and rejects. */
function unlessAborted<T>(answer: Promise<T>, stdin: Readable, signal: AbortSignal): Promise<T> {
  return unlessEnded(answer, signal, () => {
    if ('setRawMode' in stdin && typeof stdin.setRawMode === 'function') stdin.setRawMode(false)
    stdin.destroy()
  })
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
    hint: 'it must contain only a password',
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
