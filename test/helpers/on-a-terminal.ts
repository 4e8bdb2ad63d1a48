// Runs the program on a pseudo-terminal.
import { resolve } from 'node:path'
import { program, start } from './run.js'

export interface Shown {
  readonly output: string
  readonly status: number
}

/** Runs a shell line on a pseudo-terminal. When the text of a step is printed, types its second element. */
export async function onTerminal(
  line: string,
  env: Record<string, string> = {},
  steps: readonly (readonly [text: string, typed: string])[] = [],
): Promise<Shown> {
  const helper = resolve(import.meta.dirname, 'on_a_terminal.py')
  const command = ['bash', '-c', `mqttx() { '${process.execPath}' '${program}' "$@"; }; ${line}`]
  const { stdout } = await start('python3', [helper, JSON.stringify(steps), ...command], {
    env: { TERM: 'xterm', ...env },
    timeoutMs: 30_000,
  }).ended
  return JSON.parse(stdout.toString()) as Shown
}
