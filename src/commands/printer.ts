// Chooses how messages are printed: plain, -F, --json, -w or --message-rate.
import type { ByteSink, Formatter, WallClock } from '../format/message.js'
import { ndjson } from '../format/ndjson.js'
import { plain } from '../format/plain.js'
import { pretty } from '../format/pretty.js'
import { onScreen } from '../format/screen.js'
import { compileTemplate, templated } from '../format/template.js'
import { noColour, type Palette, terminalPlain } from '../format/terminal.js'
import { messageRate, watch } from '../format/watch.js'
import type { Host } from '../host.js'
import { wantsColor } from '../io/terminal.js'

export interface Printer {
  readonly print: Formatter
  /** Called before the first message. */
  start(sink: ByteSink): void
  /** Called once a second, if defined. */
  readonly everySecond: ((sink: ByteSink) => void) | undefined
  /** Called once or more at the end, before the last flush. */
  close(): void
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
  readonly palette: Palette
  warn(text: string): void
}

export function printer(args: PrinterArgs, target: PrinterTarget): Printer {
  const idle = { start: nothing, everySecond: undefined, close: nothing }
  if (args.messageRate) {
    const rate = messageRate()
    return { ...idle, print: rate.count, everySecond: (sink) => rate.report(sink) }
  }
  if (args.watch) {
    const screen = watch(target.host, formatter(args, target.warn))
    return { ...idle, print: screen.show, start: (sink) => screen.start(sink) }
  }
  return { ...idle, print: target.terminal ? forTerminal(args, target) : formatter(args, target.warn) }
}

function forTerminal(args: PrinterArgs, { palette, warn }: PrinterTarget): Formatter {
  if (hasForm(args)) return onScreen(formatter(args, warn))
  const { verbose, noNewline, pretty } = args
  return terminalPlain({ verbose, newline: !noNewline, pretty, palette, clock })
}

/** True if -F or --json determines the form of the output. */
export function hasForm({ format, json }: PrinterArgs): boolean {
  return json || format !== undefined
}

/** The formatter for a pipe or file. */
export function formatter(args: PrinterArgs, warn: (text: string) => void): Formatter {
  const newline = !args.noNewline
  if (args.json) return ndjson(clock, args.pretty)
  if (args.format !== undefined)
    return templated(compileTemplate(args.format), { clock, pretty: args.pretty, warn, newline })
  const inner = plain({ verbose: args.verbose, newline })
  return args.pretty ? pretty(inner) : inner
}

/** Colours for standard output, or none. */
export async function paletteFor({ stdout, env }: Host): Promise<Palette> {
  return wantsColor(stdout, env) ? (await import('../io/style.js')).palette : noColour
}

/** Wall-clock time with a resolution of about a microsecond. */
export const clock: WallClock = () => {
  const milliseconds = performance.timeOrigin + performance.now()
  const seconds = Math.floor(milliseconds / 1000)
  return { seconds, nanoseconds: Math.floor((milliseconds - seconds * 1000) * 1e6) }
}
