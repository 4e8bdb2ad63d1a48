// Executables on Bun: its compiler puts the bundle and its bytecode into Bun's own binary.
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { hostTarget, isWindows, member, pkgHome, root, tarball, versions } from './targets.mjs'

const run = promisify(execFile)

/** Bytes. Bun alone has 65 to 115 MB. */
export const sizes = { least: 60e6, most: 120e6 }

/** A worker thread needs a file of its own, and finds it by this path, in whatever folder the program is started. */
const threads = ['dist/passwd-worker.cjs', 'dist/bench-worker.cjs']

/** Without them the executable reads .env and bunfig.toml where it is started; the second can name code to run. */
const closed = ['dotenv', 'bunfig', 'tsconfig', 'package-json'].map((name) => `--no-compile-autoload-${name}`)

/** Where the binary of `target` is; it is put there when it is missing. */
export function bunOf(target) {
  const suffix = isWindows(target) ? '.exe' : ''
  const path = join(pkgHome, `bun-${versions.bun}-${target.name}${suffix}`)
  if (existsSync(path)) return path
  const unfinished = `${path}.part`
  writeFileSync(unfinished, member(tarball(target, 'bun'), `package/bin/bun${suffix}`), { mode: 0o755 })
  renameSync(unfinished, path)
  return path
}

export function prepare() {
  bunOf(hostTarget)
}

export async function make(target, output) {
  const words = [
    ...['build', '--compile', '--bytecode', '--minify', '--format=cjs', '--target=bun', ...closed],
    ...['--define', '__dirname="./dist"', '--compile-executable-path', bunOf(target)],
    ...['--root', root, '--outfile', output, '.ci/pack/boot-bun.cjs', ...threads],
  ]
  await run(bunOf(hostTarget), words, { cwd: root })
}

/** Bun's packages are without their licence. */
export function licence() {
  return readFileSync(join(root, '.ci', 'pack', 'bun-licence.txt'), 'utf8').replaceAll(
    'VERSION',
    versions.bun,
  )
}
