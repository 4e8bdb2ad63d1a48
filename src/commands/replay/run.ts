// mqttx replay: publishes a recording with its timing; the exit status says whether all of it was delivered.

import type { ConnectOptions } from '../../connection/options.js'
import { connectOptions, defaultWindow } from '../../connection/options.js'
import { ExitCode, MqttxError, UsageError } from '../../errors.js'
import type { Host } from '../../host.js'
import { Inputs } from '../../io/inputs.js'
import { progress } from '../../io/progress.js'
import { say } from '../../io/say.js'
import { readGiven } from '../../io/small-file.js'
import { hasScreen, isTerminal } from '../../io/terminal.js'
import { count } from '../../text.js'
import { checkInput, isFile } from '../capture-input.js'
import { checkDelivered, withResumption } from '../delivery.js'
import { createDiagnostics } from '../diagnostics.js'
import { withTrace } from '../tracing.js'
import { RecordingFiles } from './input.js'
import { Player } from './player.js'
import type { ReplayArgs } from './spec.js'
import { progressOf, summaryOf } from './summary.js'

/** Reconnect attempts in a row, about half a minute. */
const reconnects = 8
/** How often the progress is shown, in milliseconds. */
const showMs = 250
/** Bytes; as `inspect --keylog`. */
const longestKeyLog = 64 * 1024 * 1024

export async function run(args: ReplayArgs, host: Host): Promise<number> {
  const files = args.files.length === 0 ? ['-'] : args.files
  await checkFiles(files, args, host)
  const options = await connectOptions(
    args,
    {
      pid: host.pid,
      maxInFlight: args.maxInflight ?? defaultWindow,
      receiveMaximum: defaultWindow,
      noDelay: args.speed !== Number.POSITIVE_INFINITY, // a message that waits for the next one would be late
      reconnects,
    },
    host,
  )
  return withTrace(args, options, host, (traced) => replay(args, { options: traced, files }, host))
}

/** @throws MqttxError before anything is connected */
async function checkFiles(files: readonly string[], args: ReplayArgs, { stdin }: Host): Promise<void> {
  if (files.includes('-') && isTerminal(stdin)) {
    throw new UsageError('replay: no recording', {
      hint: 'name a file, or pipe a recording to standard input',
    })
  }
  for (const file of files) {
    await checkInput(file)
    if ((args.loop || args.loopCount !== undefined) && !(await isFile(file))) {
      throw new UsageError(`replay: --loop needs regular files, and ${file} is none`)
    }
  }
}

interface Given {
  readonly options: ConnectOptions
  readonly files: readonly string[]
}

async function replay(args: ReplayArgs, { options, files }: Given, host: Host): Promise<number> {
  const diagnostics = createDiagnostics(args, host)
  const { direction, client: clients, keylog, speed, from, to } = args
  const recording = new RecordingFiles({
    files,
    defaults: {
      ...{ topic: undefined, qos: 0, retain: false },
      ...{ properties: options.properties.publish, version: options.version },
    },
    needsTime: speed !== Number.POSITIVE_INFINITY || from !== undefined || to !== undefined,
    capture: {
      ...{ direction, clients, inputs: new Inputs(() => host.stdin), note: diagnostics.warn },
      keyLog: keylog === undefined ? undefined : readKeys(keylog),
    },
  })
  const player: Player = new Player(args, options, {
    ...{ host, diagnostics, open: () => recording.open() },
    connected: () => showProgress(args, { player, recording }, host),
  })
  try {
    await player.run()
    checkDelivered(player.delivery, { lost: player.lost, refusals: player.refusals, noun: 'message' })
    checkFound(args, player, recording)
    return ExitCode.ok
  } catch (error) {
    const { connected, delivery } = player
    throw error instanceof MqttxError && connected && delivery.sent > 0 ? report(error, player) : error
  } finally {
    recording.close()
    if (!args.quiet && player.delivery.sent > 0) summarise(player, recording, host)
  }
}

function readKeys(file: string): string {
  return readGiven(file, { what: 'the key log ', longest: longestKeyLog }).toString('latin1')
}

/** Adds where to resume. */
function report(error: MqttxError, { delivery, next }: Player): MqttxError {
  return withResumption(error, delivery, {
    noun: 'message',
    next,
    hint: (first) => `to resume, add --start-at ${first}`,
  })
}

/** @throws MqttxError if no message was published, or some could not be read */
function checkFound(args: ReplayArgs, player: Player, { captured, damaged }: RecordingFiles): void {
  const { incomplete = 0, opposite = 0 } = captured ?? {}
  const read = player.next - 1
  if (incomplete > 0) {
    const what = incomplete === 1 ? '1 message is' : `${incomplete} messages are`
    throw new MqttxError(`${what} not whole in the capture and could not be published`)
  }
  if (damaged && read > 0) {
    throw new MqttxError('The recording is damaged or cut off: not all of it could be read', {
      hint: 'the messages that could be read were published',
    })
  }
  if (player.delivery.sent > 0) return
  if (read > 0 || player.passedEnd) {
    const why = read > 0 ? `${count(read, 'message')} read` : 'the first is later than --to'
    throw new MqttxError(`No message was selected: ${why}`, {
      hint: 'see --filter, --from, --to and --start-at',
    })
  }
  const other = args.direction === 'c2s' ? 's2c' : 'c2s'
  throw new MqttxError('The recording has no message', {
    hint:
      opposite > 0 ? `${count(opposite, 'message')} in the other direction: --direction ${other}` : undefined,
  })
}

function summarise(player: Player, { captured }: RecordingFiles, { stderr }: Host): void {
  const { elapsedMs, lateness, held, backwards, delivery } = player
  const { repeated = 0, ofSensors = 0 } = captured ?? {}
  const figures = { published: delivery.sent, elapsedMs, lateness, held, backwards, repeated, ofSensors }
  for (const line of summaryOf(figures)) say(stderr, line)
}

interface Shown {
  readonly player: Player
  readonly recording: RecordingFiles
}

/** Shows the progress on a terminal. Returns what ends that. */
function showProgress(args: ReplayArgs, { player, recording }: Shown, { stderr }: Host): () => void {
  if (args.quiet || args.debug || !hasScreen(stderr)) return () => {}
  const { speed, to, loop, loopCount: rounds = loop ? Number.POSITIVE_INFINITY : 1 } = args
  const limit = to !== undefined && 'at' in to ? to.at : Number.POSITIVE_INFINITY
  const text = () => {
    const { roundFrom, round, roundMs, delivery, elapsedMs } = player
    const { end } = recording
    const isKnown = end !== undefined && roundFrom !== undefined
    const lengthMs = isKnown ? (Math.min(end, limit) - roundFrom) / speed : undefined
    return progressOf({
      ...{ published: delivery.sent, elapsedMs, rounds },
      round: { number: round, lengthMs, elapsedMs: roundMs },
    })
  }
  const spinner = progress(() => stderr, text())
  const timer = setInterval(() => spinner.update(text()), showMs)
  timer.unref()
  return () => {
    clearInterval(timer)
    spinner.stop()
  }
}
