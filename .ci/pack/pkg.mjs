// `npm run pkg [-- TARGET...]`: single executables, and an archive of each, into build/. Without names all targets;
// `host` is the one of this machine.
import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { archive, finish, release } from './archive.mjs'
import { flags } from './assets.mjs'
import { format, head } from './executable.mjs'
import { build, executable, hostTarget, nodeOf, nodeVersion, pkgHome, root, targets } from './nodes.mjs'
import { checkSignature, signed } from './sign.mjs'

/** Bytes. Node alone has 100 to 150 MB. */
const smallest = 80e6
const largest = 200e6

const run = promisify(execFile)
const here = (name) => join(root, '.ci', 'pack', name)
const compiled = join(build, 'compiled')

function chosen(words) {
  if (words.length === 0) return targets
  return words.map((word) => {
    const target = word === 'host' ? hostTarget : targets.find(({ name }) => name === word)
    if (target === undefined) {
      throw new Error(`no target ${word}; there are: ${targets.map(({ name }) => name).join(', ')}, host`)
    }
    return target
  })
}

async function bake(runner, target) {
  nodeOf(target)
  const output = executable(target)
  mkdirSync(join(output, '..'), { recursive: true })
  rmSync(output, { force: true })
  // V8 takes its compiled form only on the machine that it was made for; the others compile at each start.
  const job = { name: target.name, output, ...(target === hostTarget && { compiled }) }
  const env = { ...process.env, HOME: pkgHome, USERPROFILE: pkgHome }
  await run(runner, [here('bake.mjs'), JSON.stringify(job)], { env })
  if (target.name.startsWith('macos')) writeFileSync(output, signed(readFileSync(output), 'mqttx'))
  chmodSync(output, 0o755)
  return output
}

function check(target, path) {
  const found = format(head(path, 4096))
  if (found !== target.format) throw new Error(`${path} is ${found}, not ${target.format}`)
  const { size } = statSync(path)
  if (size < smallest || size > largest) throw new Error(`${path} has ${size} bytes`)
  if (target.name.startsWith('macos')) checkSignature(readFileSync(path))
  return `${found}, ${Math.round(size / 1e6)} MB`
}

async function main(words) {
  const wanted = chosen(words)
  if (hostTarget === undefined)
    throw new Error(`no Node for ${process.platform} ${process.arch} to build with`)
  execFileSync(process.execPath, [join(root, '.ci', 'build.mjs')], { stdio: 'inherit' })
  const runner = nodeOf(hostTarget)
  for (const folder of [compiled, release]) rmSync(folder, { recursive: true, force: true })
  execFileSync(runner, [...flags, here('compile.mjs'), compiled], { stdio: ['ignore', 'ignore', 'inherit'] })

  let failed = false
  const one = async (target) => {
    try {
      const path = await bake(runner, target)
      const facts = check(target, path)
      const file = await archive(target, path)
      console.log(`${target.name}: ${facts}, Node ${nodeVersion}; ${file}`)
    } catch (error) {
      failed = true
      console.error(`${target.name}: not built: ${error.message}`)
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
