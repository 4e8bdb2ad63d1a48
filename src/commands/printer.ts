// Chooses how messages are printed: plain, -F, --json, -w or --message-rate.
import type { ByteSink, Formatter, WallClock } from '../format/message.js'
import { ndjson } from '../format/ndjson.js'
import { plain } from '../format/plain.js'
import { onScreen } from '../format/screen.js'
import { compileTemplate, templated } from '../format/template.js'
import { messageRate, watch } from '../format/watch.js'

export interface Printer {
  readonly print: Formatter
  /** Called before the first message. */
  start(sink: ByteSink): void
  /** Called once a second, if defined. */
  readonly everySecond: ((sink: ByteSink) => void) | undefined
}

export interface PrinterArgs {
  readonly format?: string
  readonly json: boolean
  readonly pretty: boolean
  readonly verbose: boolean
  readonly noNewline: boolean
  readonly watch: boolean
  readonly messageRate: boolean
}

const nothing = () => {}

export interface PrinterTarget {
  /** The server's host name, for -w. */
  readonly host: string
  /** Standard output is a terminal. */
  readonly terminal: boolean
  warn(text: string): void
}

export function printer(args: PrinterArgs, target: PrinterTarget): Printer {
  if (args.messageRate) {
    const rate = messageRate()
    return { print: rate.count, start: nothing, everySecond: (sink) => rate.report(sink) }
  }
  const print = formatter(args, target.warn)
  if (!args.watch)
    return { print: target.terminal ? onScreen(print) : print, start: nothing, everySecond: undefined }
  const screen = watch(target.host, print)
  return { print: screen.show, start: (sink) => screen.start(sink), everySecond: undefined }
}

function formatter(args: PrinterArgs, warn: (text: string) => void): Formatter {
  const newline = !args.noNewline
  if (args.json) return ndjson(clock, args.pretty)
  if (args.format === undefined) return plain({ verbose: args.verbose, newline })
  return templated(compileTemplate(args.format), { clock, pretty: args.pretty, warn, newline })
}

/** Wall-clock time with a resolution of about a microsecond. */
const clock: WallClock = () => {
  const milliseconds = performance.timeOrigin + performance.now()
  const seconds = Math.floor(milliseconds / 1000)
  return { seconds, nanoseconds: Math.floor((milliseconds - seconds * 1000) * 1e6) }
}
