// Run by the Node that goes into the executables, with pkgHome for a home: `node bake-node.mjs JOB`, a target in JSON. pkg puts
// the blob of boot-node.cjs and its assets into that target's Node. Its command line passes no assets on to Node in its
// plain SEA mode, and its other mode, a file system of its own, doubles the time to start; hence its function.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { boot, flags, reachable, wrapped } from './assets.mjs'
import { versions } from './targets.mjs'

const { default: sea } = createRequire(import.meta.url)('@yao-pkg/pkg/lib-es5/sea.js')

const { system, output, compiled } = JSON.parse(process.argv[2])
const [platform, arch] = system.split('-')
const folder = mkdtempSync(join(tmpdir(), 'mqttx-pkg-'))
const assets = {}
for (const file of reachable()) {
  assets[file] = join(folder, file)
  writeFileSync(assets[file], wrapped(file))
}
if (compiled !== undefined) {
  for (const file of readdirSync(compiled)) assets[file] = join(compiled, file)
}
await sea(boot, {
  targets: [{ nodeRange: `node${versions.node}`, platform, arch, output }],
  signature: false, // that needs Apple's codesign; sign.mjs does it anywhere
  seaConfig: { assets, useCodeCache: compiled !== undefined, execArgv: flags },
})
rmSync(folder, { recursive: true })
