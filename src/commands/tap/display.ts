// The packets that pass: decoded after they were forwarded, shown, written and counted.
import type { Args } from '../../cli/option.js'
import type { Host } from '../../host.js'
import { Inspector } from '../../inspect/inspector.js'
import { LiveConnections } from '../../inspect/live.js'
import type { Packet } from '../../inspect/packet.js'
import type { ConnectionFacts, View } from '../../inspect/views/view.js'
import { Output } from '../../io/output.js'
import { columnsOf } from '../../io/terminal.js'
import { Backlog } from '../../tap/backlog.js'
import { type Direction, type TapProtocol, typeNames } from '../../tap/fault-language.js'
import type { AppliedFault } from '../../tap/fault-stream.js'
import type { Watcher } from '../../tap/tap.js'
import { filterOf, loadSparkplug, paintFor } from '../packet-selection.js'
import { standardOutput } from '../packet-target.js'
import { createView } from '../packet-view.js'
import { type FileWriter, fileWriter, type Writer, writerTo } from '../packet-writer.js'
import { PacketCounts } from './packet-counts.js'
import type { tap } from './spec.js'

/** Bytes of a view that may wait for the reader of standard output; then packets are left out. */
const mostUnread = 4 * 1024 * 1024
/** Comments on packets that were not decoded yet. */
const mostComments = 10_000

type TapArgs = Args<typeof tap.options>

export interface Display extends Watcher {
  readonly inspector: Inspector
  readonly counts: PacketCounts
  /** Bytes that were forwarded and not decoded. */
  missed(): number
  /** Packets that were decoded and not shown. */
  unshown(): number
  /** The file of --write does not have all packets; that was reported. */
  hasCut(): boolean
  /** Resolves when the reader of standard output has closed. */
  readonly failed: Promise<void>
  /** Shows what waits. @throws the failure of an output */
  end(): Promise<void>
}

export async function createDisplay(
  args: TapArgs,
  host: Host,
  tell: (line: string) => void,
  protocol: TapProtocol = 'mqtt',
): Promise<Display> {
  const isSn = protocol === 'mqtt-sn'
  const { stdout } = host
  nonBlocking(stdout)
  nonBlocking(host.stderr)
  const { type, client, topic, connection, only } = args
  const selection = { type, client, topic, connection, ...(only !== undefined && { only }) }
  const filter = filterOf(selection)
  const comments = new Map<string, string>()
  const output = new Output(stdout)
  let fail = (): void => {}
  const failed = new Promise<void>((resolve) => (fail = resolve))
  output.onFailure = fail
  const toStdout = args.write === '-'
  const writer = await writerOf()
  const counts = new PacketCounts(writer?.view, protocol)
  let unshown = 0

  const inspector = new Inspector({
    view: await viewOf(),
    also: counts,
    ...{ filter, version: args.protocolVersion, certain: true, protocol: isSn ? 'mqtt-sn' : undefined },
    keep: args.full ? 16 * 1024 * 1024 : undefined,
    payloads: args.sparkplug ? await loadSparkplug() : undefined,
  })
  const live = new LiveConnections(inspector)
  const flush = (): Promise<void> | undefined => {
    inspector.flush()
    output.flush()?.catch(() => {})
    return writer?.flush()
  }
  const backlog = new Backlog(live, flush, isSn ? 'udp' : 'tcp')

  async function writerOf(): Promise<Writer | FileWriter | undefined> {
    const { write: file } = args
    if (file === undefined) return undefined
    const whole = filter === undefined
    function commentOn({ direction, offset }: Packet, { flow }: ConnectionFacts): string | undefined {
      const key = `${flow} ${direction} ${offset}`
      const text = comments.get(key)
      comments.delete(key)
      return text
    }
    if (toStdout) return writerTo(standardOutput(output, stdout, undefined), whole, { commentOn })
    return fileWriter({ file, option: '--write', whole, tell, commentOn })
  }

  async function viewOf(): Promise<View> {
    const { view } = args
    if (view === 'none' || toStdout) return { packet() {} }
    const inner = createView(
      { ...args, view, columns: columnsOf(stdout) },
      output,
      await paintFor({ ...args, view }, host),
    )
    if (view === 'stats') return inner
    const full = (): boolean => stdout.writableLength > mostUnread
    return {
      packet(packet, connection) {
        if (full()) unshown++
        else inner.packet(packet, connection)
      },
      opened: (connection) => full() || inner.opened?.(connection),
      skipped: (connection, skipped) => full() || inner.skipped?.(connection, skipped),
      closed: (connection, how, late) => full() || inner.closed?.(connection, how, late),
      flush: () => inner.flush?.(),
      end: () => inner.end?.(),
    }
  }

  function comment(id: number, direction: Direction, offset: number, text: string): void {
    if (writer === undefined || comments.size >= mostComments) return
    const key = `${id} ${direction} ${offset}`
    const before = comments.get(key)
    comments.set(key, before === undefined ? text : `${before}; ${text}`)
  }

  const sent = new Map<number, number>()
  return {
    ...{ inspector, counts, failed },
    hasCut: () => writer !== undefined && 'hasFailed' in writer && writer.hasFailed(),
    missed: () => backlog.missed,
    unshown: () => unshown,
    opened(id, client, server) {
      backlog.opened(id, client, server)
    },
    passed(id, direction, bytes) {
      if (direction === 's2c') sent.set(id, (sent.get(id) ?? 0) + bytes.length)
      backlog.passed(id, direction, bytes)
    },
    applied(id, { rule, direction, type, offset, size }: AppliedFault) {
      const name = typeNames[protocol][type]?.toUpperCase() || 'datagram'
      tell(`Fault on connection ${id}, ${name} ${direction} of ${size} bytes: ${rule.text}`)
      comment(id, direction, offset, `fault: ${rule.text}`)
      // Datagrams get lost anyway: no rule of MQTT-SN relies on their arrival.
      if (!isSn && rule.action.kind !== 'delay' && rule.action.kind !== 'throttle') backlog.doubt(id)
    },
    answered(id, connack) {
      comment(id, 's2c', sent.get(id) ?? 0, 'made by the tap, in place of the server')
      backlog.passed(id, 's2c', connack)
    },
    closed(id, how) {
      sent.delete(id)
      backlog.closed(id, isSn ? 'timeout' : how === 'reset' ? 'rst' : 'fin')
    },
    async end() {
      await backlog.end()
      inspector.end()
      await writer?.end()
      await output.finish(2000)
    },
  }
}

/** Writes to a terminal block by default: one that was stopped (Ctrl-S) would stop the tap. */
function nonBlocking(stream: object): void {
  if (!('isTTY' in stream) || !stream.isTTY || !('_handle' in stream)) return
  const { _handle: handle } = stream as { _handle?: { setBlocking?(blocking: boolean): void } }
  handle?.setBlocking?.(false)
}
