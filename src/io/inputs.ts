// The files that a command reads as streams. All can be closed at once, also while they wait for data.
import { constants, createReadStream, openSync, statSync } from 'node:fs'
import { Socket } from 'node:net'
import { PassThrough, pipeline, type Readable } from 'node:stream'
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
 * named pipe or a terminal, is read without one where that is possible.
 * @throws the errors of node:fs
 */
export function openFile(path: string, bytes?: number): Readable {
  const how = bytes === undefined ? {} : { highWaterMark: bytes }
  if (statSync(path).isFIFO()) {
    if (!can.readPipes) return endable(createReadStream(path, how)) // opening it may wait for a writer too
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK) // without it, opening waits for a writer
    return new Socket({ fd, readable: true, writable: false })
  }
  const fd = openSync(path, 'r')
  if (!isatty(fd)) return createReadStream('', { fd, ...how })
  return can.readPipes ? new ReadStream(fd) : endable(createReadStream('', { fd }))
}

/** The same bytes in a stream that is closed as soon as it is destroyed: that of a file waits for its thread. */
function endable(file: Readable): Readable {
  return pipeline(file, new PassThrough(), () => {})
}
