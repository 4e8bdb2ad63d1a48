// The commands, in the order of the help. Each is loaded on demand: start-up dominates the cost of a one-shot publish.
import { prefix, readEnvironment, variablesOf } from '../cli/environment.js'
import { nearest } from '../cli/nearest.js'
import type { AnySpec, Args, Options, Spec } from '../cli/option.js'
import { parse, type Wanted } from '../cli/parse.js'
import type { CliEnvironment } from '../cli/sources.js'
import { UsageError } from '../errors.js'
import type { Host } from '../host.js'
import type { Job } from './job.js'

export interface Command {
  readonly name: string
  spec(): Promise<AnySpec>
  prepare(words: readonly string[], cliEnvironment: CliEnvironment): Promise<Job | { wants: Wanted }>
}

interface Runnable<O extends Options> {
  run(args: Args<O>, host: Host, trailing: readonly string[]): Promise<number>
}

/** Pairs a spec with its run.ts; importing one from the other would be a circle of types. */
function command<O extends Options>(
  name: string,
  spec: () => Promise<Spec<O>>,
  load: () => Promise<Runnable<O>>,
): Command {
  return {
    name,
    spec,
    async prepare(words, cliEnvironment) {
      const own = await spec()
      const { foreign } = readEnvironment(own, cliEnvironment.env)
      const warnings = foreign.length === 0 ? [] : await unknownVariables(foreign)
      const parsed = withWarnings(warnings, () => parse(own, words, cliEnvironment))
      if (parsed.wants !== 'run') return parsed
      const { args, trailing } = parsed
      const { run } = await load()
      return {
        wants: 'run',
        quiet: 'quiet' in args && args.quiet === true,
        warnings,
        run: (host) => run(args, host, trailing),
      }
    },
  }
}

/** A warning for each MQTTX_ variable that no command has, to catch typos. */
async function unknownVariables(names: readonly string[]): Promise<string[]> {
  const known = new Set<string>()
  for (const { spec } of commands) for (const name of variablesOf(await spec()).keys()) known.add(name)
  return names
    .filter((name) => !known.has(name))
    .map((name) => `Unknown environment variable ${name}.${meant(name, [...known])}`)
}

/** Suggests a name. The common prefix is left out of the comparison. */
function meant(name: string, known: readonly string[]): string {
  const bare = (variable: string) => variable.slice(prefix.length)
  const near = nearest(bare(name), known.map(bare))
  return near !== undefined ? ` Did you mean '${prefix}${near}'?` : " See 'man mqttx'."
}

/** Appends the warnings to a usage error as hints: an unknown variable may be its cause. */
function withWarnings<T>(warnings: readonly string[], action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof UsageError) || warnings.length === 0) throw error
    throw new UsageError(error.lines, { ...error, hint: [...error.hints, ...warnings], cause: error })
  }
}

export const commands: readonly Command[] = [
  command(
    'pub',
    async () => (await import('./pub/command.js')).pub,
    () => import('./pub/command.js'),
  ),
  command(
    'sub',
    async () => (await import('./sub/command.js')).sub,
    () => import('./sub/command.js'),
  ),
  command(
    'passwd',
    async () => (await import('./passwd/spec.js')).passwd,
    () => import('./passwd/run.js'),
  ),
  command(
    'rr',
    async () => (await import('./rr/command.js')).rr,
    () => import('./rr/command.js'),
  ),
  command(
    'replay',
    async () => (await import('./replay/spec.js')).replay,
    () => import('./replay/run.js'),
  ),
  command(
    'retained',
    async () => (await import('./retained/spec.js')).retained,
    () => import('./retained/run.js'),
  ),
  command(
    'broker',
    async () => (await import('./broker/spec.js')).broker,
    () => import('./broker/run.js'),
  ),
  command(
    'gateway',
    async () => (await import('./gateway/spec.js')).gateway,
    () => import('./gateway/run.js'),
  ),
  command(
    'inspect',
    async () => (await import('./inspect/spec.js')).inspect,
    () => import('./inspect/run.js'),
  ),
  command(
    'tap',
    async () => (await import('./tap/spec.js')).tap,
    () => import('./tap/run.js'),
  ),
  command(
    'top',
    async () => (await import('./top/spec.js')).top,
    () => import('./top/run.js'),
  ),
  command(
    'bench',
    async () => (await import('./bench/spec.js')).bench,
    () => import('./bench/run.js'),
  ),
  command(
    'check',
    async () => (await import('./check/spec.js')).check,
    () => import('./check/run.js'),
  ),
  command(
    'context',
    async () => (await import('./context/spec.js')).context,
    () => import('./context/run.js'),
  ),
  command(
    'completion',
    async () => (await import('./completion/spec.js')).completion,
    async () => {
      const { run } = await import('./completion/run.js')
      return { run: (args, host) => run(args, host, { script, specOf }) }
    },
  ),
]

async function script(shell: 'bash' | 'zsh' | 'fish'): Promise<string> {
  return (await import('./program.js')).completionOf(shell, commands)
}

async function specOf(name: string): Promise<AnySpec | undefined> {
  return commands.find((known) => known.name === name)?.spec()
}
