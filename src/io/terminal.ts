// Whether a stream is a terminal, and whether to use colour, spinners and UTF-8.

type Environment = Readonly<Record<string, string | undefined>>

export function isTerminal(stream: object): boolean {
  return 'isTTY' in stream && stream.isTTY === true
}

/** A terminal with a known width. Some job runners have terminals without one: no spinner there. */
export function hasScreen(stream: object): boolean {
  return isTerminal(stream) && 'columns' in stream && Number(stream.columns) > 0
}

/** Columns of a terminal; undefined if not known. */
export function columnsOf(stream: object): number | undefined {
  return hasScreen(stream) ? Number((stream as { columns?: unknown }).columns) : undefined
}

/** The size of a terminal in character cells; 80 by 24 if unknown. */
export function sizeOf(stream: object): { readonly columns: number; readonly rows: number } {
  const rows = 'rows' in stream ? Number(stream.rows) : 0
  return { columns: columnsOf(stream) ?? 80, rows: rows > 0 ? rows : 24 }
}

/** Colour on a terminal, unless NO_COLOR is set (https://no-color.org). */
export function wantsColor(stream: object, env: Environment): boolean {
  return isTerminal(stream) && !env.NO_COLOR && env.TERM !== 'dumb'
}

/** True if the locale is UTF-8 (POSIX: the first of the three variables that is set). */
export function speaksUtf8(env: Environment): boolean {
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '')
}
