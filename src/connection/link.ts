// One network connection from CONNECT to the close: bytes both ways, keep alive, back-pressure. It knows packets but
// not what they mean: that is the Session's, and Connection brings the two together.
import type { Duplex } from 'node:stream'
import { Batch } from '../codec/batch.js'
import { Decoder, type PacketHandler } from '../codec/decoder.js'
import type { ProtocolVersion } from '../codec/publish.js'
import { type MqttxError, ProtocolError } from '../errors.js'
import { KeepAlive } from '../session/keep-alive.js'
import { connackMissing, keepAliveExceeded } from './failures.js'
import { lossOf } from './losses.js'

export interface LinkHandler extends PacketHandler {
  /** The packets of a chunk have been handled: time to write what they caused. */
  chunkEnd(): void
  /** The socket takes bytes again after it had asked to wait. */
  drained(): void
  /** PINGREQ has been sent because nothing else was. */
  pinged(): void
  /** The connection is gone, and not because `close` or `destroy` was called. Called once. */
  lost(error: MqttxError): void
}

const pingreq = Buffer.from([0xc0, 0])
const closeTimeoutMs = 2000 // how long a server may take to close after our DISCONNECT
const stuckTimeoutMs = 60_000 // how long it may take none of the bytes before it

/** Bytes that are read only to see that the server is there; with more, it is taken at its word. */
const maxHeld = 16 * 1024 * 1024

export class Link {
  readonly batch: Batch
  readonly #stream: Duplex
  readonly #handler: LinkHandler
  readonly #decoder: Decoder
  readonly #version: ProtocolVersion
  #keepAlive: KeepAlive
  #timer: NodeJS.Timeout | undefined
  #over = false
  #paused = false
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
    stream.on('data', (chunk: Buffer) => this.#onData(chunk))
    stream.on('drain', () => this.#onDrain())
    stream.on('error', (error: Error) => this.#fail(this.#loss(error)))
    stream.on('close', () => this.#fail(this.#loss()))
  }

  /** Bytes that were written here and that the operating system has not taken yet. */
  get unsent(): number {
    return this.#stream.writableLength
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

  /** From CONNACK on: `seconds` is the Keep Alive in force, 0 for none. */
  startKeepAlive(seconds: number): void {
    this.#keepAlive = new KeepAlive(seconds, performance.now())
    this.#arm()
  }

  /**
   * Hands nothing on until `resume()`. What comes meanwhile is left to the system, but for a chunk each time that the
   * server is asked for a sign of life: that is held here, and shows that it is there.
   */
  pause(): void {
    this.#paused = true
    this.#stream.pause()
  }

  resume(): void {
    if (this.#over) return
    this.#paused = false
    this.#keepAlive.resume(performance.now())
    while (!this.#paused && !this.#over) {
      const chunk = this.#held.shift()
      if (chunk === undefined) return void this.#stream.resume()
      this.#heldBytes -= chunk.length
      this.#take(chunk)
    }
  }

  /** Writes the batch, after `busy` where there is one; nothing is read until then. */
  flushAfter(busy: Promise<void> | undefined): void {
    if (busy === undefined) return this.batch.flush()
    this.pause()
    busy.then(
      () => {
        this.batch.flush()
        this.resume()
      },
      () => this.destroy(), // whoever made the promise knows of the error
    )
  }

  /** No packet after the one being handled reaches the handler. */
  stopReading(): void {
    this.#decoder.stop()
  }

  /**
   * Writes `last` (a DISCONNECT) and FIN and waits until the server has closed, at most two seconds.
   * @returns false when the server did not take all that was written
   */
  async close(last: Uint8Array): Promise<boolean> {
    if (this.#over) return false
    this.batch.flush()
    this.#end()
    this.#decoder.stop()
    this.#stream.resume()
    const closed = new Promise<void>((resolve) => this.#stream.once('close', resolve))
    this.#stream.end(last)
    this.#stream.once('finish', () => {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#stream.destroy(), closeTimeoutMs)
    })
    this.#destroyWhenStuck()
    await closed
    clearTimeout(this.#timer)
    return this.#stream.writableFinished
  }

  /** A server that takes nothing for a long time will not take the rest. */
  #destroyWhenStuck(): void {
    const before = this.#stream.writableLength
    this.#timer = setTimeout(() => {
      if (this.#stream.writableLength < before) this.#destroyWhenStuck()
      else this.#stream.destroy()
    }, stuckTimeoutMs)
  }

  destroy(): void {
    this.#end()
    this.#stream.destroy()
  }

  #end(): void {
    this.#over = true
    clearTimeout(this.#timer)
  }

  #write(bytes: Uint8Array): boolean {
    if (this.#over) return true // what is written after the end goes nowhere, like the rest of the batch
    this.#keepAlive.sent(performance.now())
    const write = { mark: this.#mark, taken: false }
    this.#last = write
    return this.#stream.write(bytes, (error) => {
      if (error) return
      write.taken = true
      this.#taken = write.mark
    })
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

  #take(chunk: Buffer): void {
    try {
      if (!this.#answered) this.#checkFirst(chunk)
      this.#decoder.push(chunk)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      return this.#refuse(error)
    }
    if (!this.#over) this.#handler.chunkEnd()
  }

  /** Whoever answers with anything but CONNACK, or AUTH, is no MQTT server, and need not send a whole packet to be known. */
  #checkFirst(chunk: Buffer): void {
    this.#answered = true
    const type = chunk[0]! >> 4
    if (type !== 2 && !(type === 15 && this.#version === 5)) throw connackMissing(chunk)
  }

  /** Ends the connection over a broken rule, telling a MQTT 5 server which [MQTT-4.13.1-1]. */
  #refuse(error: ProtocolError): void {
    if (this.#version === 5) this.#stream.write(Buffer.from([0xe0, 1, error.reasonCode]))
    this.#stream.end()
    setTimeout(() => this.#stream.destroy(), 100).unref()
    this.#fail(error)
  }

  #onDrain(): void {
    this.batch.writable = true
    if (!this.#over) this.#handler.drained()
  }

  #loss(error?: Error): MqttxError {
    return lossOf(error, { answered: this.#answered, encrypted: 'encrypted' in this.#stream })
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
      this.#write(pingreq) // past the batch, whose acknowledgements may have to wait for standard output
      this.#handler.pinged()
      if (this.#paused && this.#heldBytes <= maxHeld) this.#stream.resume()
    }
    this.#arm()
  }
}
