// What the executable carries: boot.cjs, and the files of dist/ that the program can reach from main.cjs.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './nodes.mjs'

export const dist = join(root, 'dist')
export const boot = join(root, '.ci', 'pack', 'boot.cjs')

const entry = 'main.cjs'
const names = /["'`]\.?\/([\w-]+\.cjs)["'`]/g

/** The names of the files of dist/ that main.cjs and the threads need, found by who names whom. */
export function reachable() {
  const found = new Set([entry])
  for (const name of found) {
    for (const [, other] of readFileSync(join(dist, name), 'utf8').matchAll(names)) found.add(other)
  }
  return [...found].sort()
}
