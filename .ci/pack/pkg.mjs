// `npm run pkg [-- node] [TARGET...]`: single executables, and an archive of each, into build/. They run on Bun; with `node`,
// on Node. Without names all targets of that runtime; `host` is the one of this machine.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { archive, finish, release } from './archive.mjs'
import * as bun from './bun-runtime.mjs'
import { format, head } from './executable.mjs'
import * as node from './node-runtime.mjs'
import { executable, hostTarget, named, root, targets, versions } from './targets.mjs'

const runtimes = { bun, node }

function chosen(words, runtime) {
  const known = targets.filter((target) => runtime in target)
  if (words.length === 0) return known
  return words.map((word) => {
    const target = word === 'host' ? hostTarget : known.find(({ name }) => name === word)
    if (target === undefined) {
      throw new Error(`no target ${word}; there are: ${known.map(({ name }) => name).join(', ')}, host`)
    }
    return target
  })
}

async function made(target, runtime) {
  const path = executable(target, runtime)
  mkdirSync(join(path, '..'), { recursive: true })
  rmSync(path, { force: true })
  await runtimes[runtime].make(target, path)
  chmodSync(path, 0o755)
  return path
}

function check(target, runtime, path) {
  const found = format(head(path, 4096))
  if (found !== target.format) throw new Error(`${path} is ${found}, not ${target.format}`)
  const { size } = statSync(path)
  const { least, most } = runtimes[runtime].sizes(target)
  if (size < least || size > most) throw new Error(`${path} has ${size} bytes`)
  return `${found}, ${Math.round(size / 1e6)} MB`
}

async function main(words) {
  const runtime = words[0] === 'node' ? 'node' : 'bun'
  const wanted = chosen(runtime === 'node' ? words.slice(1) : words, runtime)
  if (hostTarget === undefined)
    throw new Error(`no runtime for ${process.platform} ${process.arch} to build with`)
  execFileSync(process.execPath, [join(root, '.ci', 'build.mjs')], { stdio: 'inherit' })
  if (runtime === 'bun') rmSync(release, { recursive: true, force: true })
  runtimes[runtime].prepare()

  let failed = false
  const one = async (target) => {
    try {
      const path = await made(target, runtime)
      const facts = check(target, runtime, path)
      const file = await archive(target, runtime, path)
      console.log(`${named(target, runtime)}: ${facts}, ${runtime} ${versions[runtime]}; ${file}`)
    } catch (error) {
      failed = true
      console.error(`${named(target, runtime)}: not built: ${error.message}`)
    }
  }
  const queue = [...wanted]
  const lane = async () => {
    for (let target = queue.shift(); target !== undefined; target = queue.shift()) await one(target)
  }
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, lane))
  finish()
  if (failed) process.exitCode = 1
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(`pkg: ${error.message}`)
  process.exitCode = 1
}
