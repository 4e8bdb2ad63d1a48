// The code blocks of a guide, fitted to a width: a comment moves above its command, and a long line is continued.

const indent = '    '

/**
 * Lines of at most `width` characters. A command of the shell can still be pasted: it is broken outside quotes only, and a
 * line without such a place stays as long as it is.
 */
export function fitted(code: string, language: string, width: number): string[] {
  const isShell = language === 'sh' || language === 'bash'
  return code.split('\n').flatMap((line) => {
    if (line.length <= width) return [line]
    return isShell ? command(line, width) : broken(line, width, '', indent)
  })
}

/** A line of the shell: its comment, then the command, with a backslash at the end of each line but the last. */
function command(line: string, width: number): string[] {
  const [, words = line, comment] = /^(.*?\S)\s+(# .*)$/.exec(line) ?? []
  const lines = broken(words, width, ' \\', indent)
  return comment === undefined ? lines : [...broken(comment, width, '', '#   '), ...lines]
}

/** Breaks a line at blanks outside quotes, or, if it has none, after `width` characters. */
function broken(line: string, width: number, end: string, start: string): string[] {
  const lines: string[] = []
  let rest = line
  while (rest.length > width) {
    const room = width - end.length
    const at = end === '' ? rest.lastIndexOf(' ', room) : lastBlank(rest, room)
    const isBlank = at > start.length
    if (!isBlank && end !== '') break // a command that cannot be broken
    lines.push(rest.slice(0, isBlank ? at : room) + end)
    rest = start + rest.slice(isBlank ? at + 1 : room)
  }
  return [...lines, rest]
}

/** The last blank outside quotes that is at most at `room` and leaves something before it; -1 for none. */
function lastBlank(text: string, room: number): number {
  let quote = ''
  let found = -1
  for (let index = 0; index <= room; index++) {
    const character = text[index]
    if (quote !== '') quote = character === quote ? '' : quote
    else if (character === "'" || character === '"') quote = character
    else if (character === ' ' && index > indent.length) found = index
  }
  return found
}
