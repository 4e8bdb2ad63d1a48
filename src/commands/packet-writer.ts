// --write: writes the packets that match the filters as a pcapng file.
import {
  closingBlocks,
  fileHead,
  leaveOut,
  openingBlocks,
  packetBlocks,
  type WrittenFlow,
  writtenFlow,
} from '../capture/pcapng-writer.js'
import type { Instant } from '../capture/stream.js'
import { clause, MqttxError } from '../errors.js'
import type { Packet } from '../inspect/packet.js'
import { type ConnectionFacts, closings, type View } from '../inspect/views/view.js'
import { openTarget, type Target } from './packet-target.js'

/** The captured parts of a packet in `bytes`, and the number of bytes missing after each. */
function* captured({
  start,
  end,
  length,
  holes,
}: Packet): Generator<{ start: number; end: number; missing: number }> {
  let at = start
  for (const hole of holes) {
    yield { start: at, end: Math.min(start + hole.offset, end), missing: hole.length }
    at = start + hole.offset + hole.length
  }
  if (at < start + length)
    yield { start: at, end: Math.max(at, end), missing: start + length - Math.max(at, end) }
}

/** Unix sockets have no addresses that a packet could have. */
function socketPaths({ client, server }: ConnectionFacts): string[] {
  const ends = Object.entries({ client, server }).filter(([, end]) => end.startsWith('unix:'))
  return ends.map(([who, end]) => `${who}: unix socket ${end.slice('unix:'.length)}`)
}

export interface Writer {
  readonly view: View
  /** Resolves when the output is ready for more. */
  flush(): Promise<void>
  end(): Promise<void>
}

export interface WriterOptions {
  /** What is written in place of `packet.bytes`. */
  bytesOf?(packet: Packet): Uint8Array
  /** A comment on a packet. */
  commentOn?(packet: Packet, connection: ConnectionFacts): string | undefined
}

/**
 * Writes the file header at once, so that a failing target is reported before the work.
 * `whole`: there is no filter. With one, no SYN is written, so that the first packet is not taken for the first of its
 * connection.
 * @throws MqttxError if writing fails
 */
export async function writerTo(
  { output, close }: Target,
  whole: boolean,
  { bytesOf = (packet) => packet.bytes, commentOn = () => undefined }: WriterOptions = {},
): Promise<Writer> {
  const flows = new Map<number, { written: WrittenFlow; time: Instant }>()
  output.bytes(fileHead())
  await output.finish()
  return {
    view: {
      packet(packet, connection) {
        const { direction, second, nanos, protocol } = packet
        const bytes = bytesOf(packet)
        const time = { second, nanos }
        const { number, client, server, sawStart, transport } = connection
        let flow = flows.get(number)
        let comment = commentOn(packet, connection)
        if (flow === undefined) {
          comment = [...socketPaths(connection), comment ?? []].flat().join('; ') || undefined
          flow = { written: writtenFlow(client, server, number, protocol === 'mqtt-sn'), time }
          flows.set(number, flow)
          if (sawStart && whole && transport === 'tcp') output.bytes(openingBlocks(flow.written, time))
        }
        flow.time = time
        for (const { start, end, missing } of captured(packet)) {
          if (end > start) {
            const part = bytes.subarray(start, end)
            output.bytes(packetBlocks(flow.written, direction === 'c2s', part, time, comment))
            comment = undefined
          }
          if (missing > 0) leaveOut(flow.written, direction === 'c2s', missing)
        }
      },
      skipped({ number }, { direction, length = 1 }) {
        const flow = flows.get(number)
        if (flow !== undefined) leaveOut(flow.written, direction === 'c2s', length)
      },
      closed({ number }, how) {
        const flow = flows.get(number)
        flows.delete(number)
        if (flow === undefined || (how !== closings.fin && how !== closings.rst)) return
        // With a filter, a direction may have no data, and readers would ignore its FIN.
        const flag = whole && how === closings.fin ? 'fin' : 'rst'
        output.bytes(closingBlocks(flow.written, flag, flow.time))
      },
    },
    async flush() {
      await output.flush()
    },
    async end() {
      await output.finish()
      await close()
    },
  }
}

/** A writer whose `flush` and `end` do not reject. */
export interface FileWriter extends Writer {
  /** The file does not have all packets. */
  readonly hasFailed: () => boolean
}

interface FileOptions extends WriterOptions {
  readonly file: string
  /** Its name in errors. */
  readonly option: string
  readonly whole: boolean
  /** Receives the lines of an error, when a write fails for the first time. No packets are written after it. */
  tell(line: string): void
}

/** Writes to a file beside other work, which goes on if that fails. @throws MqttxError if the file cannot be begun */
export async function fileWriter({
  file,
  option,
  whole,
  tell,
  ...options
}: FileOptions): Promise<FileWriter> {
  const target = await openTarget(file, option)
  const writer = await writerTo(target, whole, options)
  let hasFailed = false
  const failed = (error: Error): void => {
    if (hasFailed) return
    hasFailed = true
    tell(`Error: ${clause(error)}. The capture ends here.`)
    for (const hint of error instanceof MqttxError ? error.hints : []) tell(`hint: ${hint}`)
  }
  target.output.onFailure = failed
  return {
    ...{ view: writer.view, hasFailed: () => hasFailed },
    flush: () => writer.flush().catch(failed),
    end() {
      target.output.onFailure = undefined // closing the file is none
      return writer.end().catch(failed)
    },
  }
}
