// Bundles src/ into dist/: main.cjs reads the command line, the commands and the packages that only some need are files
// beside it. CommonJS, because starting Node's ES module loader costs a sixth of a one-shot publish.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { packedGuides } from './guides.mjs'
import { writeNotices } from './notices.mjs'
import { seldom, spare } from './packages.mjs'
import { buildSharing, exportsOf, moduleAt } from './sharing.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

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
  ['commands/sub/worker', 'sub-worker'],
  ['commands/trace', 'trace'],
  ['commands/check/conformance', 'conformance'],
  ['commands/check/capabilities', 'capabilities'],
  ['commands/check/acl', 'access'],
  ['commands/explain', 'explain'],
  ['commands/program', 'program'],
  ['commands/pub/json', 'pub-json'],
  ['commands/replay/captures', 'replay-captures'],
  ['commands/guides', 'guides'],
  ['broker/broker', 'broker-server'],
  ['gateway/gateway', 'gateway-server'],
  ['gateway/beside-broker', 'gateway-beside'],
  ['tap/tap', 'tap-server'],
  ['tap/packet-objects', 'tap-packets'],
  ['inspect/packet-lines', 'packet-lines'],
  ['connection/sn', 'sn-client'],
  ['connection/tls-settings', 'tls-settings'],
  ['connection/password-command', 'password-command'],
  ['io/prompt', 'prompt'],
  ...['http-proxy', 'srv', 'socks', 'tls', 'websocket'].map((name) => [
    `transport/${name}`,
    `transport-${name}`,
  ]),
])

/** The part that a dynamic import names, or the package: a file of its own. */
const apartOf = (folder, path) => (seldom.includes(path) ? path : parts.get(moduleAt(folder, path)))

/**
 * Leaves the packages of `seldom` and the modules of `parts` out of a bundle and names their files instead. Their dynamic
 * imports become calls of `require`, which costs half of what an import of a CommonJS file does.
 */
const apart = {
  name: 'apart',
  setup({ onResolve, onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: readFileSync(path, 'utf8').replace(/(?<!typeof )\bimport\('([^']+)'\)/g, (whole, name) => {
        const file = apartOf(dirname(path), name)
        return file === undefined ? whole : `Promise.resolve().then(() => require('./${file}.cjs'))`
      }),
    }))
    onResolve({ filter: /^\.\/[\w-]+\.cjs$/ }, ({ path }) => ({ path, external: true }))
    onResolve({ filter: /^[\w-]+$/ }, ({ path }) =>
      seldom.includes(path) ? { path: `./${path}.cjs`, external: true } : undefined,
    )
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

/** What each start needs, and the classes of errors, which must be the same in all bundles. */
const errors = {
  file: 'errors',
  modules: [
    ...['byte-text', 'errors', 'host', 'runtime', 'text', 'version'],
    ...['nearest', 'option'].map((name) => `cli/${name}`),
    ...[
      'output',
      'print',
      'promises',
      'say',
      'signals',
      'small-file',
      'stderr',
      'system-error',
      'terminal',
    ].map((name) => `io/${name}`),
  ],
  also: ['late'],
}
/** Of the connection core, what only TLS needs: it is in tls-settings.cjs. */
const onlyForTls = ['connection/pem', 'connection/trust']
/** The modules of MQTT-SN, which are in sn.cjs and sn-client.cjs. */
const onlyForSn = (path) => /^(codec\/mqtt-sn|connection\/sn)/.test(path)
const options = ['client', 'connection', 'general', 'login', 'properties', 'tls', 'transport', 'will']
/**
 * A file for what several bundles need whole, with a name for each module; `users` are the bundles that take it from
 * there. A file takes what it needs of those before it.
 */
const core = {
  file: 'core',
  modules: [
    ...modulesOf('codec', 'connection', 'session').filter(
      (path) => !onlyForTls.includes(path) && !onlyForSn(path),
    ),
    ...options.map((name) => `cli/options/${name}`),
    ...['context', 'message'].map((name) => `cli/options/${name}`), // of most commands that take from here
    ...['property', 'proxy-url', 'topic', 'url', 'values'].map((name) => `cli/${name}`),
    ...['dial', 'during', 'endpoint', 'frame-limit', 'open', 'race', 'steps', 'tls-failures'].map(
      (name) => `transport/${name}`,
    ),
    ...['output', 'promises', 'zone'].map((name) => `io/${name}`),
  ],
  users: [
    ...whole,
    ...[
      'access',
      'bench',
      'bench-worker',
      'broker',
      'broker-server',
      'capabilities',
      'check',
      'completion',
      'conformance',
    ],
    ...['exchanges', 'load', 'password-command', 'tap-server', 'tls-settings'],
    ...['http-proxy', 'socks', 'srv', 'tls', 'websocket'].map((name) => `transport-${name}`),
    ...[
      'explain',
      'formats',
      'gateway',
      'gateway-server',
      'library',
      'pub-json',
      'recording',
      'replay',
      'replay-captures',
      'retained',
      'sub-worker',
      'sn',
      'sn-client',
      'table',
      'tap',
      'tap-server',
      'top',
    ],
  ],
}
/** How messages are printed: not needed to publish. */
const formats = { file: 'formats', modules: modulesOf('format'), users: ['retained', 'rr', 'sub'] }
/** The option table with all that is printed from it, for commands whose start nobody waits for. */
const table = {
  file: 'table',
  modules: modulesOf('cli'),
  users: [
    ...['access', 'bench-spec', 'check-spec', 'completion', 'context', 'context-spec', 'program'],
    ...['gateway-spec', 'replay-spec', 'retained-spec', 'tap-spec', 'top-spec'],
  ],
}
/** MQTT-SN: the codec, and what client and gateway share. */
const sn = {
  file: 'sn',
  modules: [
    ...modulesOf('codec').filter(onlyForSn),
    ...['pace', 'predefined', 'retransmission', 'targets', 'topics'].map((name) => `sn/${name}`),
  ],
  users: ['gateway', 'gateway-beside', 'gateway-server', 'packets', 'sn-client', 'tap-server'],
}
/** Decoding and showing packets. sparkplug.ts is not in it: few captures need its package. */
const packets = {
  file: 'packets',
  modules: [
    ...modulesOf('inspect').filter((path) => path !== 'inspect/sparkplug'),
    ...['pcapng-writer', 'stream'].map((name) => `capture/${name}`),
    ...['selection', 'target', 'view', 'writer'].map((name) => `commands/packet-${name}`),
  ],
  users: [
    'captures',
    'conformance',
    'explain',
    'inspect',
    'packet-lines',
    'replay-captures',
    'trace',
    'tap',
    'tap-packets',
  ],
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
  modules: [...modulesOf('recording'), 'commands/each-line', 'commands/json-lines'],
  users: ['pub-json', 'replay', 'retained'],
}
/** Reading captures. */
const captures = {
  file: 'captures',
  modules: [
    ...modulesOf('capture').filter((path) => !packets.modules.includes(path)),
    ...['files', 'inflate', 'input', 'reading', 'tls'].map((name) => `commands/capture-${name}`),
  ],
  users: ['inspect', 'replay-captures'],
}
/** What generates load, in the process of bench and in its threads. */
const load = {
  file: 'load',
  modules: [
    ...[
      ...['audit', 'build-result', 'churn', 'client', 'client-pool', 'correlation'],
      ...['create-client', 'create-plan', 'dialer', 'engine', 'failures', 'interval-histograms'],
      ...['measure', 'payload', 'placeholders', 'publisher', 'random', 'replaceable-connection'],
      ...['responder', 'run-stats', 'sequence-tracker', 'snapshot', 'stamp', 'subscriber'],
      ...['templates', 'topics', 'validity', 'workload'],
    ].map((name) => `commands/bench/${name}`),
    ...['clock', 'latency-histogram', 'number-format', 'waiter'].map((name) => `commands/${name}`),
  ],
  users: ['bench', 'bench-worker'],
}
/** Password files: what checks them in the broker, and changes them. */
const passwords = {
  file: 'passwords',
  modules: modulesOf('passwd').filter((path) => path !== 'passwd/worker'),
  users: ['broker', 'passwd'],
}
const sharedFiles = [
  errors,
  core,
  load,
  passwords,
  formats,
  table,
  sn,
  packets,
  exchanges,
  recording,
  captures,
]
const usedBy = (name) => {
  const index = sharedFiles.findIndex(({ file }) => file === name)
  const before = index < 0 ? sharedFiles : sharedFiles.slice(0, index)
  return before.filter(({ file, users }) => file === 'errors' || users.includes(name))
}

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
 * Modules of the runtime that most runs do without, and that take milliseconds to load: they are, at their first use. They are
 * in errors.cjs, with the names that are used.
 */
const lateModules = [
  'child_process',
  'crypto',
  'dns/promises',
  'os',
  'stream',
  'timers/promises',
  'tls',
  'tty',
  'util',
  'v8',
  'vm',
  'worker_threads',
]
const late = lateModules.map((module) => {
  const getters = usedOf(`node:${module}`).map((name) => `get ${name}(){return r().${name}}`)
  return `'${module}':((r)=>({${getters.join()}}))(()=>require('node:${module}'))`
})
/** A module of them as a bundle loads it for an import statement. */
const lateRequire = new RegExp(`=((?:[\\w$]+\\()?)require\\("node:(${lateModules.join('|')})"\\)`, 'g')

const common = {
  absWorkingDir: root,
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  supported: { 'dynamic-import': false }, // `require` instead, which is faster
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
}

rmSync(`${root}dist`, { recursive: true, force: true })
const { outdir, ...own } = {
  ...common,
  define: {
    MQTTX_VERSION: JSON.stringify(version),
    MQTTX_GUIDES: JSON.stringify(packedGuides()),
    MQTTX_PASSWD_WORKER: 'passwdWorker',
    MQTTX_BENCH_WORKER: 'benchWorker',
  },
  plugins: [apart],
}
const entries = new Map([
  ['main', 'main'],
  ...parts,
  ['commands/bench/worker', 'bench-worker'],
  ['library/index', 'library'],
])
const exported = await exportsOf([...sharedFiles.flatMap(({ modules }) => modules), ...entries.keys()])
// An object of names, without the getters that esbuild makes of exports: they cost time at each start and call. Programs
// that import the library need its exports as they are.
const contentsOf = (path) =>
  path === 'library/index'
    ? `export * from './${path}.js'`
    : `import { ${exported.get(path).join()} } from './${path}.js'\nmodule.exports = { ${exported.get(path).join()} }`
const ours = await buildSharing({
  bundles: Array.from(entries, ([path, out]) => ({ out, contents: contentsOf(path), files: usedBy(out) })),
  sharedFiles: sharedFiles.map((shared) => ({ ...shared, files: usedBy(shared.file) })),
  exported,
  options: own,
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
// For test/pack/bundle.test.ts: which modules each bundle has.
mkdirSync(`${root}build`, { recursive: true })
const contents = ours.flatMap(({ metafile }) => Object.entries(metafile.outputs))
const modules = Object.fromEntries(contents.map(([file, { inputs }]) => [file, Object.keys(inputs)]))
writeFileSync(`${root}build/bundles.json`, JSON.stringify(modules))
// esbuild lists the exports of a module with for-in, which finds what a program has added to Object.prototype too.
const exportsLoop = /for\(var (\w+) in (\w+)\)(\w+\(\w+,\1,\{get:\2\[\1\],enumerable:!0\}\))/g
/** What a bundle names and the bundler does not know. */
const workers = ['passwd-worker', 'bench-worker'].map((file) => [
  file.replace('-w', 'W'),
  `const ${file.replace('-w', 'W')}=__dirname+'/${file}.cjs';`,
])
for (const { metafile } of ours) {
  const [path] = Object.keys(metafile.outputs)
  const isErrors = path === 'dist/errors.cjs'
  const text = readFileSync(root + path, 'utf8')
    .replace(exportsLoop, 'for(var $1 of Object.keys($2))$3')
    .replace(
      lateRequire,
      (_, call, module) => `=${call}${isErrors ? '' : "require('./errors.cjs')."}late['${module}']`,
    )
  const before = workers.filter(([name]) => text.includes(name)).map(([, line]) => line)
  writeFileSync(root + path, `${before.join('')}${isErrors ? `const late={${late.join()}};` : ''}${text}`)
}
writeNotices([...ours, thread, packages].flatMap(({ metafile }) => Object.keys(metafile.inputs)))
// The manual pages as npm installs them: compressed, they are a third of the size.
mkdirSync(`${root}dist/man`)
for (const page of readdirSync(`${root}man`))
  writeFileSync(`${root}dist/man/${page}.gz`, gzipSync(readFileSync(`${root}man/${page}`), { level: 9 }))
await import('./types.mjs')
