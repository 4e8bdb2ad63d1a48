// Loads the payload of a single message (-m, -f, -s) before connecting.
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { textToBytes } from '../byte-text.js'
import { maxRemainingLength } from '../codec/framing.js'
import { ExitCode, MqttxError } from '../errors.js'
import type { Host } from '../host.js'
import { say } from '../io/say.js'
import { strerror } from '../io/system-error.js'
import { isTerminal } from '../io/terminal.js'

const empty = Buffer.alloc(0)

export interface MessageSource {
  readonly message?: string
  readonly file?: string
  readonly stdinFile: boolean
}

/** @throws MqttxError for an unreadable file, empty standard input, or a payload larger than MQTT allows */
export async function loadPayload(args: MessageSource, host: Host): Promise<Buffer> {
  if (args.message !== undefined) {
    const bytes = textToBytes(args.message)
    if (bytes.length > maxRemainingLength) throw tooLong('Message length')
    return bytes
  }
  if (args.file !== undefined) return args.file === '-' ? readStdin(host) : readFile(args.file)
  return args.stdinFile ? readStdin(host) : empty
}

async function readFile(path: string): Promise<Buffer> {
  try {
    return await readAll(createReadStream(path), 'File')
  } catch (error) {
    if (error instanceof MqttxError) throw error
    const reason = strerror(error as NodeJS.ErrnoException)
    throw new MqttxError([`Unable to read file "${path}": ${reason}.`, `Error loading input file "${path}".`])
  }
}

async function readStdin(host: Host): Promise<Buffer> {
  const bytes = await readAll(host.stdin, 'Message length').catch((error: unknown) => {
    throw inputError(error)
  })
  if (bytes.length > 0) return bytes
  throw new MqttxError(['Zero length input.', 'Error loading input from stdin.'], {
    hint: 'use -n to send an empty message',
  })
}

async function readAll(stream: Readable, what: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxRemainingLength) throw tooLong(what)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Says on a terminal that standard input is being read. */
export function announceStdin({ quiet }: { quiet: boolean }, { stdin, stderr }: Host): void {
  if (!quiet && isTerminal(stdin)) say(stderr, 'Reading standard input. Press Ctrl-D to end.')
}

export function tooLong(what: string): MqttxError {
  return new MqttxError(`${what} must be less than ${maxRemainingLength} bytes.`)
}

/** Wraps a system error of the input `name` as an MqttxError; other errors pass through. */
export function inputError(error: unknown, name = 'standard input'): unknown {
  if (error instanceof MqttxError || !(error instanceof Error) || !('code' in error)) return error
  const message = `Unable to read ${name}: ${strerror(error as NodeJS.ErrnoException)}.`
  return new MqttxError(message, { exitCode: ExitCode.system, cause: error })
}
