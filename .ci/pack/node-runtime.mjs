// Executables on Node: pkg puts the program into Node's own binary.
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { flags } from './assets.mjs'
import { checkSignature, signed } from './sign.mjs'
import {
  build,
  hostTarget,
  isWindows,
  member,
  pkgHome,
  root,
  tarball,
  targets,
  versions,
} from './targets.mjs'

const run = promisify(execFile)
const here = (name) => join(root, '.ci', 'pack', name)
const compiled = join(build, 'compiled')
const pkgCache = join(pkgHome, '.pkg-cache', 'sea')

/** Bytes. Node alone has 100 to 150 MB. */
export const sizes = () => ({ least: 80e6, most: 200e6 })

/** Where the binary of `target` lies in pkg's cache; it is put there when it is missing. */
export function nodeOf(target) {
  mkdirSync(pkgCache, { recursive: true })
  const name = `node-v${versions.node}-${target.system}`
  const windows = isWindows(target)
  const path = windows ? join(pkgCache, `${name}.exe`) : join(pkgCache, name, 'bin', 'node')
  if (existsSync(`${path}.ok`)) return path

  const bytes = member(tarball(target, 'node'), windows ? 'package/bin/node.exe' : 'package/bin/node')
  mkdirSync(dirname(path), { recursive: true })
  const unfinished = `${path}.part`
  writeFileSync(unfinished, bytes, { mode: 0o755 })
  // Symbols are a fifth of it and help nobody here. A `strip` that does not know the machine leaves the file alone.
  if (target.system.startsWith('linux')) spawnSync('strip', [unfinished], { stdio: 'ignore' })
  renameSync(unfinished, path)
  // pkg wants an archive and two marks; with the marks there it reads neither the archive nor the network.
  const archive = join(pkgCache, `${name}.${windows ? 'zip' : 'tar.gz'}`)
  for (const mark of [archive, `${archive}.ok`, `${path}.ok`]) writeFileSync(mark, '')
  return path
}

/** Compiles the program on this machine. */
export function prepare() {
  rmSync(compiled, { recursive: true, force: true })
  execFileSync(nodeOf(hostTarget), [...flags, here('compile-node.mjs'), compiled], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

export async function make(target, output) {
  nodeOf(target)
  // V8 takes its compiled form only on the machine that it was made for; the others compile at each start.
  const job = { system: target.name, output, ...(target === hostTarget && { compiled }) }
  const env = { ...process.env, HOME: pkgHome, USERPROFILE: pkgHome }
  await run(nodeOf(hostTarget), [here('bake-node.mjs'), JSON.stringify(job)], { env })
  if (!target.name.startsWith('macos')) return
  writeFileSync(output, signed(readFileSync(output), 'mqttx'))
  checkSignature(readFileSync(output))
}

/** Node's own licence, which travels with its binary. The package for Windows is without it. */
export function licence() {
  const from = hostTarget === undefined || isWindows(hostTarget) ? targets[0] : hostTarget
  return `${member(tarball(from, 'node'), 'package/LICENSE')}`
}
