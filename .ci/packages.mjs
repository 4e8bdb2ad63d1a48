// The packages that are files of their own in dist/, and what is left out of them.
import { readFileSync } from 'node:fs'

/** Loaded when they are asked for: a publish should not pay for reading them. */
export const seldom = ['chalk', 'hdr-histogram-js', 'ora', 'socks', 'ws', 'yargs']

/** What stands in for a module of a package, by the package and the import. None of it is reached from our code. */
const standIns = [
  // Its second form in WebAssembly, a copy of zlib for browsers, logs, and counters of other sizes than `bitBucketSize: 64`.
  [/hdr-histogram-js/, /^(\.\/wasm|pako)$/, 'exports.WasmHistogram = class {}'],
  [/hdr-histogram-js/, /^\.\/(HistogramLog(Reader|Writer)|Recorder|(Packed|Int\d+)Histogram)$/, ''],
  // Compression, which is off, and streams, for which websocket.ts has its own.
  [
    /\/ws\//,
    /^\.(\/lib)?\/permessage-deflate(\.js)?$/,
    "module.exports = class { static extensionName = 'permessage-deflate' }",
  ],
  [/\/ws\//, /^\.\/lib\/stream\.js$/, ''],
  // A regular expression of 14 kB, which JavaScript has by name; completions.
  [/string-width/, /^emoji-regex$/, 'module.exports = () => /\\p{RGI_Emoji}/gv'],
  [/\/yargs\//, /^\.\/completion-templates\.js$/, ''],
  // Of 100 kB, the bytes of an address.
  [/\/socks\//, /^ip-address$/, readFileSync(new URL('ip-address.cjs', import.meta.url), 'utf8')],
]

export const spare = {
  name: 'spare',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /./ }, ({ path, importer }) => {
      const index = standIns.findIndex(([where, what]) => where.test(importer) && what.test(path))
      return index < 0 ? undefined : { path: String(index), namespace: 'spare' }
    })
    onLoad({ filter: /./, namespace: 'spare' }, ({ path }) => ({ contents: standIns[path][2] }))
    // ora shares chalk with us, and has its own two spinners instead of 80.
    onResolve({ filter: /^chalk$/ }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: './chalk.cjs', external: true },
    )
    onLoad({ filter: /cli-spinners\/spinners\.json$/ }, ({ path }) => {
      const { dots, line } = JSON.parse(readFileSync(path, 'utf8'))
      return { contents: JSON.stringify({ dots, line }), loader: 'json' }
    })
  },
}
