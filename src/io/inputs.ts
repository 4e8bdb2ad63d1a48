// The files that a command reads as streams. All can be closed at once, also while they wait for data.
import { constants, createReadStream, openSync, statSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { isatty, ReadStream } from 'node:tty'
import { can } from '../runtime.js'

export class Inputs {
  readonly #stdin: () => Readable
  readonly #open = new Set<Readable>()

  constructor(stdin: () => Readable) {
    this.#stdin = stdin
  }

  /**
   * `-` is standard input. `bytes`: of a chunk of a file.
   * @throws the errors of node:fs
   */
  open(file: string, bytes?: number): Readable {
    const stream = file === '-' ? this.#stdin() : openFile(file, bytes)
    this.#open.add(stream)
    stream.once('close', () => this.#open.delete(stream))
    return stream
  }

  /** Ends reading: what is read would keep the process alive. */
  close(): void {
    for (const stream of this.#open) stream.destroy()
  }
}

/**
 * A file as a stream. Node reads files on threads, and a process does not end before its threads: what may be silent, a
 * named pipe or a terminal, is read without one.
 * @throws the errors of node:fs
 */
export function openFile(path: string, bytes?: number): Readable {
  if (can.readPipes && statSync(path).isFIFO()) {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK) // without it, opening waits for a writer
    return new Socket({ fd, readable: true, writable: false })
  }
  const fd = openSync(path, 'r')
  if (can.readPipes && isatty(fd)) return new ReadStream(fd)
  return createReadStream('', {
    fd,
    ...(bytes !== undefined && { highWaterMark: bytes }),
  })
}
