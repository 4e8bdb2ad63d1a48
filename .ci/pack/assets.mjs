// What the executable carries: boot-node.cjs, and the files of dist/ that the program can reach from main.cjs.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './targets.mjs'

const dist = join(root, 'dist')
export const boot = join(root, '.ci', 'pack', 'boot-node.cjs')

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

/** The text of a file as boot-node.cjs runs it: the function that Node makes of a CommonJS file. */
export const wrapped = (name) =>
  `(function (exports, require, module, __filename, __dirname) {${readFileSync(join(dist, name), 'utf8')}\n})`

/**
 * How Node runs the program, wherever it is. A larger space for new objects saves two collections at each start, a
 * tenth of a one-shot publish. V8 takes its compiled form only under the flags that it was made under.
 */
export const flags = ['--min-semi-space-size=16']
