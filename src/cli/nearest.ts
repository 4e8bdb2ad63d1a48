// The known name nearest to a misspelt one.

/** `likely`: near enough to ask `Did you mean`. */
export interface Nearest {
  readonly name: string
  readonly likely: boolean
}

/** Undefined where no name has more in common with the word than any other. */
export function nearest(word: string, names: readonly string[]): Nearest | undefined {
  const bare = withoutDashes(word)
  let best: { name: string; distance: number } | undefined
  for (const name of names) {
    const distance = editDistance(bare, withoutDashes(name))
    if (best === undefined || distance < best.distance) best = { name, distance }
  }
  if (best === undefined || best.distance >= Math.max(bare.length, withoutDashes(best.name).length))
    return undefined
  return { name: best.name, likely: best.distance <= Math.max(1, Math.floor(bare.length / 3)) }
}

/** What an error text says after the misspelt name. */
export function suggestion(word: string, names: readonly string[], help: string): string {
  const found = nearest(word, names)
  if (found === undefined) return ` See '${help}'.`
  return found.likely ? ` Did you mean '${found.name}'?` : ` The nearest is '${found.name}'; see '${help}'.`
}

function withoutDashes(word: string): string {
  return word.replace(/^-+/, '').replace(/=.*$/s, '').slice(0, 64)
}

/** Edits that make `b` of `a`; two neighbours swapped count as one, a letter in the other case as a half. */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = (above[j - 1] ?? 0) + letterDistance(a[i - 1], b[j - 1])
      let least = Math.min(changed, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (before[j - 2] ?? 0) + 1)
      }
      row.push(least)
    }
    before = above
    above = row
  }
  return above[b.length] ?? 0
}

function letterDistance(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0
  return a?.toLowerCase() === b?.toLowerCase() ? 0.5 : 1
}
