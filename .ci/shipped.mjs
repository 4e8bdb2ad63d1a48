// What `npm pack` ships as package.json: the one of the checkout without scripts and development packages, which an
// installed package has no use for and npm warns about. `strip` before packing, `restore` after it.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const manifest = `${root}package.json`
const kept = `${root}package.json.checkout`

/** Puts the package.json of the checkout back, also after a run that was killed. */
export function restore() {
  if (existsSync(kept)) renameSync(kept, manifest)
}

function strip() {
  restore()
  const text = readFileSync(manifest, 'utf8')
  writeFileSync(kept, text)
  const { scripts, devDependencies, ...shipped } = JSON.parse(text)
  writeFileSync(`${manifest}.new`, `${JSON.stringify(shipped, null, 2)}\n`)
  renameSync(`${manifest}.new`, manifest)
}

/** What a registry wants to know of a package and only its owner can say. */
function check() {
  const known = JSON.parse(readFileSync(manifest, 'utf8'))
  const missing = ['author', 'repository', 'homepage', 'bugs'].filter((field) => known[field] === undefined)
  if (missing.length === 0) return
  console.error(
    `package.json lacks ${missing.join(', ')}: set them to the public address of the project first`,
  )
  process.exitCode = 1
}

const actions = { strip, restore, check }
actions[process.argv[2]]?.()
