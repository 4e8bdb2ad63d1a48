// One network connection from CONNECT to the close: bytes both ways, keep alive, back-pressure. It knows packets but
// not what they mean: that is the Session's, and Connection brings the two together.
import type { Duplex } from 'node:stream'
import { Batch } from '../codec/batch.js'
import { Decoder, type PacketHandler } from '../codec/decoder.js'
import type { ProtocolVersion } from '../codec/publish.js'
import { type MqttxError, ProtocolError } from '../errors.js'
import { KeepAlive } from '../session/keep-alive.js'
import { limitFrames } from '../transport/frame-limit.js'
import { connackMissing, keepAliveExceeded } from './failures.js'
import { lossOf } from './losses.js'
import { Writer } from './writer.js'

export interface LinkHandler extends PacketHandler {
  /** The packets of a chunk have been handled: time to write what they caused. */
  chunkEnd(): void
  /** The socket takes bytes again after it had asked to wait. */
  drained(): void
  /** PINGREQ has been sent because nothing else was. */
  pinged(): void
  /** The connection is gone, and not because `close` or `destroy` was called. Called once. */
  lost(error: MqttxError): void
  /** A method of this handler, or the work that `flushAfter` waits for, has failed with `error`. Called once. */
  failed(error: Error): void
}

/** How `close` ended: all bytes taken, the connection lost before, or no byte taken for too long. */
export type Closed = 'taken' | 'lost' | 'stuck'

const pingreq = Buffer.from([0xc0, 0])
const closeTimeoutMs = 2000 // how long a server may take to close after our DISCONNECT
const stuckTimeoutMs = 60_000 // how long it may take none of the bytes before it, without a shorter Keep Alive

/** Bytes that are read only to see that the server is there; with more, it is taken at its word. */
const maxHeld = 16 * 1024 * 1024

/** Acknowledgements that may wait unsent while reading goes on: one for every Packet Identifier, four bytes each. */
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
  #over = false
  #closing = false
  #stuck = false
  /** The owner has work to finish before it takes more. */
  #busy = false
  /** The server does not read our acknowledgements: it is not read either. */
  #clogged = false
  #acknowledgements = 0
  #acknowledgementsTaken = 0
  #held: Buffer[] = []
  #heldBytes = 0
  #answered = false
  /** The owner's count of messages, and the count that the write before the next one brings to its end. */
  #mark: number
  #last: { mark: number; taken: boolean }
  #taken: number

  constructor(
    stream: Duplex,
    handler: LinkHandler,
    options: { version: ProtocolVersion; mark: number; maxPacketSize?: number | undefined },
  ) {
    this.#stream = stream
    this.#handler = handler
    this.#version = options.version
    this.#mark = options.mark
    this.#last = { mark: options.mark, taken: true }
    this.#taken = options.mark
    this.#decoder = new Decoder(handler, options.version, options.maxPacketSize)
    this.#keepAlive = new KeepAlive(0, 0)
    this.batch = new Batch((bytes) => this.#write(bytes))
    this.#writer = new Writer(stream, {
      progressed: () => this.#onProgress(),
      drained: () => this.#onDrain(),
    })
    stream.on('data', (chunk: Buffer) => this.#onData(chunk))
    stream.on('error', (error: Error) => this.#fail(this.#loss(error)))
    stream.on('close', () => this.#fail(this.#loss()))
  }

  /** Bytes that were written here and that the operating system has not taken yet. */
  get unsent(): number {
    return this.#writer.unsent
  }

  /** Up to which message, in the count that `mark` was told, the operating system has taken all. */
  get taken(): number {
    return this.#taken
  }

  /** Message number `count` has been encoded into the batch. */
  mark(count: number): void {
    this.#mark = count
    if (this.batch.pending > 0) return
    this.#last.mark = count // a long payload is written at once: the last write was its end
    if (this.#last.taken) this.#taken = count
  }

  /** An acknowledgement has been encoded into the batch. */
  acknowledged(): void {
    this.#acknowledgements++
  }

  /** From CONNACK on: `seconds` is the Keep Alive in force, 0 for none. */
  startKeepAlive(seconds: number): void {
    limitFrames(this.#stream, Number.POSITIVE_INFINITY)
    if (seconds > 0) this.#stuckMs = Math.min(stuckTimeoutMs, 1500 * seconds)
    this.#keepAlive = new KeepAlive(seconds, performance.now())
    this.#arm()
  }

  /**
   * Writes the batch, after `work` where there is some. Until then nothing is handed on. What comes meanwhile is left
   * to the system, but for a chunk at each PINGREQ: that is held here, and shows that the server is there.
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
      (error: Error) => this.#break(error),
    )
  }

  get #paused(): boolean {
    return this.#busy || this.#clogged
  }

  /** Hands on what is held, then reads again. */
  #proceed(): void {
    while (!this.#paused && !this.#over) {
      const chunk = this.#held.shift()
      if (chunk === undefined) return void this.#stream.resume()
      this.#heldBytes -= chunk.length
      this.#take(chunk)
    }
  }

  /** No packet after the one being handled reaches the handler. */
  stopReading(): void {
    this.#decoder.stop()
  }

  /**
   * Writes `last` (a DISCONNECT) and FIN and waits until the server has closed: at most two seconds, and before that
   * for as long as it takes bytes; in all no longer than `limitMs`.
   */
  async close(last: Uint8Array, limitMs: number | undefined): Promise<Closed> {
    if (this.#over) return 'lost'
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
    this.#over = true
    this.#decoder.stop()
    clearTimeout(this.#timer)
  }

  #write(bytes: Uint8Array): boolean {
    if (this.#over) return true // what is written after the end goes nowhere, like the rest of the batch
    this.#keepAlive.sent(performance.now())
    const write = { mark: this.#mark, taken: false }
    const acknowledgements = this.#acknowledgements
    this.#last = write
    return this.#writer.write(bytes, () => {
      write.taken = true
      this.#taken = write.mark
      this.#acknowledgementsTaken = acknowledgements
    })
  }

  #onProgress(): void {
    if (this.#over) {
      if (this.#closing && !this.#stream.writableFinished) this.#destroyIn(this.#stuckMs)
      return
    }
    this.#keepAlive.progressed(performance.now())
    this.#unclog()
  }

  /** Called once a chunk and at every progress. */
  #unclog(): void {
    const unsent = this.#acknowledgements - this.#acknowledgementsTaken
    if (this.#clogged === unsent > maxUnsentAcknowledgements) return
    this.#clogged = !this.#clogged
    if (this.#clogged) this.#stream.pause()
    else this.#proceed()
  }

  #onData(chunk: Buffer): void {
    if (this.#over) return
    this.#keepAlive.received(performance.now())
    if (!this.#paused) return this.#take(chunk)
    this.#stream.pause()
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#heldBytes > maxHeld) this.#keepAlive.suspend()
  }

  /** The only place from which the handler is called for what the server has sent. */
  #take(chunk: Buffer): void {
    try {
      if (!this.#answered) this.#checkFirst(chunk)
      this.#decoder.push(chunk)
      if (!this.#over) this.#handler.chunkEnd()
    } catch (error) {
      if (error instanceof ProtocolError) this.#refuse(error)
      else this.#break(error as Error)
    }
    if (!this.#over) this.#unclog()
  }

  /** The owner has failed: nothing more is exchanged. */
  #break(error: Error): void {
    if (this.#over) return
    this.destroy()
    this.#handler.failed(error)
  }

  /** Whoever answers with anything but CONNACK, or AUTH, is no MQTT server, and need not send a whole packet to be known. */
  #checkFirst(chunk: Buffer): void {
    this.#answered = true
    const type = chunk[0]! >> 4
    if (type !== 2 && !(type === 15 && this.#version === 5)) throw connackMissing(chunk)
  }

  /** Ends the connection over a broken rule, telling a MQTT 5 server which [MQTT-4.13.1-1]. */
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
    if (!this.#over) this.#handler.drained()
  }

  #loss(error?: Error): MqttxError {
    const encrypted = 'encrypted' in this.#stream
    const webSocket = 'webSocket' in this.#stream
    return lossOf(error, { answered: this.#answered, encrypted, webSocket })
  }

  #fail(error: MqttxError): void {
    if (this.#over) return
    this.#end()
    if (!(error instanceof ProtocolError)) this.#stream.destroy()
    this.#handler.lost(error)
  }

  #arm(): void {
    const deadline = this.#keepAlive.deadline()
    clearTimeout(this.#timer)
    if (deadline === Number.POSITIVE_INFINITY || this.#over) return
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, Math.ceil(deadline - performance.now())))
  }

  #tick(): void {
    const due = this.#keepAlive.tick(performance.now())
    if (due === 'lost') {
      return this.#fail(keepAliveExceeded())
    }
    if (due === 'ping') {
      this.#ping()
      if (this.#busy && !this.#clogged && this.#heldBytes <= maxHeld) this.#stream.resume()
    }
    this.#arm()
  }

  /** Past the batch, whose acknowledgements may have to wait for standard output. */
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
