// Bundles src/ into dist/: main.cjs reads the command line, the commands and the packages that only some need are files
// beside it. CommonJS, because starting Node's ES module loader costs a sixth of a one-shot publish.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { writeNotices } from './notices.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

/** Loaded when they are asked for: a publish should not pay for reading them. */
const seldom = ['aedes', 'chalk', 'hdr-histogram-js', 'ora', 'socks', 'ws', 'yargs']

/** Commands that are one file with their specs. */
const whole = ['pub', 'rr', 'sub']
const folders = readdirSync(`${root}src/commands`, { withFileTypes: true })
const commands = folders.filter((entry) => entry.isDirectory() && !whole.includes(entry.name))

/** The same for our own code: what is imported by `import()`. By path, as in src/. */
const parts = new Map([
  ...commands.flatMap(({ name }) => [
    [`commands/${name}/spec`, `${name}-spec`],
    [`commands/${name}/run`, name],
  ]),
  ...whole.map((name) => [`commands/${name}/command`, name]),
  ['commands/program', 'program'],
  ['connection/tls-settings', 'tls-settings'],
  ...['srv', 'socks', 'tls', 'websocket'].map((name) => [`transport/${name}`, `transport-${name}`]),
])

/**
 * Leaves the packages of `seldom` and the modules of `parts` out of a bundle and names their files instead. errors.ts
 * has a file of its own too: all bundles must mean the same classes.
 */
const apart = {
  name: 'apart',
  setup({ onResolve }) {
    const outside = (name) => ({ path: `./${name}.cjs`, external: true })
    onResolve({ filter: /./ }, ({ path, kind, resolveDir }) => {
      if (kind === 'entry-point') return undefined
      if (seldom.includes(path)) return outside(path)
      if (/^\.{1,2}\/(?:.*\/)?errors\.js$/.test(path)) return outside('errors')
      if (kind !== 'dynamic-import') return undefined
      const part = parts.get(relative(`${root}src`, resolve(resolveDir, path)).replace(/\.js$/, ''))
      return part && outside(part)
    })
  },
}

/** The connection core, which several bundles need whole: it has a file of its own, core.cjs, with a name for each module. */
const core = ['codec', 'connection', 'session']
  .flatMap((folder) =>
    readdirSync(`${root}src/${folder}`).map((file) => `${folder}/${file.replace(/\.ts$/, '')}`),
  )
  .filter((path) => !parts.has(path))
const users = [...whole, 'bench', 'completion', 'bench-worker', 'library']

/** Takes the modules of `core` from core.cjs. */
const cored = {
  name: 'cored',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/core\.cjs$/ }, ({ path }) => ({ path, external: true }))
    onResolve({ filter: /^\./ }, ({ path, kind, resolveDir }) => {
      if (kind !== 'import-statement') return undefined
      const index = core.indexOf(relative(`${root}src`, resolve(resolveDir, path)).replace(/\.js$/, ''))
      return index < 0 ? undefined : { path: String(index), namespace: 'core' }
    })
    onLoad({ filter: /./, namespace: 'core' }, ({ path }) => ({
      contents: `module.exports = require('./core.cjs').module${path}`,
    }))
  },
}

/** Modules of Node's own that most runs do without, and that take milliseconds to load: they are, at their first use. */
const late = {
  name: 'late',
  setup({ onResolve, onLoad }) {
    onResolve(
      { filter: /^node:(child_process|crypto|dns\/promises|os|timers\/promises|tls|worker_threads)$/ },
      ({ path, namespace }) =>
        namespace === 'late' ? { path, external: true } : { path, namespace: 'late' },
    )
    onLoad({ filter: /./, namespace: 'late' }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => name !== 'default')
      const contents = `for(const name of '${names}'.split(','))
        Object.defineProperty(exports,name,{get:()=>require('${path}')[name],enumerable:true})`
      return { contents }
    })
  },
}

/** hdr-histogram-js without its second form in WebAssembly, which nobody here asks for, and a copy of zlib for browsers. */
const spare = {
  name: 'spare',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(\.\/wasm|pako)$/ }, ({ path }) => ({ path, namespace: 'spare' }))
    onLoad({ filter: /./, namespace: 'spare' }, () => ({ contents: 'exports.WasmHistogram = class {}' }))
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
  // As require, which costs half of what an import of a CommonJS file does: Node reads that once more for its names.
  supported: { 'dynamic-import': false },
  minify: true,
  legalComments: 'none',
  // mqtt-packet wants the list of buffers in bl, and no stream around it. Its debug asks what terminal there is; nobody
  // reads what it would print. The copy of Node's streams that others bring is not needed either.
  alias: { 'readable-stream': 'node:stream', bl: 'bl/BufferList.js', debug: `${root}.ci/no-debug.cjs` },
  logLevel: 'warning',
  metafile: true,
}

rmSync(`${root}dist`, { recursive: true, force: true })
const own = {
  ...common,
  define: {
    MQTTX_VERSION: JSON.stringify(version),
    MQTTX_PASSWD_WORKER: 'passwdWorker',
    MQTTX_BENCH_WORKER: 'benchWorker',
  },
  banner: {
    js: "const passwdWorker=__dirname+'/passwd-worker.cjs',benchWorker=__dirname+'/bench-worker.cjs';",
  },
}
const entries = [
  ...['main', 'errors'].map((name) => ({ in: `src/${name}.ts`, out: name })),
  ...Array.from(parts, ([path, out]) => ({ in: `src/${path}.ts`, out })),
  { in: 'src/commands/bench/worker.ts', out: 'bench-worker' },
  { in: 'src/library/index.ts', out: 'library' },
]
const ours = await build({
  ...own,
  entryPoints: entries.filter(({ out }) => !users.includes(out)),
  plugins: [apart, late],
})
const withCore = await build({
  ...own,
  entryPoints: entries.filter(({ out }) => users.includes(out)),
  plugins: [apart, cored, late],
})
const shared = await build({
  ...own,
  stdin: {
    contents: core.map((path, index) => `export * as module${index} from './${path}.js'`).join('\n'),
    resolveDir: `${root}src`,
  },
  outdir: undefined,
  outfile: 'dist/core.cjs',
  plugins: [apart, late],
})
// A worker thread needs a file of its own to start with.
const thread = await build({
  ...common,
  entryPoints: [{ in: 'src/passwd/worker.ts', out: 'passwd-worker' }],
  mainFields: ['module', 'main'], // of hash-wasm's many hashes only those that are used
})
const packages = await build({
  ...common,
  plugins: [spare],
  entryPoints: seldom.map((name) => ({ in: name, out: name })),
  // yargs asks where its own file is, which import.meta does not tell in CommonJS.
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl=require('node:url').pathToFileURL(__filename).href;" },
  // A default export is what `require` gives, as Node has it for the packages themselves.
  footer: {
    js: 'if(module.exports.default)module.exports=Object.assign(module.exports.default,module.exports);',
  },
})
writeNotices(
  [ours, withCore, shared, thread, packages].flatMap(({ metafile }) => Object.keys(metafile.inputs)),
)
await import('./types.mjs')
