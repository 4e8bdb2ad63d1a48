// A plugin of Stryker's that leaves out mutants which were not drawn: a range of `mutate` has all smaller ones within it too.
let drawn = new Map()

/** `mutants`: { path, location: { start, end } }, lines and columns from 0. */
export function leaveOutAllBut(mutants) {
  drawn = new Map()
  for (const { path, location } of mutants) drawn.set(path, [...(drawn.get(path) ?? []), location])
}

const isBefore = (one, other) =>
  one.line < other.line || (one.line === other.line && one.column <= other.column)

/** Babel counts lines from 1 and columns from 0. */
function shouldIgnore({ node, hub }) {
  const [start, end] = [node.loc.start, node.loc.end].map(({ line, column }) => ({ line: line - 1, column }))
  const holds = (location) => isBefore(start, location.start) && isBefore(location.end, end)
  return (drawn.get(hub.file.opts.filename) ?? []).some(holds) ? undefined : 'not drawn'
}

export const strykerPlugins = [{ kind: 'Ignore', name: 'drawn', value: { shouldIgnore } }]
