// Run by the very Node that goes into the executable: `node compile-node.mjs FOLDER` runs boot-node.cjs as the executable would,
// does what people do most, and keeps V8's compiled form of each file as FOLDER/NAME.compiled.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import vm from 'node:vm'
import { boot, reachable, wrapped } from './assets.mjs'
import { root } from './targets.mjs'

const folder = process.argv[2]
const files = reachable()
const scripts = new Map()

/** In the place of vm.Script: what one run has compiled, the next goes on with. */
function Script(source, options) {
  const name = basename(options.filename)
  const script = scripts.get(name) ?? new vm.Script(source, options)
  scripts.set(name, script)
  return script
}

const read = (name) => new TextEncoder().encode(wrapped(name)).buffer
const replaced = {
  'node:sea': { getAssetKeys: () => files, getRawAsset: read },
  'node:vm': { Script },
}
const require = createRequire(import.meta.url)
const wanted = (id) => replaced[id] ?? require(id)

/** A broker to talk to, as a process of its own. */
async function startBroker() {
  const program = `require(${JSON.stringify(join(root, 'dist', 'main.cjs'))}).start()`
  const broker = spawn(process.execPath, ['-e', program, 'mqttx', 'broker', '-p', '0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  broker.stdout.setEncoding('utf8')
  let said = ''
  for await (const text of broker.stdout) {
    said += text
    const port = /^mqtt:\/\/127\.0\.0\.1:(\d+)$/m.exec(said)?.[1]
    if (port !== undefined) return { broker, port }
  }
  throw new Error(`the broker ended: ${said}`)
}

/** A run ends the process when it has printed nothing; the next one follows here. */
const { exit } = process
process.exit = (status = process.exitCode) => {
  process.exitCode = status
}

const { broker, port } = await startBroker()
const text = readFileSync(boot, 'utf8')
for (const words of [
  ['--version'],
  ['pub', '-p', port, '-q', '1', '-r', '-t', 'a/b', '-m', 'hello'],
  ['sub', '-p', port, '-t', 'a/b', '-C', '1'],
  ['sub', '-p', port, '-t', 'a/#', '-C', '1', '-F', '%t %p'],
  ['inspect', '--hex', '30 05 00 03 61 2f 62'],
  ...['pub', 'passwd', 'rr', 'bench', 'broker'].map((command) => [command, '--help']),
]) {
  process.argv = [process.execPath, 'mqttx', ...words]
  const module = { exports: undefined }
  new Function('require', 'module', text)(wanted, module)
  await module.exports
  if (process.exitCode !== 0) throw new Error(`mqttx ${words.join(' ')}: status ${process.exitCode}`)
}
broker.kill()
await once(broker, 'exit')

mkdirSync(folder, { recursive: true })
for (const [name, script] of scripts)
  writeFileSync(join(folder, `${name}.compiled`), script.createCachedData())
exit.call(process, 0) // not the runs' own status
