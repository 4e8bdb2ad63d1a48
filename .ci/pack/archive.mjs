// build/release/: an archive of each executable, a bill of materials (CycloneDX), recipes of package managers, SHA256SUMS.
import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { bundled } from '../notices.mjs'
import * as bun from './bun-runtime.mjs'
import * as node from './node-runtime.mjs'
import { recipes } from './recipes.mjs'
import { build, named, root, versions } from './targets.mjs'

export const release = join(build, 'release')
export const { name, version, description, homepage } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
)

/** The manual pages, as paths from the root. */
export const man = readdirSync(join(root, 'man')).map((page) => `man/${page}`)

const runtimes = {
  bun: { title: 'Bun', licence: bun.licence, purl: 'pkg:github/oven-sh/bun@bun-v' },
  node: { title: 'Node.js', licence: node.licence, purl: 'pkg:github/nodejs/node@v' },
}

/** The licences of all that is in the executable: ours, the packages' and the runtime's. */
export const licences = (runtime) =>
  [
    readFileSync(join(root, 'LICENSE'), 'utf8').trim(),
    `The packages in it:\n\n${readFileSync(join(root, 'dist', 'LICENSES.txt'), 'utf8').trim()}`,
    `=== ${runtimes[runtime].title} ${versions[runtime]}\n\n${runtimes[runtime].licence().trim()}`,
  ].join('\n\n')

/** What npm knows of the packages that are in the executable, and the runtime. */
function bill(runtime) {
  const npm = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only', '--loglevel=error']
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26, shell: process.platform === 'win32' }
  const all = JSON.parse(execFileSync('npm', npm, options))
  const kept = new Set(bundled())
  const components = all.components.filter((component) => kept.has(component['bom-ref']))
  const missing = [...kept].filter((ref) => !components.some((component) => component['bom-ref'] === ref))
  if (missing.length > 0) throw new Error(`npm sbom says nothing of ${missing.join(', ')}`)
  // To npm all of them are tools for the development, as they are bundled.
  for (const component of components) component.properties = []
  const ours = all.metadata.component
  const version = versions[runtime]
  const platform = {
    'bom-ref': `${runtime}@${version}`,
    type: 'platform',
    name: runtime,
    version,
    purl: `${runtimes[runtime].purl}${version}`,
    licenses: [{ license: { id: 'MIT' } }],
  }
  const known = (ref) => kept.has(ref)
  const dependencies = all.dependencies
    .filter(({ ref }) => known(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter(known) }))
  const direct = all.dependencies.find(({ ref }) => ref === ours['bom-ref']).dependsOn.filter(known)
  return {
    ...all,
    metadata: { ...all.metadata, component: { ...ours, name, type: 'application' } },
    components: [platform, ...components],
    dependencies: [
      { ref: ours['bom-ref'], dependsOn: [platform['bom-ref'], ...direct] },
      { ref: platform['bom-ref'], dependsOn: [] },
      ...dependencies,
    ],
  }
}

const bills = {}
const billOfMaterials = (runtime) => (bills[runtime] ??= `${JSON.stringify(bill(runtime), undefined, 2)}\n`)

/** Packs the executable of `target`; says where. */
export async function archive(target, runtime, executable) {
  const folder = `${name}-${version}-${named(target, runtime)}`
  const inside = join(release, folder)
  rmSync(inside, { recursive: true, force: true })
  mkdirSync(join(inside, 'man'), { recursive: true })
  copyFileSync(executable, join(inside, basename(executable)))
  for (const page of man) copyFileSync(join(root, page), join(inside, 'man', basename(page)))
  cpSync(join(root, 'completions'), join(inside, 'completions'), { recursive: true })
  for (const file of ['README.md', 'CHANGELOG.md', 'LICENSE'])
    copyFileSync(join(root, file), join(inside, file))
  writeFileSync(join(inside, 'LICENSES.txt'), `${licences(runtime)}\n`)
  writeFileSync(join(inside, 'sbom.cdx.json'), billOfMaterials(runtime))
  const file = join(release, `${folder}.tar.xz`)
  const owner = process.platform === 'linux' ? ['--owner=root:0', '--group=root:0'] : []
  const pack = ['-C', release, ...owner, '-cJf', file, folder]
  await promisify(execFile)('tar', pack, { env: { ...process.env, XZ_OPT: '-1' } })
  rmSync(inside, { recursive: true })
  return file
}

/** Writes what stands beside the archives: the bill of materials, the recipes of Homebrew and Scoop, and the sums. */
export function finish() {
  mkdirSync(release, { recursive: true })
  writeFileSync(join(release, `${name}-${version}.cdx.json`), billOfMaterials('bun'))
  for (const [file, text] of Object.entries(
    recipes({ folder: release, name, version, description, homepage }),
  ))
    if (text !== undefined) writeFileSync(join(release, file), text)
  const files = readdirSync(release).filter((file) => file !== 'SHA256SUMS')
  const sum = (file) =>
    createHash('sha256')
      .update(readFileSync(join(release, file)))
      .digest('hex')
  writeFileSync(
    join(release, 'SHA256SUMS'),
    files
      .sort()
      .map((file) => `${sum(file)}  ${file}\n`)
      .join(''),
  )
}
