// mqttx inspect: reads captures and shows the MQTT in them; the exit status says whether rules were broken.
import { setImmediate } from 'node:timers/promises'
import { messagesIn } from '../../capture/mqtt-sn-messages.js'
import { hasSecrets, openCapture } from '../../capture/open.js'
import { senderOfDatagram } from '../../capture/roles.js'
import { type Flow, segmentOf, unknownSecond } from '../../capture/stream.js'
import type { Args } from '../../cli/option.js'
import { ExitCode, UsageError } from '../../errors.js'
import type { Host, Signal } from '../../host.js'
import { Inspector, type InspectorOptions } from '../../inspect/inspector.js'
import { onlyDirection } from '../../inspect/names.js'
import type { View } from '../../inspect/views/view.js'
import { WrappedSink } from '../../inspect/views/wrap.js'
import { Inputs } from '../../io/inputs.js'
import { Output } from '../../io/output.js'
import { say } from '../../io/say.js'
import { readGiven } from '../../io/small-file.js'
import { columnsOf, isTerminal } from '../../io/terminal.js'
import { count } from '../../text.js'
import { inflate } from '../capture-inflate.js'
import { bytesOfHex, checkInput, isFile } from '../capture-input.js'
import { readInto } from '../capture-reading.js'
import { crypto } from '../capture-tls.js'
import { Interrupted } from '../interrupted.js'
import { filterOf, loadSparkplug, paintFor } from '../packet-selection.js'
import { openTarget, refuseInput, standardOutput } from '../packet-target.js'
import { createView } from '../packet-view.js'
import { type Writer, writerTo } from '../packet-writer.js'
import { pagerFor, Screen } from './screen.js'
import type { inspect } from './spec.js'
import { summaryOf } from './summary.js'

export type InspectArgs = Args<typeof inspect.options>

export async function run(args: InspectArgs, host: Host): Promise<number> {
  const files = args.read.length === 0 && args.hex.length === 0 ? ['-'] : args.read
  if (files.includes('-') && isTerminal(host.stdin)) {
    throw new UsageError('inspect: no input', { hint: 'name a file, or pipe a capture to standard input' })
  }
  const view = args.view ?? (isTerminal(host.stdout) || args.hex.length > 0 ? 'bytes' : 'line')
  const filter = filterOf(args)
  const keyLog = args.keylog === undefined ? undefined : readKeys(args.keylog)
  const writer = await writerFor({ args, files, whole: filter === undefined }, host)
  const screen = new Screen(host, await pagerFor({ files, noPager: args.noPager }, host))
  const { output } = screen
  const columns = columnsOf(host.stdout)
  let place = ''
  const options: Omit<InspectorOptions, 'view'> = {
    version: args.protocolVersion,
    protocol: args.protocol,
    ports: args.port,
    keep: args.full ? 16 * 1024 * 1024 : undefined,
    certain: args.hex.length > 0,
  }
  const inspector = new Inspector({
    ...options,
    view:
      args.write === '-'
        ? silent
        : createView({ ...args, view, columns }, output, await paintFor(args, host)),
    filter,
    also: writer?.view,
    payloads: args.sparkplug ? await loadSparkplug() : undefined,
    note(text, fileOffset) {
      if (!args.quiet) screen.note(`${place}${fileOffset < 0 ? '' : `offset ${fileOffset}: `}${text}`)
    },
  })
  const inputs = new Inputs(() => host.stdin)
  const stop: { now: boolean; by?: Signal } = { now: false }
  const release = host.onSignal(['SIGINT', 'SIGTERM'], (signal) => {
    return screen.onSignal(signal, () => {
      Object.assign(stop, { now: true, by: signal })
      inputs.close()
    })
  })
  const yieldIfDue = createYielder(host)
  try {
    if (keyLog !== undefined && !hasSecrets(keyLog)) {
      inspector.note(`no secrets in ${args.keylog} (--keylog)`, { fileOffset: -1 })
    }
    const source = {
      files,
      options: { ports: args.port, protocol: args.protocol, keyLog, inflate, crypto },
      inputs,
    }
    if (view === 'bytes' && isTerminal(host.stdout) && (await canReadTwice(files))) {
      const turn = async (): Promise<boolean> => {
        await yieldIfDue()
        return !stop.now
      }
      const text = await summaryOf({ ...source, turn, inspect: { ...options, filter: filterOf(args) } })
      new WrappedSink(output, columns ?? Number.POSITIVE_INFINITY).text(text)
    }
    inspectHex(args, inspector)
    const reading = readInto(inspector, {
      ...source,
      enter(file) {
        place = file === undefined || files.length === 1 ? '' : `${file}: `
      },
      async turn() {
        inspector.flush()
        await output.flush()
        await writer?.flush()
        await yieldIfDue()
        return !stop.now && !inspector.done
      },
    })
    await reading.catch((error: unknown) => {
      if (!stop.now) throw error // else the signal handler closed the input
    })
    if (stop.now) inspector.done = true // no checks for the part that was not read
    inspector.end()
    await writer?.end()
    await screen.finish()
  } finally {
    await screen.close()
    release()
  }
  if (stop.by !== undefined) throw new Interrupted(stop.by, 'the input was not read to the end')
  return statusOf(inspector, args.quiet, host)
}

/** True if all inputs are named regular files. */
async function canReadTwice(files: readonly string[]): Promise<boolean> {
  const answers = await Promise.all(files.map((file) => file !== '-' && isFile(file)))
  return files.length > 0 && answers.every((answer) => answer)
}

/** Milliseconds of work after which signals are handled. */
const longestTurn = 50

/** Returns a function that resolves at once, or after a turn of the event loop if the last was over 50 ms ago. */
function createYielder(host: Host): () => Promise<void> {
  let last = host.now()
  return async () => {
    if (host.now() - last < longestTurn) return
    await setImmediate()
    last = host.now()
  }
}

/** For --write -, which uses standard output for the capture. */
const silent: View = { packet() {} }

interface Writing {
  readonly args: InspectArgs
  readonly files: readonly string[]
  readonly whole: boolean
}

async function writerFor({ args, files, whole }: Writing, host: Host): Promise<Writer | undefined> {
  const { write, view, keylog } = args
  if (write === undefined) return undefined
  if (write === '-') return writerTo(standardOutput(new Output(host.stdout), host.stdout, view), whole)
  refuseInput(write, keylog === undefined ? files : [...files, keylog], () => host.stdin)
  for (const file of files) await checkInput(file)
  return writerTo(await openTarget(write), whole)
}

function statusOf({ packets, found, introduced }: Inspector, quiet: boolean, host: Host): number {
  if (packets === 0) {
    if (!quiet) say(host.stderr, 'No MQTT was found.')
    return ExitCode.notMqtt
  }
  // Packets were found but none was shown: the filter rejected all.
  if (!introduced && !quiet) {
    say(host.stderr, `No packet matches the filters: ${count(packets, 'packet')} read.`)
  }
  return found.error + found.warning > 0 ? ExitCode.violations : ExitCode.ok
}

/** The --hex values form one connection; the first packet of each decides its direction, if it can. */
function inspectHex({ hex: texts, protocol }: InspectArgs, inspector: Inspector): void {
  if (texts.length === 0) return
  const flow: Flow = { id: -1, protocol: 'raw', client: '', server: '', sawStart: true }
  const offsets = { c2s: 0, s2c: 0 }
  const origin = { record: 1, fileOffset: 0, second: unknownSecond, nanos: 0 }
  let opened = false
  for (const text of texts) {
    const bytes = bytesOfHex(text)
    if (bytes?.length === 0) throw new UsageError('--hex: no bytes')
    if (bytes === undefined) {
      const capture = openCapture(inspector, { protocol, tellsKind: true })
      capture.push(Buffer.from(text))
      capture.end()
      continue
    }
    if (!opened) inspector.open(flow)
    opened = true
    const isSn = protocol === 'mqtt-sn'
    for (const part of isSn ? messagesIn(bytes) : [bytes]) {
      const isServer = isSn ? senderOfDatagram(part) === 'server' : onlyDirection(part[0]! >> 4, 5) === 's2c'
      const direction = isServer ? 's2c' : 'c2s'
      inspector.data(flow, direction, segmentOf(part, offsets[direction], origin))
      offsets[direction] += part.length
    }
  }
  if (opened) inspector.close(flow, 'end')
}

/** Bytes; larger than the secrets that are kept. */
const longestKeyLog = 64 * 1024 * 1024

function readKeys(file: string): string {
  return readGiven(file, { what: 'the key log ', longest: longestKeyLog }).toString('latin1')
}
