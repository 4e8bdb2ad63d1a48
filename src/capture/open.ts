// Entry point for reading captures: recognises the format of each file and connects the stages.
import { Context } from './context.js'
import type { Inflate, TlsCrypto } from './crypto.js'
import { looksLikeErf, mayBeErf } from './erf.js'
import { foreignFormat } from './formats.js'
import { Gate, never } from './gate.js'
import { Notes } from './notes.js'
import { PacketFile, type PacketFormat } from './packets.js'
import { isPcap } from './pcap.js'
import { sectionHeader } from './pcapng.js'
import { RawCapture, rawHead } from './raw.js'
import { isConnect } from './roles.js'
import { snoopMagic } from './snoop.js'
import type { CaptureSink, Instant } from './stream.js'
import { isText, TextCapture, textHead } from './text/text.js'
import { KeyLog } from './tls/key-log.js'
import { Utf16, utf16Of } from './utf16.js'

export type { AeadName, Inflate, TlsCrypto } from './crypto.js'

export interface CaptureOptions {
  /** TCP and UDP ports of servers (`--port`), in addition to the well-known ones. */
  readonly ports?: readonly number[]
  /** The direction of a raw byte stream. Default: by its first packet. */
  readonly direction?: 'c2s' | 's2c' | undefined
  /** A raw byte stream consists of MQTT-SN messages. Default: MQTT, TLS or WebSocket, by its first bytes. */
  readonly protocol?: 'mqtt-sn' | undefined
  /** Report the recognised kind of text as a note. */
  readonly tellsKind?: boolean
  readonly inflate?: Inflate
  readonly crypto?: TlsCrypto
  /** The text of a key log file (NSS format). Secrets in a pcapng file are also used. */
  readonly keyLog?: string | undefined
}

export interface FileReader {
  push(chunk: Uint8Array): void
  end(): void
}

export type Capture = FileReader

export interface FileOptions {
  /** For the suggested command; undefined for standard input. */
  readonly name?: string | undefined
  /** Origin.file of the packets, if the capture has several files. */
  readonly label?: string | undefined
  /** Frames are held until `release` passes them on. */
  readonly gated?: boolean
}

/**
 * Reads a capture of one file in any supported format. `push` its chunks, which must not be changed afterwards, then call
 * `end`. `sink` is called from within these two calls only.
 */
export function openCapture(sink: CaptureSink, options: CaptureOptions = {}): Capture {
  const reader = new CaptureReader(sink, options)
  const file = reader.file()
  return {
    push: (chunk) => file.push(chunk),
    end() {
      file.end()
      reader.end()
    },
  }
}

/** Reads a capture of one or more files. Connections continue from one file to the next. */
export class CaptureReader {
  readonly #context: Context

  constructor(sink: CaptureSink, options: CaptureOptions = {}) {
    const notes = new Notes(sink)
    const keyLog = new KeyLog()
    if (options.keyLog !== undefined) keyLog.add(options.keyLog)
    this.#context = new Context(sink, notes, { options, keyLog })
  }

  /** A file of the capture. */
  file(options: FileOptions = {}): CaptureFile {
    return new CaptureFile(this.#context, options)
  }

  /** Call after the end of all files. */
  end(): void {
    this.#context.end()
  }
}

/** One file of a capture. Collects its first bytes until the format is recognised. */
export class CaptureFile implements FileReader {
  /** Records with times, or one stream of bytes. Undefined until the format is recognised. */
  kind: 'packets' | 'bytes' | undefined
  readonly #context: Context
  readonly #name: string | undefined
  readonly #label: string | undefined
  readonly #gate: Gate | undefined
  #head: Buffer = Buffer.alloc(0)
  #reader: FileReader | undefined

  constructor(context: Context, { name, label, gated = false }: FileOptions) {
    this.#context = context
    this.#name = name
    this.#label = label
    this.#gate = gated ? new Gate({ push: (frame) => context.network.link.push(frame) }, never) : undefined
  }

  push(chunk: Uint8Array): void {
    if (this.#reader !== undefined) return this.#reader.push(chunk)
    this.#head = Buffer.concat([this.#head, chunk])
    this.#decide(false)
  }

  end(): void {
    if (this.#reader === undefined) this.#decide(true)
    this.#reader?.end()
    if (this.#reader === undefined) this.#context.notes.say('empty', 'the input is empty', 0)
  }

  /** Time of the first held frame of a gated file. */
  get next(): Instant | undefined {
    return this.#gate?.next
  }

  /** Passes on frames up to `limit`, those held and those pushed later; undefined: all. */
  release(limit: Instant | undefined): void {
    if (this.#gate === undefined) return
    this.#gate.limit = limit
    this.#gate.release()
  }

  #decide(isEnd: boolean): void {
    const reader = this.#recognise(isEnd)
    if (reader === undefined) return
    const head = this.#head
    this.#head = Buffer.alloc(0)
    this.#reader = reader
    this.kind = reader instanceof PacketFile ? 'packets' : 'bytes'
    reader.push(head)
  }

  #recognise(isEnd: boolean): FileReader | undefined {
    const head = this.#head
    if (head.length === 0 || (head.length < 6 && !isEnd)) return undefined
    const magic = head.length < 4 ? 0 : head.readUInt32BE(0)
    if (isPcap(magic)) return this.#packets('pcap')
    if (magic === sectionHeader) return this.#packets('pcapng')
    if (magic === snoopMagic) return this.#packets('snoop')
    // Bytes that are not text are shown as soon as they are recognised: they may arrive slowly.
    const needed = isText(head) || utf16Of(head) !== undefined || mayBeErf(head) ? textHead : rawHead
    return head.length < needed && !isEnd ? undefined : this.#bytes(head)
  }

  #bytes(head: Buffer): FileReader {
    const foreign = foreignFormat(head)
    if (foreign !== undefined) {
      const run = foreign.run?.replace('FILE', this.#name ?? '-')
      return this.#refuse(foreign.what, run)
    }
    const wide = utf16Of(head)
    if (wide !== undefined) {
      const sample = new Utf16(wide).read(head.subarray(0, textHead & ~1))
      const text = this.#text(sample.subarray(0, textHead))
      const decoder = new Utf16(wide)
      return { push: (chunk) => text.push(decoder.read(chunk)), end: () => text.end() }
    }
    const sample = head.subarray(0, textHead)
    if (
      isText(sample) &&
      !/^(GET \/|HTTP\/1|CONNECT \S+ HTTP|PROXY (TCP|UNK))/.test(sample.toString('latin1', 0, 300))
    )
      return this.#text(sample)
    if (!isConnect(head) && looksLikeErf(head)) return this.#packets('erf')
    return new RawCapture(this.#context, head.subarray(0, rawHead))
  }

  #packets(format: PacketFormat): FileReader {
    return new PacketFile(this.#context, format, {
      next: this.#gate ?? this.#context.network.link,
      label: this.#label,
    })
  }

  #text(sample: Buffer): FileReader {
    const text = TextCapture.open(this.#context, sample)
    if (text === undefined) return this.#refuse('text in no known form of hex dump or base64')
    if (this.#context.options.tellsKind) this.#context.notes.say('kind', `read as ${text.kind}`, -1)
    return text
  }

  #refuse(what: string, run?: string): FileReader {
    const advice = run === undefined ? '' : `; run: ${run}`
    this.#context.notes.say('unknown format', `this is ${what}; it was not read${advice}`, 0)
    return { push() {}, end() {} }
  }
}

/** Whether the text of a key log file has any secret. */
export function hasSecrets(keyLog: string): boolean {
  const log = new KeyLog()
  log.add(keyLog)
  return !log.isEmpty
}
