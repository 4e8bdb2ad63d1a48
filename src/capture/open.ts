// The entry to the reading of captures: recognises what the input is and connects the stages.
import { Context } from './context.js'
import type { Inflate, TlsCrypto } from './crypto.js'
import { Notes } from './notes.js'
import { PacedSink } from './pace.js'
import { PacketCapture } from './packets.js'
import { isPcap } from './pcap.js'
import { sectionHeader } from './pcapng.js'
import { RawCapture, rawHead } from './raw.js'
import type { CaptureSink } from './stream.js'
import { isText, TextCapture, textHead } from './text.js'
import { KeyLog } from './tls/key-log.js'

export type { AeadName, Inflate, TlsCrypto } from './crypto.js'

export interface CaptureOptions {
  /** Ports of servers beside the well-known ones (`--port`), TCP and UDP. */
  readonly ports?: readonly number[]
  /** Which direction a raw byte stream is. Default: by its first packet. */
  readonly direction?: 'c2s' | 's2c' | undefined
  readonly inflate?: Inflate
  readonly crypto?: TlsCrypto
  /** The text of a key log file (NSS format). Secrets in a pcapng are used too. */
  readonly keyLog?: string | undefined
}

export interface Capture {
  push(chunk: Uint8Array): void
  end(): void
}

/** What a file begins with that is read elsewhere or nowhere. */
const refused: ReadonlyMap<number, string> = new Map([
  [0xa1b2cd34, 'a pcap file of the "modified" kind'],
  [0x34cdb2a1, 'a pcap file of the "modified" kind'],
  [0x1c0001ac, 'a pcap file by IXIA'],
  [0x1c0001ab, 'a pcap file by IXIA'],
  [0x28b52ffd, 'compressed by zstd: pipe it through `zstd -d`'],
  [0x04224d18, 'compressed by lz4: pipe it through `lz4 -d`'],
  [0x736e6f6f, 'a capture in the format of snoop'],
  [0x474d4255, 'a capture by Microsoft Network Monitor'],
  [0x52545353, 'a capture by Microsoft Network Monitor'],
])
/** And the method, 8: RFC 1952, 2.3.1. */
const gzipMagic = 0x1f8b08

/**
 * Reads a capture of any kind that is known: `push` it in chunks, which must not be changed afterwards, then `end` it.
 * Everything is told to `sink` from within these two calls.
 */
export function openCapture(sink: CaptureSink, options: CaptureOptions = {}): Capture {
  const notes = new Notes(sink)
  const keyLog = new KeyLog()
  if (options.keyLog !== undefined) keyLog.add(options.keyLog)
  return new Sniffer(new Context(sink, notes, { options, keyLog }))
}

/** A capture that passes on what it reads in portions. */
export interface PacedCapture extends Capture {
  /** To be called after each `push` and after `end`, until it returns false: passes on the next portion. */
  next(): boolean
}

/** The same as `openCapture` for a caller with other things to do in between: no call takes long, whatever the input is. */
export function openPacedCapture(sink: CaptureSink, options: CaptureOptions = {}): PacedCapture {
  const paced = new PacedSink(sink)
  const capture = openCapture(paced, options)
  return {
    push: (chunk) => capture.push(chunk),
    end: () => capture.end(),
    next: () => paced.next(),
  }
}

/** Holds the head of the input until it tells what it is. */
class Sniffer implements Capture {
  readonly #context: Context
  #head: Buffer = Buffer.alloc(0)
  #capture: Capture | undefined

  constructor(context: Context) {
    this.#context = context
  }

  push(chunk: Uint8Array): void {
    if (this.#capture !== undefined) return this.#capture.push(chunk)
    this.#head = Buffer.concat([this.#head, chunk])
    this.#decide(false)
  }

  end(): void {
    if (this.#capture === undefined) this.#decide(true)
    this.#capture?.end()
    if (this.#capture === undefined) this.#context.notes.say('empty', 'the input is empty', 0)
    this.#context.notes.end()
  }

  #decide(isEnd: boolean): void {
    const capture = this.#recognise(isEnd)
    if (capture === undefined) return
    const head = this.#head
    this.#head = Buffer.alloc(0)
    this.#capture = capture
    capture.push(head)
  }

  #recognise(isEnd: boolean): Capture | undefined {
    const head = this.#head
    if (head.length === 0 || (head.length < 4 && !isEnd)) return undefined
    const magic = head.length < 4 ? 0 : head.readUInt32BE(0)
    if (isPcap(magic)) return new PacketCapture(this.#context, 'pcap')
    if (magic === sectionHeader) return new PacketCapture(this.#context, 'pcapng')
    const reason = refused.get(magic) ?? (magic >>> 8 === gzipMagic ? 'compressed by gzip' : undefined)
    if (reason !== undefined) return this.#refuse(reason)
    const sample = head.subarray(0, textHead)
    if (!isText(sample) || /^(GET \/|HTTP\/1)/.test(sample.toString('latin1', 0, 8))) {
      if (head.length < rawHead && !isEnd) return undefined
      return new RawCapture(this.#context, head.subarray(0, rawHead))
    }
    if (head.length < textHead && !isEnd) return undefined
    return (
      TextCapture.open(this.#context, sample) ?? this.#refuse('text, and no hex dump or base64 that is known')
    )
  }

  #refuse(what: string): Capture {
    this.#context.notes.say('unknown format', `this is ${what}; it was not read`, 0)
    return { push() {}, end() {} }
  }
}

/** Whether there is a secret in the text of a key log file. */
export function hasSecrets(keyLog: string): boolean {
  const log = new KeyLog()
  log.add(keyLog)
  return !log.isEmpty
}
