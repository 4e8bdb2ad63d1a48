// Finds the known name nearest to a misspelt one.

/** The nearest name; undefined if more than a third of the letters differ. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const bare = withoutDashes(word)
  let best: { name: string; distance: number } | undefined
  for (const name of names) {
    const distance = editDistance(bare, withoutDashes(name))
    if (best === undefined || distance < best.distance) best = { name, distance }
  }
  return best !== undefined && best.distance <= mostWrong(bare) ? best.name : undefined
}

/** The hint for a misspelt name. */
export function suggestion(word: string, names: readonly string[], help: string): string {
  const found = nearest(word, names)
  return found === undefined ? `see '${help}'` : `did you mean '${found}'?`
}

function mostWrong(word: string): number {
  return word.length < 3 ? 0.5 : Math.max(1, Math.floor(word.length / 3))
}

function withoutDashes(word: string): string {
  return word.replace(/^-+/, '').replace(/=.*$/s, '').slice(0, 64)
}

/** Damerau-Levenshtein distance; a difference in case counts one half. */
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
