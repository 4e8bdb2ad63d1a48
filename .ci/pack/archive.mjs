// build/release/: an archive of each executable, a bill of materials (CycloneDX), recipes of package managers, SHA256SUMS.
import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { bundled } from '../notices.mjs'
import { build, nodeLicense, nodeVersion, root } from './nodes.mjs'
import { recipes } from './recipes.mjs'

export const release = join(build, 'release')
export const { name, version, description, homepage } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
)

/** The manual pages, as paths from the root. */
export const man = readdirSync(join(root, 'man')).map((page) => `man/${page}`)

/** The licences of all that is in the executable: ours, the packages' and Node's. */
export const licences = () =>
  [
    readFileSync(join(root, 'LICENSE'), 'utf8').trim(),
    `The packages in it:\n\n${readFileSync(join(root, 'dist', 'LICENSES.txt'), 'utf8').trim()}`,
    `=== Node.js ${nodeVersion}\n\n${nodeLicense().trim()}`,
  ].join('\n\n')

/** What npm knows of the packages that are in the executable, and the Node that runs it. */
function bill() {
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
  const node = {
    'bom-ref': `node@${nodeVersion}`,
    type: 'platform',
    name: 'node',
    version: nodeVersion,
    purl: `pkg:github/nodejs/node@v${nodeVersion}`,
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
    components: [node, ...components],
    dependencies: [
      { ref: ours['bom-ref'], dependsOn: [node['bom-ref'], ...direct] },
      { ref: node['bom-ref'], dependsOn: [] },
      ...dependencies,
    ],
  }
}

let billText
const billOfMaterials = () => (billText ??= `${JSON.stringify(bill(), undefined, 2)}\n`)

/** Packs the executable of `target`; says where. */
export async function archive(target, executable) {
  const folder = `${name}-${version}-${target.name}`
  const inside = join(release, folder)
  rmSync(inside, { recursive: true, force: true })
  mkdirSync(join(inside, 'man'), { recursive: true })
  copyFileSync(executable, join(inside, basename(executable)))
  for (const page of man) copyFileSync(join(root, page), join(inside, 'man', basename(page)))
  cpSync(join(root, 'completions'), join(inside, 'completions'), { recursive: true })
  for (const file of ['README.md', 'CHANGELOG.md', 'LICENSE'])
    copyFileSync(join(root, file), join(inside, file))
  writeFileSync(join(inside, 'LICENSES.txt'), `${licences()}\n`)
  writeFileSync(join(inside, 'sbom.cdx.json'), billOfMaterials())
  const file = join(release, `${folder}.tar.gz`)
  const owner = process.platform === 'linux' ? ['--owner=root:0', '--group=root:0'] : []
  await promisify(execFile)('tar', ['-C', release, ...owner, '-czf', file, folder])
  rmSync(inside, { recursive: true })
  return file
}

/** Writes what stands beside the archives: the bill of materials, the recipes of Homebrew and Scoop, and the sums. */
export function finish() {
  mkdirSync(release, { recursive: true })
  writeFileSync(join(release, `${name}-${version}.cdx.json`), billOfMaterials())
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
