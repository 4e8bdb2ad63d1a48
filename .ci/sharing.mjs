// How the bundles of build.mjs share modules: a shared file has each of its modules once, and those that take from it use
// short names. It has only what is taken, so what no bundle needs of a module is nowhere.
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const src = fileURLToPath(new URL('../src', import.meta.url))

/** The name of a module that is imported in a folder: its path under src/, with slashes, without its suffix. */
export const moduleAt = (folder, path) =>
  relative(src, resolve(folder, path)).replaceAll('\\', '/').replace(/\.js$/, '')

/** What each module exports. */
export async function exportsOf(modules) {
  const { metafile } = await build({
    absWorkingDir: src,
    entryPoints: modules.map((path) => `${path}.ts`),
    outdir: 'out',
    write: false,
    metafile: true,
  })
  const outputs = Object.entries(metafile.outputs)
  return new Map(
    outputs.map(([file, output]) => [file.slice('out/'.length, -'.js'.length), output.exports.sort()]),
  )
}

/** In the first of two builds, taken names have this form, which shows in the text which of them are left. */
const marked = (file, index, name) => `taken$${file}$${index}$${name}`
const mark = /\btaken\$([\w-]+)\$(\d+)\$([\w$]+)/g

/** Names of one or two letters, in order. */
const letters = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ']
const short = (number) =>
  number < letters.length
    ? letters[number]
    : short(Math.floor(number / letters.length) - 1) + letters[number % letters.length]

/** Resolves the modules of a shared file to `contentOf(index)`. */
const plugin = ({ file, modules }, contentOf) => ({
  name: `taking-${file}`,
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^\\./${file}\\.cjs$`) }, ({ path }) => ({ path, external: true }))
    onResolve({ filter: new RegExp(`^file:${file}$`) }, () => ({ path: 'file', namespace: file }))
    onResolve({ filter: /^\./ }, ({ path, kind, resolveDir }) => {
      if (kind !== 'import-statement') return undefined
      const index = modules.indexOf(moduleAt(resolveDir, path))
      return index < 0 ? undefined : { path: String(index), namespace: file, sideEffects: false }
    })
    onLoad({ filter: /./, namespace: file }, ({ path }) => ({
      contents: path === 'file' ? `export const file = require('./${file}.cjs')` : contentOf(Number(path)),
    }))
  },
})

/** Lists of names for an `import` or `export` statement. */
const list = (names, rename) => `{ ${names.map((name) => `${name} as ${rename(name)}`).join()} }`

/**
 * Bundles `bundles`, each `{ out, contents, files }`: its name, its text, and the shared files it takes from. A shared file
 * `{ file, modules, files, also }` comes after those that it takes from; `also` are further names that it has. `options` are
 * esbuild's; their plugins come before ours.
 */
export async function buildSharing({ bundles, sharedFiles, exported, options }) {
  const run = (out, contents, plugins, more) =>
    build({
      ...options,
      stdin: { contents, resolveDir: src },
      outfile: `dist/${out}.cjs`,
      plugins: [...(options.plugins ?? []), ...plugins],
      ...more,
    })
  /** Names that bundles take, by file: `index$name`. */
  const takenOf = new Map(sharedFiles.map(({ file }) => [file, new Set()]))
  const takenBy = new Map()

  /** A first build: what does the bundle take? */
  async function note(out, contents, files) {
    const asking = files.map((shared) =>
      plugin(shared, (index) => {
        const names = exported.get(shared.modules[index])
        return `export { ${names.map((name) => `${marked(shared.file, index, name)} as ${name}`).join()} } from './${shared.file}.cjs'`
      }),
    )
    const { outputFiles } = await run(out, contents, asking, { write: false })
    const found = new Set()
    for (const [whole, file, index, name] of outputFiles[0].text.matchAll(mark)) {
      found.add(whole)
      takenOf.get(file).add(`${index}$${name}`)
    }
    takenBy.set(out, found)
  }

  const contentsOf = ({ file, modules, also = [] }) => {
    const taken = [...takenOf.get(file)].sort()
    const members = taken.map(
      (name, number) => `${short(number)}: ${name.replace(/^(\d+)\$(.*)$/, '$2$$$1')}`,
    )
    const imports = modules.map((path, index) => {
      const names = taken
        .filter((name) => name.startsWith(`${index}$`))
        .map((name) => name.replace(/^\d+\$/, ''))
      return names.length === 0
        ? ''
        : `import ${list(names, (name) => `${name}$${index}`)} from './${path}.js'\n`
    })
    return `${imports.join('')}module.exports = { ${[...members, ...also].join()} }`
  }

  await Promise.all(bundles.map(({ out, contents, files }) => note(out, contents, files)))
  for (const shared of sharedFiles.toReversed()) await note(shared.file, contentsOf(shared), shared.files)

  const giving = (out, { file, modules }) => {
    const taken = [...takenOf.get(file)].sort()
    return plugin({ file, modules }, (index) => {
      const lines = exported.get(modules[index]).map((name) => {
        const isTaken = takenBy.get(out).has(marked(file, index, name))
        return `export const ${name} = ${isTaken ? `file.${short(taken.indexOf(`${index}$${name}`))}` : 'undefined'}\n`
      })
      return `import { file } from 'file:${file}'\n${lines.join('')}`
    })
  }
  const all = [
    ...sharedFiles.map((shared) => ({ out: shared.file, contents: contentsOf(shared), files: shared.files })),
    ...bundles,
  ]
  return Promise.all(
    all.map(({ out, contents, files }) =>
      run(
        out,
        contents,
        files.map((shared) => giving(out, shared)),
      ),
    ),
  )
}
