// --trace: the packets of each network connection, byte by byte on standard error or in a capture.
import type { Duplex, Writable } from 'node:stream'
import type { Direction } from '../capture/stream.js'
import { endsOf } from '../connection/ends.js'
import type { DatagramObserver, Ends } from '../connection/options.js'
import type { Host } from '../host.js'
import { Inspector } from '../inspect/inspector.js'
import { LiveConnections } from '../inspect/live.js'
import { maskedBytes } from '../inspect/secrets.js'
import { BytesView } from '../inspect/views/bytes.js'
import { CollectedText } from '../inspect/views/collected-text.js'
import type { TextSink, View } from '../inspect/views/view.js'
import { say } from '../io/say.js'
import { columnsOf, wantsColor } from '../io/terminal.js'
import { type FileWriter, fileWriter } from './packet-writer.js'
import type { TraceArgs } from './trace-args.js'

/** Bytes of a packet that are kept until it is complete; the rest of a longer one is missing in the trace. */
const longestPacket = 16 * 1024 * 1024

/** Bytes that may wait for a slow disk. More are left out, and the command fails. */
const mostWaiting = 16 * 1024 * 1024

export interface Trace {
  /** Follows `stream` to its end. Call it before anything is read or written. */
  observe(stream: Duplex): void
  /** Follows the datagrams of a socket. */
  observeDatagrams(ends: Ends): DatagramObserver
  /** @returns false if a part of the capture could not be written, which was reported */
  end(): Promise<boolean>
}

/** @throws MqttxError if the file cannot be opened */
export async function startTrace(args: TraceArgs, server: string, host: Host): Promise<Trace> {
  if (args.traceFile === undefined) {
    const text = new CollectedText()
    const view = await bytesView(text, args, { stream: host.stderr, env: host.env })
    return new StreamTrace({ server, view, print: () => void host.stderr.write(text.take()) })
  }
  const bytesOf = args.showSecrets ? undefined : maskedBytes
  const tell = (line: string): void => {
    if (args.quiet !== true) say(host.stderr, line)
  }
  const file = { file: args.traceFile, option: '--trace-file', whole: true }
  const writer = await fileWriter({ ...file, tell, ...(bytesOf && { bytesOf }) })
  return new StreamTrace({ server, view: writer.view, writer, tell })
}

interface Settings {
  readonly server: string
  readonly view: View
  /** Writes the text of the view. */
  print?(): void
  readonly writer?: FileWriter
  /** Receives errors. */
  tell?(line: string): void
}

export class StreamTrace implements Trace {
  readonly #server: string
  readonly #print: (() => void) | undefined
  readonly #writer: FileWriter | undefined
  readonly #tell: ((line: string) => void) | undefined
  readonly #inspector: Inspector
  readonly #live: LiveConnections
  #connections = 0
  #writing = false
  /** Bytes since the output was last ready. */
  #waiting = 0
  #left = 0

  constructor({ server, view, print, writer, tell }: Settings) {
    this.#server = server
    this.#print = print
    this.#writer = writer
    this.#tell = tell
    this.#inspector = new Inspector({ view, certain: true, keep: longestPacket })
    this.#live = new LiveConnections(this.#inspector)
  }

  observe(stream: Duplex): void {
    const id = ++this.#connections
    const { client, server } = endsOf(stream) ?? { client: `client:${id}`, server: this.#server }
    this.#live.opened(id, client, server)
    const write = stream.write.bind(stream) as (chunk: Uint8Array, ...rest: unknown[]) => boolean
    Object.assign(stream, {
      write: (chunk: Uint8Array, ...rest: unknown[]): boolean => {
        this.#passed(id, 'c2s', Buffer.from(chunk)) // the buffer of a batch is used again
        return write(chunk, ...rest)
      },
    })
    stream.on('data', (chunk: Buffer) => this.#passed(id, 's2c', chunk))
    stream.once('close', () => {
      this.#live.closed(id, stream.errored === null ? 'fin' : 'rst')
      this.#flush()
    })
  }

  observeDatagrams({ client, server }: Ends): DatagramObserver {
    const id = ++this.#connections
    this.#live.opened(id, client, server, 'udp')
    return {
      sent: (datagram) => this.#passed(id, 'c2s', datagram),
      received: (datagram) => this.#passed(id, 's2c', datagram),
      closed: () => {
        this.#live.closed(id, 'fin')
        this.#flush()
      },
    }
  }

  async end(): Promise<boolean> {
    this.#inspector.end()
    this.#flush()
    await this.#writer?.end()
    if (this.#writer?.hasFailed()) return false
    if (this.#left > 0)
      this.#tell?.(`Error: --trace-file: ${this.#left} bytes are not in the file: the disk is too slow.`)
    return this.#left === 0
  }

  #passed(id: number, direction: Direction, bytes: Uint8Array): void {
    if (this.#waiting + bytes.length > mostWaiting) {
      this.#left += bytes.length
      return this.#live.missed(id, direction, bytes.length, 'the disk is too slow')
    }
    if (this.#writing) this.#waiting += bytes.length
    this.#live.passed(id, direction, bytes, performance.timeOrigin + performance.now())
    this.#flush()
  }

  #flush(): void {
    this.#inspector.flush()
    this.#print?.()
    if (this.#writer === undefined || this.#writing) return
    this.#writing = true
    void this.#writer.flush().then(() => {
      this.#writing = false
      this.#waiting = 0
    })
  }
}

/** `stream`: where the text goes, for its colours and its width. */
export async function bytesView(
  text: TextSink,
  { showSecrets }: Pick<TraceArgs, 'showSecrets'>,
  { stream, env }: { stream: Writable; env: Host['env'] },
): Promise<View> {
  const paint = wantsColor(stream, env) ? (await import('../io/style.js')).style : undefined
  return new BytesView(text, {
    showSecrets,
    withoutFull: true,
    columns: columnsOf(stream),
    ...(paint && { paint }),
  })
}
