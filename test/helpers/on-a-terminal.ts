// Runs the program on a terminal of its own.
import { resolve } from 'node:path'
import { program, start } from './run.js'

export interface Shown {
  readonly output: string
  readonly status: number
}

/** Runs a line of the shell on a terminal; at each text of `steps` that is printed, what is beside it is typed. */
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
