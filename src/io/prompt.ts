// Reads a secret: from a terminal without echo, or as the first line of a pipe.
import { closeSync, openSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { ExitCode, MqttxError } from '../errors.js'
import { enterRawMode, isKeyboard, type Keyboard, suspend } from './keyboard.js'
import { terminalMode } from './terminal-mode.js'

const ctrlC = 0x03
const ctrlD = 0x04
const ctrlU = 0x15
const ctrlZ = 0x1a
const escapeKey = 0x1b
const ctrlBackslash = 0x1c
const erase = [0x08, 0x7f]
const lineEnds = [0x0a, 0x0d]
const tab = 0x09
/** Bytes that are kept of the input: one more than the longest secret. */
const mostTyped = 65_536

/**
 * Prompts on the terminal `input` and writes the question to `output`; if `input` is not a terminal, uses the controlling
 * terminal for both. The input is not echoed.
 * @returns undefined if there is no terminal
 * @throws MqttxError with status 130 on Ctrl-C, 1 when the input ends before the line
 */
export async function askSecret(
  question: string,
  { input, output }: { input: Readable; output: Writable },
): Promise<Buffer | undefined> {
  if (isKeyboard(input)) return ask(question, input, output)
  const terminal = await controllingTerminal()
  if (terminal === undefined) return undefined
  try {
    return await ask(question, terminal.keyboard, terminal.screen)
  } finally {
    terminal.close()
  }
}

/**
 * The first line of `stream` without its LF or CR LF; the bytes after it stay in the stream. A longer line is cut after
 * about `limit` bytes.
 * @throws the error of the stream
 */
export function readLine(stream: Readable, limit: number): Promise<Buffer> {
  let seen: Buffer = Buffer.alloc(0)
  return new Promise((resolve, reject) => {
    const stop = () => stream.off('data', onData).off('end', onEnd).off('error', onError).pause()
    const onEnd = () => {
      stop()
      resolve(seen)
    }
    const onError = (error: Error) => {
      stop()
      reject(error)
    }
    const onData = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk])
      const end = seen.indexOf(0x0a)
      if (end < 0 && seen.length >= limit) return void onEnd()
      if (end < 0) return
      stop()
      if (end + 1 < seen.length) stream.unshift(seen.subarray(end + 1))
      resolve(seen.subarray(0, seen[end - 1] === 0x0d ? end - 1 : end))
    }
    if (stream.readableEnded || stream.destroyed) return onEnd()
    stream.on('data', onData).once('end', onEnd).once('error', onError).resume() // an earlier readLine may have paused it
  })
}

/** The controlling terminal, if there is one. */
async function controllingTerminal(): Promise<
  { keyboard: Keyboard; screen: Writable; close(): void } | undefined
> {
  let descriptor: number
  try {
    descriptor = openSync('/dev/tty', 'r+')
  } catch {
    return undefined // a service, a container, Windows
  }
  const { ReadStream, WriteStream, isatty } = await import('node:tty')
  if (!isatty(descriptor)) {
    closeSync(descriptor)
    return undefined
  }
  const keyboard = new ReadStream(descriptor)
  const screen = new WriteStream(openSync('/dev/tty', 'w'))
  return {
    keyboard,
    screen,
    close() {
      keyboard.destroy()
      screen.destroy()
    },
  }
}

function ask(question: string, keyboard: Keyboard, screen: Writable): Promise<Buffer> {
  let typed: Buffer = Buffer.alloc(0)
  const isText = textFilter()
  return new Promise<Buffer>((resolve, reject) => {
    const onData = (keys: Buffer) => {
      for (const [at, key] of keys.entries()) {
        if (!isText(key)) continue
        if (lineEnds.includes(key)) {
          settle(() => resolve(typed))
          const ahead = keys.subarray(at + 1)
          return void (ahead.length > 0 && keyboard.unshift(ahead)) // for the next reader
        }
        if (key === ctrlC || key === ctrlBackslash) return settle(() => reject(interrupted()))
        if (key === ctrlD) return settle(() => (typed.length > 0 ? resolve(typed) : reject(nothing())))
        if (key === ctrlZ) suspend()
        else if (key === ctrlU) typed = Buffer.alloc(0)
        else if (erase.includes(key)) typed = withoutLast(typed)
        else if (typed.length < mostTyped && (key >= 0x20 || key === tab)) {
          typed = Buffer.concat([typed, Buffer.of(key)])
        }
      }
    }
    const onEnd = () => settle(() => reject(nothing()))
    const enter = () => {
      enterRawMode(keyboard) // before the question: the answer may come at once
      screen.write(question)
    }
    const leave = terminalMode(enter, () => keyboard.setRawMode(false))
    const settle = (act: () => void) => {
      keyboard.off('data', onData).off('end', onEnd).off('error', onEnd).pause()
      leave()
      screen.write('\n')
      act()
    }
    if (keyboard.readableEnded || keyboard.destroyed) return onEnd()
    keyboard.on('data', onData).once('end', onEnd).once('error', onEnd).resume()
  })
}

/** False for the bytes of an escape sequence, which arrow and function keys send (ECMA-48, 5.4). */
function textFilter(): (key: number) => boolean {
  let state: 'text' | 'escape' | 'sequence' | 'last' = 'text'
  return (key) => {
    switch (state) {
      case 'text':
        if (key === escapeKey) state = 'escape'
        return key !== escapeKey
      case 'escape':
        state = key === 0x5b ? 'sequence' : key === 0x4f ? 'last' : 'text' // CSI, SS3, or Alt and a key
        return lineEnds.includes(key) || key === ctrlC
      case 'sequence':
        if (key >= 0x40 && key <= 0x7e) state = 'text'
        return false
      case 'last':
        state = 'text'
        return false
      default:
        return state satisfies never
    }
  }
}

/** Removes the last UTF-8 character. */
function withoutLast(text: Buffer): Buffer {
  let end = text.length - 1
  while (end > 0 && (text[end]! & 0xc0) === 0x80) end--
  return text.subarray(0, Math.max(0, end))
}

const interrupted = () => new MqttxError('Interrupted.', { exitCode: ExitCode.interrupted })
const nothing = () => new MqttxError('The input ended before the answer.')
