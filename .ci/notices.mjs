// Which packages are in the bundle, and their licences, which ask to travel with every copy.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const notices = join(root, 'dist', 'LICENSES.txt')
const heading = /^=== (\S+)@(\S+)$/gm
/** A line between groups of packages with the same terms. */
const termsEnd = '-'.repeat(20)

/** The folder of the package that a bundled file is of: what follows the last node_modules. */
const packageOf = (file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0]

/** The name of a licence, or the line of a copyright holder: what differs between packages with the same licence. */
const ownPart = /^(\(?(the )?(mit|isc|bsd)[^\n]{0,30}licen[cs]e\W*(\(mit\))?|(portions )?copyright\b)/i

function notice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
  const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e([-.]|$)/i.test(entry))
  const text =
    file === undefined ? `License: ${license}` : readFileSync(join(root, folder, file), 'utf8').trim()
  const parts = text.replaceAll('\r\n', '\n').split(/\n\s*\n/)
  const shared = parts.findIndex((part) => !ownPart.test(part.trim()))
  return {
    heading: `=== ${name}@${version}`,
    own: parts.slice(0, shared).join('\n\n'),
    terms: parts.slice(shared).join('\n\n'),
  }
}

/**
 * Writes dist/LICENSES.txt: the licence of each package that one of `files` belongs to. Terms that several packages have are
 * there once, below the last of them.
 */
export function writeNotices(files) {
  const folders = new Set(files.map(packageOf).filter((folder) => folder !== undefined))
  const byTerms = new Map()
  for (const { heading, own, terms } of [...folders].map(notice)) {
    const key = terms
      .replace(/[“”"'‘’]/g, '"')
      .replace(/\s+/g, ' ')
      .toLowerCase()
      .trim()
    const group = byTerms.get(key) ?? { terms, packages: new Set() }
    byTerms.set(key, group)
    group.packages.add(own === '' ? heading : `${heading}\n\n${own}`) // one version may lie in two places
  }
  const groups = Array.from(byTerms.values(), ({ terms, packages }) =>
    [...packages].sort().concat(terms).join('\n\n'),
  )
  const intro = 'The terms of a package are the first ones below its name.'
  writeFileSync(notices, `${[intro, ...groups.sort()].join(`\n\n${termsEnd}\n\n`)}\n`)
}

/** `name@version` of each package in the bundle. */
export const bundled = () =>
  [...readFileSync(notices, 'utf8').matchAll(heading)].map(([, name, version]) => `${name}@${version}`)
