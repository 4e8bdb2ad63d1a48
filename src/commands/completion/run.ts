// mqttx completion: the completions of a shell, and what these ask for.
import type { AnySpec, Args } from '../../cli/option.js'
import { ExitCode } from '../../errors.js'
import type { Host } from '../../host.js'
import { print } from '../../io/print.js'
import { contextsFile, readContexts } from '../contexts-file.js'
import { type completion, isShell, type Shell } from './spec.js'
import { topicsFor } from './topics.js'

/** What is known of the program as a whole. */
export interface Tools {
  script(shell: Shell): Promise<string>
  /** Undefined: there is no such command. */
  specOf(name: string): Promise<AnySpec | undefined>
}

export async function run(
  { words }: Args<typeof completion.options>,
  host: Host,
  { script, specOf }: Tools,
): Promise<number> {
  const [kind = '', name = '', ...line] = words
  if (isShell(kind)) return printed(await script(kind), host)
  if (kind === 'contexts') return printed(asLines(contextNames(host)), host)
  const spec = await specOf(name)
  // Nobody reads an error while he types: without an answer nothing is offered.
  const topics = spec === undefined ? [] : await topicsFor(spec, line, host).catch(() => [])
  return printed(asLines(topics), host)
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
