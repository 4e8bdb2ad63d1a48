// Runs the program on a pseudo-terminal.
import { resolve } from 'node:path'
import { programInShell, start } from './run.js'

export interface Shown {
  readonly output: string
  readonly status: number
  /** The settings of the terminal are those of the start. */
  readonly restored: boolean
}

/** Text to wait for, and what to type then, or a signal for the process. */
export type Step =
  | readonly [text: string, typed: string]
  | readonly [text: string, typed: null, signal: string]

/** Runs a shell line on a pseudo-terminal and takes each step when its text is printed. */
export async function onTerminal(
  line: string,
  env: Record<string, string> = {},
  steps: readonly Step[] = [],
): Promise<Shown> {
  const helper = resolve(import.meta.dirname, 'on_a_terminal.py')
  const command = ['bash', '-c', `mqttx() { ${programInShell} "$@"; }; ${line}`]
  const { stdout } = await start('python3', [helper, JSON.stringify(steps), ...command], {
    env: { TERM: 'xterm', ...env },
    timeoutMs: 80_000,
  }).ended
  return JSON.parse(stdout.toString()) as Shown
}
