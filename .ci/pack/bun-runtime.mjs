// Executables on Bun: its compiler puts the bundle and its bytecode into Bun's own binary.
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { checkSignature } from './sign.mjs'
import { hostTarget, isWindows, member, pkgHome, root, tarball, versions } from './targets.mjs'

const run = promisify(execFile)

/** Bytes. Bun alone has 89 to 107 MB, for Windows 115. */
export const sizes = (target) => ({ least: 60e6, most: isWindows(target) ? 130e6 : 120e6 })

/**
 * The files of dist/ stay files of their own, so that a start loads only what it uses. They find each other, and worker
 * threads, in the executable, in whatever folder it is started.
 */
const files = () =>
  readdirSync(join(root, 'dist'))
    .filter((name) => name.endsWith('.cjs') && name !== 'library.cjs')
    .map((name) => `dist/${name}`)

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
  await compile(target, output, ['.ci/pack/boot-bun.cjs', ...files()])
  // Bun signs it ad hoc, as sign.mjs does. macOS on x64 needs no signature, and gets none.
  if (target.name === 'macos-arm64') checkSignature(readFileSync(output))
}

/** Makes an executable of CommonJS files, the first of which is run. */
export async function compile(target, output, scripts) {
  const words = [
    ...['build', '--compile', '--bytecode', '--minify', '--format=cjs', ...closed],
    ...['--target', target.bun.from.replace('@oven/', '')],
    ...['--define', '__dirname="./dist"', '--compile-executable-path', bunOf(target)],
    ...['--external', './*.cjs', '--root', root, '--outfile', output, ...scripts],
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
