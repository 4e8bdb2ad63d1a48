// The code blocks of a guide, fitted to a width: a comment moves above its command, and a long line is continued.

const indent = '    '

/**
 * Lines of at most `width` characters. Shell commands can still be pasted: they are broken only at blanks outside
 * quotes, and stay longer than `width` where there is none.
 * @param language of the code block, as after the Markdown fence
 */
export function fitted(code: string, language: string, width: number): string[] {
  const isShell = language === 'sh' || language === 'bash'
  return code.split('\n').flatMap((line) => {
    if (line.length <= width) return [line]
    return isShell ? wrapCommand(line, width) : wrapLine(line, width, '', indent)
  })
}

/** A shell line: first its comment, then the command, with a backslash at the end of each line but the last. */
function wrapCommand(line: string, width: number): string[] {
  const [, command = line, comment] = /^(.*?\S)\s+(# .*)$/.exec(line) ?? []
  const lines = wrapLine(command, width, ' \\', indent)
  return comment === undefined ? lines : [...wrapLine(comment, width, '', '#   '), ...lines]
}

/**
 * Breaks a line into lines of at most `width` characters. With a `continuation` it is broken only at blanks outside
 * quotes, and a part without one stays whole. Without, it is broken at any blank, and a part without one is cut.
 * @param continuation end of each line but the last: the shell's backslash, or nothing
 * @param prefix start of each line but the first
 */
function wrapLine(line: string, width: number, continuation: string, prefix: string): string[] {
  const lines: string[] = []
  let rest = line
  while (rest.length > width) {
    const room = width - continuation.length
    const blank = continuation === '' ? rest.lastIndexOf(' ', room) : lastUnquotedBlank(rest, room)
    const hasBlank = blank > prefix.length
    if (!hasBlank && continuation !== '') break // a command that cannot be broken
    lines.push(rest.slice(0, hasBlank ? blank : room) + continuation)
    rest = prefix + rest.slice(hasBlank ? blank + 1 : room)
  }
  return [...lines, rest]
}

/** Index of the last blank outside quotes, after the indent and not after `end`; -1 if there is none. */
function lastUnquotedBlank(text: string, end: number): number {
  let quote = ''
  let found = -1
  for (let index = 0; index <= end; index++) {
    const character = text[index]
    if (quote !== '') quote = character === quote ? '' : quote
    else if (character === "'" || character === '"') quote = character
    else if (character === ' ' && index > indent.length) found = index
  }
  return found
}
