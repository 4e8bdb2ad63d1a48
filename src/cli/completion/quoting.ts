// Shell words of an unfinished command line: removes quotes, and quotes text so that it stays one word. Nothing is
// expanded: the value of a word with a variable, a command or a pattern in it is unknown.
import type { Environment } from '../environment.js'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** The quote that is still open at the end of a word; '' for none. */
export type OpenQuote = '' | "'" | '"'

export interface TypedWord {
  readonly text: string
  readonly open: OpenQuote
}

/** Unquoted characters that make the shell expand a word, redirect, or end the command. */
const expanded: Readonly<Record<Shell, RegExp>> = {
  bash: /[$`*?[{<>()|&;!]/,
  zsh: /[$`*?[{<>()|&;!]/,
  fish: /[$*?{}<>()|&;]/,
}

/** The same between double quotes. */
const expandedInDouble: Readonly<Record<Shell, RegExp>> = { bash: /[$`!]/, zsh: /[$`!]/, fish: /\$/ }

/** The characters that a backslash escapes between quotes; before others it is literal. */
const escapable: Readonly<Record<Shell, Readonly<Record<"'" | '"', string>>>> = {
  bash: { "'": '', '"': '$`"\\' },
  zsh: { "'": '', '"': '$`"\\' },
  fish: { "'": "'\\", '"': '$"\\' },
}

/** The value of a word given as typed, with quotes; undefined if the shell would expand it. */
export function readWord(shell: Shell, raw: string, { HOME: home }: Environment): TypedWord | undefined {
  let text = ''
  let open: OpenQuote = ''
  let rest = raw
  if (/^~(\/|$)/.test(raw) && home !== undefined) {
    text = home
    rest = raw.slice(1)
  } else if (raw.startsWith('~') || (shell === 'zsh' && raw.startsWith('='))) return undefined
  for (let at = 0; at < rest.length; at++) {
    const character = rest[at]!
    const next = rest[at + 1] ?? ''
    if (open === '') {
      if (character === "'" || character === '"') open = character
      else if (character === '\\') {
        if (shell === 'fish' && /\w/.test(next)) return undefined // \n, \x41: letters have meanings
        text += next
        at++
      } else if (expanded[shell].test(character)) return undefined
      else text += character
    } else if (character === open) open = ''
    else if (character === '\\' && next !== '' && escapable[shell][open].includes(next)) {
      text += next
      at++
    } else if (open === '"' && expandedInDouble[shell].test(character)) return undefined
    else text += character
  }
  return { text, open }
}

/** Splits a line of fish into words as typed; after a blank the last is ''. */
export function rawWords(line: string): string[] {
  const words: string[] = []
  let word = ''
  let open = ''
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!
    if (character === '\\') word += character + (line[++at] ?? '')
    else if (open === '' && /\s/.test(character)) {
      if (word !== '') words.push(word)
      word = ''
    } else {
      if (open === '' && /['"]/.test(character)) open = character
      else if (character === open) open = ''
      word += character
    }
  }
  return [...words, word]
}

/**
 * What bash must insert after `open` so that the word is exactly `text`. Readline then closes the quote, unless the last
 * character inserted is that quote.
 */
export function insertedByBash(text: string, open: OpenQuote): string {
  if (open === '') return text.replace(/[^\w/.,:@%+=\u0080-\uffff-]/g, '\\$&')
  if (open === "'") return text.replaceAll("'", "'\\''").replace(/''$/, "'")
  // A backslash before ! would stay in the word, so ! goes outside the quotes.
  const inside = text.replace(/[$`"\\]/g, '\\$&').replaceAll('!', '"\\!"')
  return text.endsWith('"') ? `${inside.slice(0, -2)}"\\"` : text.endsWith('!') ? `${inside}"` : inside
}
