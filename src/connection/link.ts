// One network connection from CONNECT to the close: packets in both directions, keep alive, back-pressure.
import type { Duplex } from 'node:stream'
import { Batch } from '../codec/batch.js'
import { Decoder, type PacketHandler } from '../codec/decoder.js'
import type { ProtocolVersion } from '../codec/publish.js'
import { type MqttxError, ProtocolError } from '../errors.js'
import { KeepAlive } from '../session/keep-alive.js'
import { limitFrames } from '../transport/frame-limit.js'
import { connackMissing, keepAliveExceeded } from './failures.js'
import { unexpectedClose } from './unexpected-close.js'
import { Writer } from './writer.js'

export interface LinkHandler extends PacketHandler {
  /** All packets of a chunk have been handled. */
  chunkEnd(): void
  /** The batch is writable again. */
  drained(): void
  /** PINGREQ has been sent. */
  pinged(): void
  /** The connection was lost before `close` or `destroy` was called. Called once. */
  lost(error: MqttxError): void
  /** A method of this handler, or the promise given to `flushAfter`, has failed with `error`. Called once. */
  failed(error: Error): void
}

/** Result of `close`: all bytes were taken, the server closed before, or it took none for too long. */
export type Closed = 'taken' | 'lost' | 'stuck'

const pingreq = Buffer.from([0xc0, 0])
const closeTimeoutMs = 2000 // for the server to close after our DISCONNECT
const stuckTimeoutMs = 60_000 // for the server to take some bytes during `close`; 1.5 Keep Alive if that is less

/** Bytes that are kept while the handler is busy. With more, the keep alive is suspended. */
const maxHeld = 16 * 1024 * 1024

/** With more acknowledgements unsent, reading stops: one for every Packet Identifier, four bytes each. */
const maxUnsentAcknowledgements = 65_535

export class Link {
  readonly batch: Batch
  readonly #stream: Duplex
  readonly #writer: Writer
  readonly #handler: LinkHandler
  readonly #decoder: Decoder
  readonly #version: ProtocolVersion
  #keepAlive: KeepAlive
  #stuckMs = stuckTimeoutMs
  #timer: NodeJS.Timeout | undefined
  /** Closed or lost: nothing is handled or written any more. */
  #ended = false
  #closing = false
  #stuck = false
  /** The promise given to `flushAfter` is pending. */
  #busy = false
  /** Too many acknowledgements are unsent. */
  #blocked = false
  #acknowledgements = 0
  #acknowledgementsTaken = 0
  #held: Buffer[] = []
  #heldBytes = 0
  #answered = false
  /** Messages encoded so far; `#lastWrite` covers the first `count` of them. */
  #encoded: number
  #lastWrite: { count: number; taken: boolean }
  #taken: number

  constructor(
    stream: Duplex,
    handler: LinkHandler,
    options: { version: ProtocolVersion; encoded: number; maxPacketSize?: number | undefined },
  ) {
    this.#stream = stream
    this.#handler = handler
    this.#version = options.version
    this.#encoded = options.encoded
    this.#lastWrite = { count: options.encoded, taken: true }
    this.#taken = options.encoded
    this.#decoder = new Decoder(handler, options.version, options.maxPacketSize)
    this.#keepAlive = new KeepAlive(0, 0)
    this.batch = new Batch((bytes) => this.#write(bytes))
    this.#writer = new Writer(stream, {
      progressed: () => this.#onProgress(),
      drained: () => this.#onDrain(),
    })
    stream.on('data', (chunk: Buffer) => this.#onData(chunk))
    stream.on('error', (error: Error) => this.#fail(this.#closeError(error)))
    stream.on('close', () => this.#fail(this.#closeError()))
  }

  /** Bytes written that the operating system has not taken yet. */
  get unsent(): number {
    return this.#writer.unsent
  }

  /** Messages that the operating system has taken, in the count of `encoded`. */
  get taken(): number {
    return this.#taken
  }

  /** Message number `count` has been encoded into the batch. */
  encoded(count: number): void {
    this.#encoded = count
    if (this.batch.pending > 0) return
    this.#lastWrite.count = count // a long payload is written at once: the last write was its end
    if (this.#lastWrite.taken) this.#taken = count
  }

  /** An acknowledgement has been encoded into the batch. */
  acknowledged(): void {
    this.#acknowledgements++
  }

  /** Called at CONNACK. `seconds` is the Keep Alive in force, 0: off. */
  startKeepAlive(seconds: number): void {
    limitFrames(this.#stream, Number.POSITIVE_INFINITY)
    if (seconds > 0) this.#stuckMs = Math.min(stuckTimeoutMs, 1500 * seconds)
    this.#keepAlive = new KeepAlive(seconds, performance.now())
    this.#arm()
  }

  /**
   * Writes the batch once `work` has resolved, or at once without it. Until then no packet is handled and the socket is
   * not read, except for one chunk after each PINGREQ, which is kept: it shows that the server is alive.
   */
  flushAfter(work: Promise<void> | undefined): void {
    if (work === undefined) return this.batch.flush()
    this.#busy = true
    this.#stream.pause()
    work.then(
      () => {
        this.batch.flush()
        this.#busy = false
        this.#keepAlive.resume(performance.now())
        this.#proceed()
      },
      (error: Error) => this.#handlerFailed(error),
    )
  }

  get #paused(): boolean {
    return this.#busy || this.#blocked
  }

  /** Handles the chunks that are kept, then reads again. */
  #proceed(): void {
    while (!this.#paused && !this.#ended) {
      const chunk = this.#held.shift()
      if (chunk === undefined) return void this.#stream.resume()
      this.#heldBytes -= chunk.length
      this.#handle(chunk)
    }
  }

  /** Ignores all packets after the one being handled. */
  stopReading(): void {
    this.#decoder.stop()
  }

  /**
   * Writes `last` (a DISCONNECT) and FIN, and waits for the server to close: as long as it keeps taking bytes, then two
   * seconds; `limitMs` in all.
   */
  async close(last: Uint8Array, limitMs: number | undefined): Promise<Closed> {
    if (this.#ended) return 'lost'
    this.batch.flush()
    this.#end()
    this.#stream.resume()
    const closed = new Promise<void>((resolve) => this.#stream.once('close', resolve))
    this.#writer.write(last, () => {})
    this.#writer.end()
    this.#stream.once('finish', () => this.#destroyIn(closeTimeoutMs))
    this.#closing = true
    this.#destroyIn(this.#stuckMs)
    const limit = limitMs === undefined ? undefined : setTimeout(() => this.#giveUp(), limitMs)
    await closed
    clearTimeout(this.#timer)
    clearTimeout(limit)
    if (this.#stream.writableFinished) return 'taken'
    return this.#stuck ? 'stuck' : 'lost'
  }

  #destroyIn(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#giveUp(), ms)
  }

  #giveUp(): void {
    this.#stuck = true
    this.#stream.destroy()
  }

  destroy(): void {
    this.#end()
    this.#stream.destroy()
  }

  #end(): void {
    this.#ended = true
    this.#decoder.stop()
    clearTimeout(this.#timer)
  }

  #write(bytes: Uint8Array): boolean {
    if (this.#ended) return true // dropped, like the rest of the batch
    this.#keepAlive.sent(performance.now())
    const write = { count: this.#encoded, taken: false }
    const acknowledgements = this.#acknowledgements
    this.#lastWrite = write
    return this.#writer.write(bytes, () => {
      write.taken = true
      this.#taken = write.count
      this.#acknowledgementsTaken = acknowledgements
    })
  }

  #onProgress(): void {
    if (this.#ended) {
      if (this.#closing && !this.#stream.writableFinished) this.#destroyIn(this.#stuckMs)
      return
    }
    this.#keepAlive.progressed(performance.now())
    this.#checkAcknowledgements()
  }

  /** Stops or resumes reading. Called after each chunk and each write. */
  #checkAcknowledgements(): void {
    const unsent = this.#acknowledgements - this.#acknowledgementsTaken
    if (this.#blocked === unsent > maxUnsentAcknowledgements) return
    this.#blocked = !this.#blocked
    if (this.#blocked) this.#stream.pause()
    else this.#proceed()
  }

  #onData(chunk: Buffer): void {
    if (this.#ended) return
    this.#keepAlive.received(performance.now())
    if (!this.#paused) return this.#handle(chunk)
    this.#stream.pause()
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#heldBytes > maxHeld) this.#keepAlive.suspend()
  }

  /** Decodes a chunk and calls the handler, whose errors are caught here. */
  #handle(chunk: Buffer): void {
    try {
      if (!this.#answered) this.#checkFirst(chunk)
      this.#decoder.push(chunk)
      if (!this.#ended) this.#handler.chunkEnd()
    } catch (error) {
      if (error instanceof ProtocolError) this.#refuse(error)
      else this.#handlerFailed(error as Error)
    }
    if (!this.#ended) this.#checkAcknowledgements()
  }

  /** The handler has thrown: closes the connection. */
  #handlerFailed(error: Error): void {
    if (this.#ended) return
    this.destroy()
    this.#handler.failed(error)
  }

  /** The first byte must be that of CONNACK or AUTH. This does not wait for a whole packet. */
  #checkFirst(chunk: Buffer): void {
    this.#answered = true
    const type = chunk[0]! >> 4
    if (type !== 2 && !(type === 15 && this.#version === 5)) throw connackMissing(chunk)
  }

  /** Closes the connection after a protocol error, with a DISCONNECT from MQTT 5 on [MQTT-4.13.1-1]. */
  #refuse(error: ProtocolError): void {
    if (this.#version === 5 && !this.#writer.busy) {
      this.#stream.write(Buffer.from([0xe0, 1, error.reasonCode]))
    }
    this.#stream.end()
    setTimeout(() => this.#stream.destroy(), 100).unref()
    this.#fail(error)
  }

  #onDrain(): void {
    this.batch.writable = true
    if (!this.#ended) this.#handler.drained()
  }

  #closeError(error?: Error): MqttxError {
    const encrypted = 'encrypted' in this.#stream
    const webSocket = 'webSocket' in this.#stream
    return unexpectedClose(error, { answered: this.#answered, encrypted, webSocket })
  }

  #fail(error: MqttxError): void {
    if (this.#ended) return
    this.#end()
    if (!(error instanceof ProtocolError)) this.#stream.destroy()
    this.#handler.lost(error)
  }

  #arm(): void {
    const deadline = this.#keepAlive.deadline()
    clearTimeout(this.#timer)
    if (deadline === Number.POSITIVE_INFINITY || this.#ended) return
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, Math.ceil(deadline - performance.now())))
  }

  #tick(): void {
    const due = this.#keepAlive.tick(performance.now())
    if (due === 'lost') return this.#fail(keepAliveExceeded())
    if (due === 'ping') {
      this.#ping()
      if (this.#busy && !this.#blocked && this.#heldBytes <= maxHeld) this.#stream.resume()
    }
    this.#arm()
  }

  /** Sends PINGREQ directly: the batch may hold acknowledgements that must wait for standard output. */
  #ping(): void {
    const now = performance.now()
    this.#keepAlive.sent(now)
    this.#writer.write(pingreq, () => {
      this.#keepAlive.pingTaken(performance.now())
      this.#arm()
    })
    this.#handler.pinged()
  }
}
