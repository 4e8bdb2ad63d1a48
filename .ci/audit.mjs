// `npm run audit`: asks the registry for known vulnerabilities of exactly the packages that are in the bundle. To npm
// they are development packages, so `npm audit --omit=dev` looks at none of them.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bundled } from './notices.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const deadlineMs = 30_000

/** The versions of each bundled package, by name. */
function versions() {
  const byName = {}
  for (const id of bundled()) {
    const at = id.lastIndexOf('@')
    const name = id.slice(0, at)
    byName[name] = [...(byName[name] ?? []), id.slice(at + 1)]
  }
  return byName
}

/** Bundled packages that the lock file does not name with this version and a hash. */
function unlocked(byName) {
  const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8'))
  const locked = new Set(
    Object.entries(packages)
      .filter(([path, { integrity }]) => path !== '' && integrity !== undefined)
      .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`),
  )
  return Object.entries(byName)
    .flatMap(([name, list]) => list.map((version) => `${name}@${version}`))
    .filter((id) => !locked.has(id))
}

async function advisories(byName) {
  const shell = process.platform === 'win32'
  const registry = `${execFileSync('npm', ['config', 'get', 'registry'], { cwd: root, shell })}`.trim()
  const response = await fetch(new URL('-/npm/v1/security/advisories/bulk', registry), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(byName),
    signal: AbortSignal.timeout(deadlineMs),
  })
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`)
  return response.json()
}

const byName = versions()
const strangers = unlocked(byName)
if (strangers.length > 0) {
  console.error(`audit: bundled but not in package-lock.json: ${strangers.join(', ')}`)
  process.exit(1)
}
const count = Object.values(byName).flat().length
try {
  const found = Object.entries(await advisories(byName))
  for (const [name, list] of found) {
    for (const { severity, title, url, vulnerable_versions } of list)
      console.error(`audit: ${name} ${vulnerable_versions}: ${severity}: ${title} ${url}`)
  }
  if (found.length > 0) process.exitCode = 1
  else console.log(`${count} bundled packages: no known vulnerability`)
} catch (error) {
  // A registry without this service (a mirror) is no finding; that nothing was asked must be seen.
  console.error(`audit: NOT AUDITED: the registry gave no answer (${error.cause?.message ?? error.message})`)
  console.log(`${count} bundled packages: all in package-lock.json with their hashes`)
}
