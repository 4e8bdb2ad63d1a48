// Bundles src/ into dist/: main.cjs is what a publish needs, the other commands and the packages that only some need are
// files of their own beside it. CommonJS, because starting Node's ES module loader costs a sixth of a one-shot publish.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

/** Loaded when they are asked for: a publish should not pay for reading them. */
const seldom = ['aedes', 'chalk', 'hdr-histogram-js', 'ora', 'socks', 'ws', 'yargs']

/** Commands, and what only --help needs: the same, for our own code. By the path that they are imported by. */
const commands = readdirSync(`${root}src/commands`, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !['pub', 'sub'].includes(entry.name))
  .map(({ name }) => ({ name, from: `./${name}/run.js`, file: `src/commands/${name}/run.ts` }))
const parts = [
  ...commands,
  { name: 'program', from: './commands/program.js', file: 'src/commands/program.ts' },
]

/**
 * Leaves the packages of `seldom` and the modules of `parts` out of a bundle and names their files instead. errors.ts
 * has a file of its own too: all bundles must mean the same classes.
 */
const apart = {
  name: 'apart',
  setup({ onResolve }) {
    const outside = (name) => ({ path: `./${name}.cjs`, external: true })
    onResolve({ filter: /./ }, ({ path, kind }) => {
      if (kind === 'entry-point') return undefined
      if (seldom.includes(path)) return outside(path)
      if (/^\.{1,2}\/(?:.*\/)?errors\.js$/.test(path)) return outside('errors')
      const part = parts.find(({ from }) => from === path)
      return part && outside(part.name)
    })
  },
}

const common = {
  absWorkingDir: root,
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  minify: true,
  legalComments: 'none',
  // mqtt-packet's bl brings a copy of Node's streams: loading it would take longer than to send a message.
  alias: { 'readable-stream': 'node:stream' },
  logLevel: 'warning',
}

rmSync(`${root}dist`, { recursive: true, force: true })
await build({
  ...common,
  entryPoints: [
    ...['main', 'errors'].map((name) => ({ in: `src/${name}.ts`, out: name })),
    ...parts.map(({ name, file }) => ({ in: file, out: name })),
    { in: 'src/commands/bench/worker.ts', out: 'bench-worker' },
  ],
  plugins: [apart],
  define: {
    MQTTX_VERSION: JSON.stringify(version),
    MQTTX_PASSWD_WORKER: 'passwdWorker',
    MQTTX_BENCH_WORKER: 'benchWorker',
  },
  banner: {
    js: "const passwdWorker=__dirname+'/passwd-worker.cjs',benchWorker=__dirname+'/bench-worker.cjs';",
  },
})
// A worker thread needs a file of its own to start with.
await build({
  ...common,
  entryPoints: [{ in: 'src/passwd/worker.ts', out: 'passwd-worker' }],
  mainFields: ['module', 'main'], // of hash-wasm's many hashes only those that are used
})
await build({
  ...common,
  entryPoints: seldom.map((name) => ({ in: name, out: name })),
  // yargs asks where its own file is, which import.meta does not tell in CommonJS.
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl=require('node:url').pathToFileURL(__filename).href;" },
  // A default export is what `require` gives, as Node has it for the packages themselves.
  footer: {
    js: 'if(module.exports.default)module.exports=Object.assign(module.exports.default,module.exports);',
  },
})
