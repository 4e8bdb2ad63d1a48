// Entry point for reading captures: recognises the format of each file and connects the stages.
import { CaptureContext } from './context.js'
import { looksLikeErf, mayBeErf } from './erf.js'
import { Network } from './network.js'
import { Notes } from './notes.js'
import type { Capture, CaptureOptions, FileOptions, FileReader } from './options.js'
import { PacketFile, type PacketFormat } from './packets.js'
import { isPcap } from './pcap.js'
import { sectionHeader } from './pcapng.js'
import { RawCapture, rawHead } from './raw.js'
import { isConnect } from './roles.js'
import { snoopMagic } from './snoop.js'
import type { CaptureSink, Instant } from './stream.js'
import { looksLikeText, TextCapture, textHead } from './text/text.js'
import { beforeAllFrames, TimeGate } from './time-gate.js'
import { KeyLog } from './tls/key-log.js'
import { unsupportedFormat } from './unsupported-formats.js'
import { Utf16, utf16Of } from './utf16.js'

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
  readonly #context: CaptureContext

  constructor(sink: CaptureSink, options: CaptureOptions = {}) {
    const notes = new Notes(sink)
    const keyLog = new KeyLog()
    if (options.keyLog !== undefined) keyLog.add(options.keyLog)
    const network = (context: CaptureContext) => new Network(context)
    this.#context = new CaptureContext(sink, notes, { options, keyLog, network })
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
  readonly #context: CaptureContext
  readonly #name: string | undefined
  readonly #label: string | undefined
  readonly #gate: TimeGate | undefined
  #head: Buffer = Buffer.alloc(0)
  #reader: FileReader | undefined

  constructor(context: CaptureContext, { name, label, gated = false }: FileOptions) {
    this.#context = context
    this.#name = name
    this.#label = label
    this.#gate = gated
      ? new TimeGate({ push: (frame) => context.network.link.push(frame) }, beforeAllFrames)
      : undefined
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
    const needed = looksLikeText(head) || utf16Of(head) !== undefined || mayBeErf(head) ? textHead : rawHead
    return head.length < needed && !isEnd ? undefined : this.#bytes(head)
  }

  #bytes(head: Buffer): FileReader {
    const format = unsupportedFormat(head)
    if (format !== undefined) {
      const run = format.run?.replace('FILE', this.#name ?? '-')
      return this.#refuse(format.what, run)
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
      looksLikeText(sample) &&
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

/** True if the text of a key log file contains a secret. */
export function hasSecrets(keyLog: string): boolean {
  const log = new KeyLog()
  log.add(keyLog)
  return !log.isEmpty
}
