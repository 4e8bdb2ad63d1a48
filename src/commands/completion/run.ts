// mqttx completion: prints the script of a shell, and the topics and contexts that the script asks for.
import type { Shell } from '../../cli/completion/quoting.js'
import type { AnySpec, Args } from '../../cli/option.js'
import { ExitCode } from '../../errors.js'
import type { Host } from '../../host.js'
import { print } from '../../io/print.js'
import { contextsFile, readContexts } from '../contexts-file.js'
import { type completion, isShell } from './spec.js'
import { topicsFor } from './topics.js'
import { readLine } from './typed-line.js'

/** Functions over all commands, passed in because this folder must not import them. */
export interface Tools {
  script(shell: Shell): Promise<string>
  /** Undefined for an unknown command. */
  specOf(name: string): Promise<AnySpec | undefined>
}

export async function run(
  { words }: Args<typeof completion.options>,
  host: Host,
  { script, specOf }: Tools,
): Promise<number> {
  const [kind = '', shell = '', ...typed] = words
  if (isShell(kind)) return printed(await script(kind), host)
  if (kind === 'contexts') return printed(asLines(contextNames(host)), host)
  // Errors are not shown while typing: nothing is offered.
  const topics = isShell(shell) ? await offered(shell, typed, host, specOf).catch(() => []) : []
  return printed(asLines(topics), host)
}

async function offered(
  shell: Shell,
  typed: readonly string[],
  host: Host,
  specOf: Tools['specOf'],
): Promise<string[]> {
  const line = readLine(shell, typed, host.env)
  const spec = line === undefined ? undefined : await specOf(line.command)
  return line === undefined || spec === undefined ? [] : topicsFor(spec, line, host)
}

async function printed(text: string, { stdout }: Host): Promise<number> {
  await print(stdout, text)
  return ExitCode.ok
}

function asLines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('')
}

function contextNames(host: Host): string[] {
  try {
    return [...readContexts(contextsFile(host)).contexts.keys()]
  } catch {
    return []
  }
}
