// Run by the Node that goes into the executables, with pkgHome for a home: `node bake.mjs JOB`, a target in JSON. pkg puts
// the blob of boot.cjs and its assets into that target's Node. Its command line passes no assets on to Node in its
// plain SEA mode, and its other mode, a file system of its own, doubles the time to start; hence its function.
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { boot, dist, reachable } from './assets.mjs'
import { nodeVersion } from './nodes.mjs'

const { default: sea } = createRequire(import.meta.url)('@yao-pkg/pkg/lib-es5/sea.js')

const { name, output, compiled } = JSON.parse(process.argv[2])
const [platform, arch] = name.split('-')
const assets = Object.fromEntries(reachable().map((file) => [file, join(dist, file)]))
if (compiled !== undefined) {
  for (const file of readdirSync(compiled)) assets[file] = join(compiled, file)
}
await sea(boot, {
  targets: [{ nodeRange: `node${nodeVersion}`, platform, arch, output }],
  signature: false, // that needs Apple's codesign; sign.mjs does it anywhere
  seaConfig: { assets, useCodeCache: compiled !== undefined },
})
