// Entry point: argv to exit status. The only file that ends the process.
import { isUtf8 } from 'node:buffer'
import { writeSync } from 'node:fs'
import { constants } from 'node:os'
import { contextsFileKind } from './cli/contexts.js'
import type { CliEnvironment } from './cli/sources.js'
import { commands } from './commands/index.js'
import type { Job } from './commands/job.js'
import { BrokenPipe, ExitCode, explain, MqttxError, UsageError } from './errors.js'
import { type Host, processHost } from './host.js'
import { faithfulArgv } from './io/argv.js'
import { leaveLostTerminals } from './io/lost-terminal.js'
import { print } from './io/print.js'
import { readPrivate } from './io/private-file.js'
import { say } from './io/say.js'
import { signalsAsUsual } from './io/signals.js'
import { readSmallFile, withoutMark } from './io/small-file.js'
import { columnsOf, wantsColor } from './io/terminal.js'
import { hideNodeWarnings } from './io/warnings.js'
import { restoresTerminals } from './runtime.js'
import { versionText } from './version.js'

export async function main(argv: readonly string[], host: Host): Promise<number> {
  let quiet = false
  try {
    const job = await prepare(argv, host)
    quiet = job.quiet
    if (!quiet) for (const warning of job.warnings) say(host.stderr, `Warning: ${warning}`)
    return await job.run(host)
  } catch (error) {
    if (error instanceof BrokenPipe) return ExitCode.ok // `mqttx sub ... | head -1`
    const known = error instanceof MqttxError
    if (!quiet || !known || error instanceof UsageError)
      host.stderr.write(explain(error, await painter(host)))
    return known ? error.exitCode : ExitCode.bug
  }
}

/** Help for a terminal: headings in bold, option names in colour. */
async function painted(text: string, { stdout, env }: Host): Promise<string> {
  if (!wantsColor(stdout, env)) return text
  const { style } = await import('./io/style.js')
  return text
    .replace(/^[A-Z][\w ]*:(?=$| )/gm, style.heading)
    .replace(
      /^( {2,6})(-\S+(?:,? \S+)*)/gm,
      (_, indent: string, names: string) => indent + style.option(names),
    )
}

async function painter({ stderr, env }: Host): Promise<((text: string) => string) | undefined> {
  if (!wantsColor(stderr, env)) return undefined
  return (await import('./io/style.js')).style.error
}

async function prepare(argv: readonly string[], host: Host): Promise<Job> {
  const [name, ...rest] = argv
  if (name === '--version') return printing(versionText)
  const command = commands.find((known) => known.name === name)
  const cliEnvironment: CliEnvironment = { env: host.env, readFile: readTextFile }
  const prepared = await command?.prepare(rest, cliEnvironment)
  if (prepared?.wants === 'run') return prepared
  const { answer, checkHelpArguments, helpFor } = await import('./commands/program.js')
  if (prepared?.wants === 'version') return printing(versionText)
  if (name === 'help') checkHelpArguments(rest)
  if (name === 'help' && rest[0] !== undefined) {
    const { guideJob } = await import('./commands/guides.js')
    const job = guideJob(rest[0])
    if (job !== undefined) return job
  }
  const columns = columnsOf(host.stdout)
  const text =
    command === undefined || prepared === undefined
      ? answer(argv, commands, columns)
      : helpFor(command.name, commands, { all: prepared.wants === 'help all', columns })
  return printing(await painted(await text, host))
}

function printing(text: string): Job {
  const run = async ({ stdout }: Host) => {
    await print(stdout, text)
    return ExitCode.ok
  }
  return { wants: 'run', quiet: false, warnings: [], run }
}

function readTextFile(path: string, what = 'options file'): string | undefined {
  let bytes: Buffer
  try {
    bytes = withoutMark(what === contextsFileKind ? readPrivate(path, what) : readSmallFile(path))
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    const { code = '', message } = cause as NodeJS.ErrnoException // node:fs throws nothing else
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    const reason = /^\w+: ([^,]+)/.exec(message)?.[1] ?? message
    throw new UsageError(`Unable to read ${what} "${path}": ${reason}.`, { cause })
  }
  if (!isUtf8(bytes)) throw new UsageError(`The ${what} "${path}" is not UTF-8 text.`)
  return bytes.toString()
}

/** How long to wait at exit for a reader of standard error that takes nothing, in milliseconds. */
const patienceMs = 1000
/** The same for standard output, if the command has been ended: by a signal, by -W, or because nothing was read. */
const printingMs = 2000

const terminated = 143 // by SIGTERM; node:os, which has its number, takes a millisecond to load

const wasEnded = (status: number): boolean =>
  [ExitCode.timeout, ExitCode.system, ExitCode.interrupted, terminated].includes(status)

/** Ends the process as an unhandled `signal` does; the shell sees 128 + its number. */
function endBy(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
  process.exit(128 + constants.signals[signal]) // process 1 of a container does not end by its own signal
}

/**
 * `mqttx --version` alone: written without a stream, as streams take milliseconds to load. False if the system does not
 * take it.
 */
function hasWrittenVersion(argv: readonly string[]): boolean {
  if (argv.length !== 1 || argv[0] !== '--version') return false
  try {
    return writeSync(1, versionText) > 0
  } catch {
    return false
  }
}

/** Runs the process. Every failure ends with a message and an exit status, never with a stack. */
export async function start(): Promise<void> {
  if (hasWrittenVersion(process.argv.slice(2))) process.exit(ExitCode.ok)
  process.exitCode = ExitCode.bug // in effect only if the event loop empties while `main` still waits
  hideNodeWarnings()
  signalsAsUsual(process.env, endBy)
  if (restoresTerminals) process.on('exit', leaveLostTerminals)
  const host = processHost(endBy)
  process.on('uncaughtException', (error) => {
    host.stderr.write(explain(error))
    process.exit(ExitCode.bug)
  })
  const argv = faithfulArgv(process.argv.slice(2))
  const status = await main(argv, host)
  process.exitCode = status
  host.close()
  const read = await host.written(patienceMs)
  const isOver = wasEnded(status)
  if (isOver) await host.printed(printingMs)
  // exit() would wait for a running hash, which cannot be cancelled. The shell sees the same status.
  if (argv[0] === 'passwd' && status > 128) endBy(status === ExitCode.interrupted ? 'SIGINT' : 'SIGTERM')
  // Completion does not wait for a name server that does not answer: its output is already printed.
  // Nor does any command wait for a reader of standard error that has stopped, nor one that has been ended for a reader of
  // standard output or for its input. What has printed nothing has nothing to wait for.
  if (!read || isOver || argv[0] === 'completion' || !host.hasPrinted) process.exit()
}
