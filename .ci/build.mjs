// Bundles src/ into dist/: main.cjs reads the command line, the commands and the packages that only some need are files
// beside it. CommonJS, because starting Node's ES module loader costs a sixth of a one-shot publish.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { packedGuides } from './guides.mjs'
import { writeNotices } from './notices.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

/** Loaded when they are asked for: a publish should not pay for reading them. */
const seldom = ['chalk', 'hdr-histogram-js', 'ora', 'socks', 'ws', 'yargs']

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
  ['commands/trace', 'trace'],
  ['commands/check/conformance', 'conformance'],
  ['commands/check/capabilities', 'capabilities'],
  ['commands/check/acl', 'access'],
  ['commands/explain', 'explain'],
  ['commands/program', 'program'],
  ['commands/pub/json', 'pub-json'],
  ['commands/guides', 'guides'],
  ['broker/broker', 'broker-server'],
  ['tap/tap', 'tap-server'],
  ['tap/packet-objects', 'tap-packets'],
  ['inspect/packet-lines', 'packet-lines'],
  ['connection/tls-settings', 'tls-settings'],
  ['connection/password-command', 'password-command'],
  ['io/prompt', 'prompt'],
  ...['http-proxy', 'srv', 'socks', 'tls', 'websocket'].map((name) => [
    `transport/${name}`,
    `transport-${name}`,
  ]),
])

/** The modules of errors.cjs: all bundles must mean the same classes, and each has text to show. */
const basic = ['errors', 'text']

/** The name of a module that is imported in a folder: its path under src/, with slashes, without its suffix. */
const moduleAt = (folder, path) =>
  relative(`${root}src`, resolve(folder, path)).replaceAll('\\', '/').replace(/\.js$/, '')

/**
 * Leaves the packages of `seldom` and the modules of `parts` out of a bundle and names their files instead. What every
 * bundle has is in errors.cjs.
 */
const apart = {
  name: 'apart',
  setup({ onResolve, onLoad }) {
    const outside = (name) => ({ path: `./${name}.cjs`, external: true })
    onLoad({ filter: /./, namespace: 'errors' }, ({ path }) => ({
      contents: taken(path, "require('./errors.cjs')"),
    }))
    onResolve({ filter: /./ }, ({ path, kind, namespace, resolveDir }) => {
      if (kind === 'entry-point') return undefined
      if (namespace === 'errors') return outside('errors')
      if (seldom.includes(path)) return outside(path)
      const module = moduleAt(resolveDir, path)
      if (basic.includes(module)) return { path: module, namespace: 'errors', sideEffects: false }
      const part = kind === 'dynamic-import' && parts.get(module)
      return part ? outside(part) : undefined
    })
  },
}

/** The modules of folders of src/ that are no files of their own. */
const modulesOf = (...folders) =>
  folders
    .flatMap((folder) =>
      readdirSync(`${root}src/${folder}`, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => `${folder}/${file.replaceAll('\\', '/').replace(/\.ts$/, '')}`),
    )
    .filter((path) => !parts.has(path))

/** Of the connection core, what only TLS needs: it is in tls-settings.cjs. */
const onlyForTls = ['connection/pem', 'connection/trust']
const options = ['client', 'connection', 'general', 'login', 'properties', 'tls', 'transport', 'will']
/**
 * A file for what several bundles need whole, with a name for each module; `users` are the bundles that take it from
 * there. A file takes what it needs of those before it.
 */
const core = {
  file: 'core',
  modules: [
    ...modulesOf('codec', 'connection', 'session').filter((path) => !onlyForTls.includes(path)),
    ...options.map((name) => `cli/options/${name}`),
    ...['property', 'proxy-url', 'topic', 'url', 'values'].map((name) => `cli/${name}`),
    ...['output', 'print', 'small-file', 'system-error'].map((name) => `io/${name}`),
  ],
  users: [
    ...whole,
    ...['access', 'bench', 'bench-worker', 'capabilities', 'check', 'completion', 'conformance', 'exchanges'],
    ...[
      'explain',
      'formats',
      'library',
      'pub-json',
      'recording',
      'replay',
      'retained',
      'table',
      'tap',
      'top',
    ],
  ],
}
/** How messages are printed: not needed to publish. */
const formats = { file: 'formats', modules: modulesOf('format'), users: ['rr', 'sub'] }
/** The option table with all that is printed from it, for commands whose start nobody waits for. */
const table = {
  file: 'table',
  modules: modulesOf('cli'),
  users: [
    ...['access', 'bench-spec', 'check-spec', 'completion', 'context', 'context-spec', 'program'],
    'tap-spec',
  ],
}
/** Decoding and showing packets. sparkplug.ts is not in it: few captures need its package. */
const packets = {
  file: 'packets',
  modules: [
    ...modulesOf('inspect').filter((path) => path !== 'inspect/sparkplug'),
    ...['pcapng-writer', 'stream'].map((name) => `capture/${name}`),
    ...['selection', 'target', 'view', 'writer'].map((name) => `commands/packet-${name}`),
  ],
  users: ['conformance', 'explain', 'inspect', 'packet-lines', 'trace', 'tap', 'tap-packets'],
}
/** Exchanges with a server that is judged, and what it offers. The statements are in conformance.cjs. */
const exchanges = {
  file: 'exchanges',
  modules: [
    ...modulesOf('check').filter((path) => !/^check\/(statements|acl)\//.test(path)),
    'commands/check/target',
  ],
  users: ['access', 'capabilities', 'conformance'],
}
/** Messages that were recorded as JSON. */
const recording = {
  file: 'recording',
  modules: modulesOf('recording'),
  users: ['pub-json', 'replay', 'retained'],
}
const sharedFiles = [core, formats, table, packets, exchanges, recording]
const usedBy = (name) => sharedFiles.filter(({ users }) => users.includes(name))

/** The names that each module of the shared files exports. */
const { metafile } = await build({
  absWorkingDir: `${root}src`,
  entryPoints: [...basic, ...sharedFiles.flatMap(({ modules }) => modules)].map((path) => `${path}.ts`),
  outdir: 'out',
  write: false,
  metafile: true,
})
const exportsOf = new Map(
  Object.entries(metafile.outputs).map(([file, output]) => [
    file.slice('out/'.length, -'.js'.length),
    output.exports,
  ]),
)

/** A module that has what `path` exports as constants: getters, which `export *` makes, cost time at every start and call. */
const taken = (path, from) =>
  `const from = ${from}\n${exportsOf
    .get(path)
    .map((name) => `export const ${name} = from.${name}\n`)
    .join('')}`

/** Takes the modules of a shared file from there. */
const taking = ({ file, modules }) => ({
  name: `taking-${file}`,
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^\\./${file}\\.cjs$`) }, ({ path }) => ({ path, external: true }))
    onResolve({ filter: /^\./ }, ({ path, kind, resolveDir }) => {
      if (kind !== 'import-statement') return undefined
      const index = modules.indexOf(moduleAt(resolveDir, path))
      return index < 0 ? undefined : { path: String(index), namespace: file }
    })
    onLoad({ filter: /./, namespace: file }, ({ path }) => ({
      contents: taken(modules[path], `require('./${file}.cjs').module${path}`),
    }))
  },
})

const sources = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(`${root}src/${file}`, 'utf8'))

/** The names of `module` that src/ uses. */
function usedOf(module) {
  const names = new Set()
  for (const text of sources) {
    for (const [, list] of text.matchAll(new RegExp(`^import \\{([^}]*)\\} from '${module}'`, 'gm')))
      for (const name of list.split(',')) names.add(name.trim().split(' as ')[0])
    for (const [, whole] of text.matchAll(new RegExp(`^import (\\w+) from '${module}'`, 'gm')))
      for (const [, name] of text.matchAll(new RegExp(`\\b${whole}\\.(\\w+)`, 'g'))) names.add(name)
  }
  return [...names].filter((name) => /^\w+$/.test(name))
}

/**
 * Modules of the runtime that most runs do without, and that take milliseconds to load: they are, at their first use.
 * They have only the names that are used: each costs time at every start.
 */
const late = {
  name: 'late',
  setup({ onResolve, onLoad }) {
    onResolve(
      {
        filter:
          /^node:(child_process|crypto|dns\/promises|os|stream|timers\/promises|tls|tty|util|worker_threads)$/,
      },
      ({ path, namespace }) =>
        namespace === 'late' ? { path, external: true } : { path, namespace: 'late' },
    )
    onLoad({ filter: /./, namespace: 'late' }, ({ path }) => {
      const getters = usedOf(path).map((name) => `get ${name}(){return require('${path}').${name}}`)
      return { contents: `module.exports={${getters.join()}}` }
    })
  },
}

/**
 * hdr-histogram-js without its second form in WebAssembly, which nobody here asks for, and a copy of zlib for browsers; ora
 * with its own two spinners instead of 80.
 */
const spare = {
  name: 'spare',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(\.\/wasm|pako)$/ }, ({ path }) => ({ path, namespace: 'spare' }))
    onLoad({ filter: /./, namespace: 'spare' }, () => ({ contents: 'exports.WasmHistogram = class {}' }))
    onLoad({ filter: /cli-spinners\/spinners\.json$/ }, ({ path }) => {
      const { dots, line } = JSON.parse(readFileSync(path, 'utf8'))
      return { contents: JSON.stringify({ dots, line }), loader: 'json' }
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
  // As require, which costs half of what an import of a CommonJS file does: Node reads that once more for its names.
  supported: { 'dynamic-import': false },
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
}

rmSync(`${root}dist`, { recursive: true, force: true })
const own = {
  ...common,
  define: {
    MQTTX_VERSION: JSON.stringify(version),
    MQTTX_GUIDES: JSON.stringify(packedGuides()),
    MQTTX_PASSWD_WORKER: 'passwdWorker',
    MQTTX_BENCH_WORKER: 'benchWorker',
  },
  banner: {
    js: "const passwdWorker=__dirname+'/passwd-worker.cjs',benchWorker=__dirname+'/bench-worker.cjs';",
  },
}
const entries = [
  { in: 'src/main.ts', out: 'main' },
  ...Array.from(parts, ([path, out]) => ({ in: `src/${path}.ts`, out })),
  { in: 'src/commands/bench/worker.ts', out: 'bench-worker' },
  { in: 'src/library/index.ts', out: 'library' },
]
/** Entries that take the same shared files are bundled together. */
const groups = new Map()
for (const entry of entries) {
  const files = usedBy(entry.out)
  const key = files.map(({ file }) => file).join()
  const group = groups.get(key) ?? { files, entryPoints: [] }
  groups.set(key, group)
  group.entryPoints.push(entry)
}
const bundle = ({ files, entryPoints }) =>
  build({ ...own, entryPoints, plugins: [apart, ...files.map(taking), late] })
const shared = ({ file, modules }) => {
  const lines = modules.map((path, index) => {
    const names = exportsOf.get(path)
    const local = names.map((name) => `${name} as ${name}${index}`)
    const members = names.map((name) => `${name}: ${name}${index}`)
    return `import { ${local.join()} } from './${path}.js'\nexport const module${index} = { ${members.join()} }`
  })
  return build({
    ...own,
    stdin: { contents: lines.join('\n'), resolveDir: `${root}src` },
    outdir: undefined,
    outfile: `dist/${file}.cjs`,
    plugins: [apart, ...usedBy(file).map(taking), late],
  })
}
const basis = build({
  ...own,
  stdin: {
    contents: basic.map((name) => `export * from './${name}.js'`).join('\n'),
    resolveDir: `${root}src`,
  },
  outdir: undefined,
  outfile: 'dist/errors.cjs',
})
const ours = await Promise.all([basis, ...Array.from(groups.values(), bundle), ...sharedFiles.map(shared)])
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
// For test/pack/bundle.test.ts: which modules each bundle has.
mkdirSync(`${root}build`, { recursive: true })
const contents = ours.flatMap(({ metafile }) => Object.entries(metafile.outputs))
const modules = Object.fromEntries(contents.map(([file, { inputs }]) => [file, Object.keys(inputs)]))
writeFileSync(`${root}build/bundles.json`, JSON.stringify(modules))
// esbuild lists the exports of a module with for-in, which finds what a program has added to Object.prototype too.
const exportsLoop = /for\(var (\w+) in (\w+)\)(\w+\(\w+,\1,\{get:\2\[\1\],enumerable:!0\}\))/g
// It keeps what a bundle takes from a shared file and does not use: reading a property might have an effect.
const takenNames = /([\w$]+)(=require\("\.\/\w+\.cjs"\)(?:\.module\d+)?)((?:,[\w$]+=\1\.[\w$]+)+)/g
function withoutUnused(text) {
  const uses = new Map()
  for (const [word] of text.matchAll(/[\w$]+/g)) uses.set(word, (uses.get(word) ?? 0) + 1)
  const isUsed = (declaration) => uses.get(/[\w$]+/.exec(declaration)[0]) > 1
  return text.replace(takenNames, (_, file, from, names) =>
    [file, from, ...names.split(/(?=,)/).filter(isUsed)].join(''),
  )
}
for (const name of readdirSync(`${root}dist`).filter((file) => file.endsWith('.cjs'))) {
  const text = readFileSync(`${root}dist/${name}`, 'utf8')
  const loops = text.replace(exportsLoop, 'for(var $1 of Object.keys($2))$3')
  writeFileSync(`${root}dist/${name}`, withoutUnused(loops))
}
writeNotices([...ours, thread, packages].flatMap(({ metafile }) => Object.keys(metafile.inputs)))
// The manual pages as npm installs them: compressed, they are a third of the size.
mkdirSync(`${root}dist/man`)
for (const page of readdirSync(`${root}man`))
  writeFileSync(`${root}dist/man/${page}.gz`, gzipSync(readFileSync(`${root}man/${page}`), { level: 9 }))
await import('./types.mjs')
