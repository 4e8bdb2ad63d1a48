// Which packages are in the bundle, and their licences, which ask to travel with every copy.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const notices = join(root, 'dist', 'LICENSES.txt')
const heading = /^=== (\S+)@(\S+)$/gm

/** The folder of the package that a bundled file is of: what follows the last node_modules. */
const packageOf = (file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0]

function notice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
  const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e([-.]|$)/i.test(entry))
  const text =
    file === undefined ? `License: ${license}` : readFileSync(join(root, folder, file), 'utf8').trim()
  return `=== ${name}@${version}\n\n${text}\n`
}

/** Writes dist/LICENSES.txt: the licence of each package that one of `files` belongs to. */
export function writeNotices(files) {
  const folders = new Set(files.map(packageOf).filter((folder) => folder !== undefined))
  const texts = new Set([...folders].map(notice)) // one version may lie in two places
  writeFileSync(notices, [...texts].sort().join('\n'))
}

/** `name@version` of each package in the bundle. */
export const bundled = () =>
  [...readFileSync(notices, 'utf8').matchAll(heading)].map(([, name, version]) => `${name}@${version}`)
