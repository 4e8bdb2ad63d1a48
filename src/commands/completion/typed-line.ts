// Parses a partial command line as its shell passes it: raw arguments with quotes, the last one incomplete.
import {
  insertedByBash,
  type OpenQuote,
  rawWords,
  readWord,
  type Shell,
} from '../../cli/completion/quoting.js'
import type { Environment } from '../../cli/environment.js'

export interface TypedLine {
  readonly command: string
  /** The complete arguments after the command. */
  readonly words: readonly string[]
  /** The part typed so far of the last argument. */
  readonly typed: string
  /** The text for the shell to insert for a candidate. */
  inserted(candidate: string): string
}

/** Undefined if the line needs expansion by the shell. */
export function readLine(shell: Shell, passed: readonly string[], env: Environment): TypedLine | undefined {
  const raw = shell === 'fish' ? rawWords(passed[0] ?? '').slice(1) : passed
  const complete = raw.slice(0, shell === 'bash' ? -2 : -1)
  const [command, ...words] = complete.map((word) => closed(shell, word, env))
  const last =
    shell === 'fish' ? (raw.at(-1) ?? '').replace(/^--[a-z\d-]+=/, '') : raw.slice(complete.length).join('')
  const typed = readWord(shell, last, env)
  if (command === undefined || typed === undefined || !words.every((word) => word !== undefined))
    return undefined
  const kept = shell === 'bash' ? readWord(shell, raw.at(-2) ?? '', env) : undefined
  return {
    command,
    words,
    typed: typed.text,
    inserted: (candidate) =>
      kept === undefined ? candidate : insertedByBash(candidate.slice(kept.text.length), kept.open),
  }
}

function closed(shell: Shell, raw: string, env: Environment): string | undefined {
  const word = readWord(shell, raw, env)
  return word?.open === ('' satisfies OpenQuote) ? word.text : undefined
}
