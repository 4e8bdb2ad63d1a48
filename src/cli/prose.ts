// Text helpers for --help, the man pages and the README: references to options, defaults, groups, line breaks.
import { namesOf, type Options } from './option.js'

export interface Piece {
  readonly kind: 'text' | 'code' | 'option'
  readonly text: string
}

/** Splits a text at `{key}`, which becomes the name of that option, and at code between backticks. */
export function pieces(text: string, options: Options): Piece[] {
  const joined = text.replace(/\s+/g, ' ').trim()
  return joined.split(/(\{\w+\}|`[^`]+`)/).flatMap((part): Piece[] => {
    if (part === '') return []
    if (part.startsWith('`')) return [{ kind: 'code', text: part.slice(1, -1) }]
    if (/^\{\w+\}$/.test(part)) return [{ kind: 'option', text: nameOf(part.slice(1, -1), options) }]
    return [{ kind: 'text', text: part }]
  })
}

/** The keys in a text's `{key}` references. */
export function references(text = ''): string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map(([, key = '']) => key)
}

function nameOf(key: string, options: Options): string {
  const option = options[key]
  if (option === undefined) throw new Error(`no option has the key ${key}`)
  const { long, short } = namesOf(option)
  return long ?? short ?? key
}

/** The default that the documents show, or undefined. */
export function defaultOf({ shownDefault, default: value }: Options[string]): string | undefined {
  if (shownDefault !== undefined) return shownDefault
  return typeof value === 'number' || typeof value === 'string' ? String(value) : undefined
}

/** The options without the unlisted ones. */
export function listed(options: Options): Options[string][] {
  return Object.values(options).filter(({ unlisted }) => unlisted === undefined)
}

/** The listed options by group; groups are in the order of their first option. */
export function groupsOf(options: Options): Map<string, Options[string][]> {
  const groups = new Map<string, Options[string][]>()
  for (const option of listed(options)) {
    const group = groups.get(option.group)
    if (group === undefined) groups.set(option.group, [option])
    else group.push(option)
  }
  return groups
}

/** Breaks a text at blanks into lines of at most `width` characters; a longer word has its own line. */
export function wrapped(text: string, width = 80): string {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? ''
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.join('\n')
}
