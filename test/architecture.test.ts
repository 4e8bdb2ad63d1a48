// Allowed imports (src/README.md), one importer per package, and the maximum length of a file.
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

/** The parts of src/ that each part may import. A part that is not listed imports nothing. */
const allowed: Record<string, readonly string[]> = {
  'errors.ts': ['text.ts'],
  'host.ts': ['io', 'errors.ts', 'runtime.ts'],
  'main.ts': ['cli', 'commands', 'io', 'errors.ts', 'host.ts', 'runtime.ts', 'version.ts'],
  commands: [
    ...['broker', 'capture', 'check', 'cli', 'codec', 'connection', 'format', 'gateway', 'inspect'],
    ...[
      'io',
      'passwd',
      'recording',
      'replay',
      'session',
      'sn',
      'tap',
      'top',
      'errors.ts',
      'host.ts',
      'ports.ts',
      'runtime.ts',
      'text.ts',
      'version.ts',
      'byte-text.ts',
    ],
  ],
  // cli: checks of topics and headers
  library: ['broker', 'cli', 'codec', 'connection', 'session', 'tap', 'errors.ts', 'text.ts', 'host.ts'],
  tap: ['cli', 'codec', 'inspect', 'session', 'transport', 'errors.ts', 'text.ts'], // cli: the nearest name; session: Topic Filters
  // sn: the core
  gateway: [...['codec', 'connection', 'sn', 'transport'], ...['errors.ts', 'text.ts']],
  sn: ['codec', 'session', 'errors.ts', 'text.ts'], // session: Topic Filters, timers
  check: ['codec', 'session', 'errors.ts', 'text.ts'], // session: Topic Filters
  // io: the prompt for passwords and passphrases
  connection: [
    ...['codec', 'io', 'session', 'sn', 'transport'],
    ...['errors.ts', 'text.ts', 'host.ts', 'ports.ts', 'runtime.ts', 'byte-text.ts'],
  ],
  // session: Topic Filters; transport: WebSocket, whose package has one importer
  broker: [
    ...['codec', 'io', 'passwd', 'session', 'transport'],
    ...['errors.ts', 'runtime.ts', 'text.ts', 'version.ts'],
  ],
  // format: to check -F; codec: the table of properties; session: Topic Filters
  cli: ['codec', 'format', 'session', 'errors.ts', 'ports.ts', 'text.ts', 'byte-text.ts'],
  capture: ['errors.ts', 'text.ts'],
  inspect: ['capture', 'codec', 'session', 'errors.ts', 'text.ts', 'width.ts'], // codec: framing and Reason Codes; session: Topic Filters
  codec: ['errors.ts', 'text.ts'],
  format: ['codec', 'errors.ts', 'text.ts', 'byte-text.ts'], // codec: the order of User Properties
  io: ['errors.ts', 'runtime.ts', 'text.ts', 'byte-text.ts'],
  passwd: ['io', 'errors.ts', 'runtime.ts', 'text.ts', 'byte-text.ts'], // io: replacement in one step; byte-text: bytes that are not UTF-8
  recording: ['cli', 'codec', 'errors.ts', 'text.ts'], // cli: checks of topics
  replay: ['cli', 'session', 'errors.ts', 'text.ts'], // cli: checks of topics; session: Topic Filters
  session: ['errors.ts', 'text.ts'],
  top: ['text.ts', 'width.ts'],
  transport: ['io', 'errors.ts', 'runtime.ts', 'text.ts'], // io: system errors and IPv6 zones
}

/** A spec is loaded for documents, so it imports no code that runs a command. */
const allowedForSpecs = ['cli', 'errors.ts', 'ports.ts', 'text.ts']

/** The only file or folder that imports each package. Types may be imported anywhere. */
const importers: Record<string, string> = {
  yargs: 'cli/help.ts',
  chalk: 'io/style.ts',
  ora: 'io/progress.ts',
  ws: 'transport/websocket.ts',
  socks: 'transport/socks.ts',
  'hash-wasm': 'passwd/worker.ts',
  '@noble/ciphers': 'commands/capture-tls.ts',
  pbf: 'inspect/sparkplug.ts',
  'get-east-asian-width': 'width.ts',
  'hdr-histogram-js': 'commands/latency-histogram.ts',
}

const pureFolders = ['capture', 'cli', 'codec', 'format', 'inspect', 'replay', 'session', 'sn', 'top']
const pureFiles = [
  ...['io/lines.ts', 'text.ts', 'width.ts'],
  ...['fault-language', 'fault-stream', 'faults', 'packet-head'].map((name) => `tap/${name}.ts`),
]
/** A part of a folder that is not pure as a whole. */
const purePart = 'broker/core/'

/** Globals that a pure file must not use: the process, clocks, timers. */
const impure =
  /\b(process|performance|setTimeout|setInterval|setImmediate|queueMicrotask)\b[.(]|\bDate\.now\b/

interface Import {
  readonly from: string
  readonly typeOnly: boolean
  /** Loaded by `import()`. */
  readonly lazy: boolean
}

const root = fileURLToPath(new URL('../src/', import.meta.url))
const sources = new Map(
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [file, readFileSync(root + file, 'utf8')]),
)
const files = [...sources.keys()].sort()

function importsOf(file: string): Import[] {
  const text = sources.get(file) ?? ''
  const declared = [...text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'"]*?\sfrom\s)?['"]([^'"]+)['"]/gm)]
  const loaded = [...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)]
  return [
    ...declared.map(([, type, from = '']) => ({ from, typeOnly: type !== undefined, lazy: false })),
    ...loaded.map(([, from = '']) => ({ from, typeOnly: false, lazy: true })),
  ]
}

/** The files of src/ that a file imports. */
function ownImportsOf(file: string): string[] {
  return importsOf(file)
    .filter(({ from }) => from.startsWith('.'))
    .map((imported) => targetOf(file, imported))
}

/** The imported file of src/, or the specifier of a package. */
function targetOf(file: string, { from }: Import): string {
  return from.startsWith('.') ? posix.join(posix.dirname(file), from).replace(/\.js$/, '.ts') : from
}

/** `commands/pub/run.ts` is in `commands`; `errors.ts` is its own part. */
function partOf(file: string): string {
  return file.split('/')[0] ?? file
}

function packageOf({ from }: Import): string {
  return from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/')
}

test.each(files)('%s imports only allowed parts', (file) => {
  const may = file.endsWith('/spec.ts') ? allowedForSpecs : allowed[partOf(file)]
  for (const target of ownImportsOf(file)) {
    expect(sources.has(target), target).toBe(true)
    if (partOf(target) !== partOf(file)) expect(may ?? [], target).toContain(partOf(target))
  }
})

test('no circle of imports, types and import() included', () => {
  const visited = new Set<string>()
  const findCircle = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (visited.has(file)) return undefined
    for (const target of ownImportsOf(file)) {
      const circle = findCircle(target, [...path, file])
      if (circle !== undefined) return circle
    }
    visited.add(file)
    return undefined
  }
  for (const file of files) expect(findCircle(file, [])).toBeUndefined()
})

test('src/README.md shows the allowed imports', () => {
  const rows = Object.entries(allowed).map(
    ([part, targets]) => `${part.padEnd(10)} --> ${targets.join(', ')}`,
  )
  expect(readFileSync(`${root}README.md`, 'utf8')).toContain(`\`\`\`\n${rows.join('\n')}\n\`\`\`\n`)
})

test.each(files.filter((file) => /^commands\/.*\//.test(file)))('%s imports no other command', (file) => {
  const own = file.split('/').slice(0, 2).join('/')
  for (const target of ownImportsOf(file)) {
    if (/^commands\/.*\//.test(target)) expect(target).toMatch(new RegExp(`^${own}/`))
    else expect(target).not.toMatch(/^commands\/(index|program)\.ts$/)
  }
})

test.each(files.filter((file) => file.startsWith(purePart)))(
  '%s imports nothing of the broker around the core',
  (file) => {
    const around = ownImportsOf(file).filter((target) => partOf(target) === 'broker')
    expect(around.filter((target) => !target.startsWith(purePart))).toEqual([])
  },
)

test.each(files)('%s imports a package only if it is its importer', (file) => {
  for (const imported of importsOf(file)) {
    if (imported.typeOnly || /^(\.|node:)/.test(imported.from)) continue
    const importer = importers[packageOf(imported)]
    expect(importer, `${imported.from} has no importer in the list`).toBeDefined()
    expect(file.startsWith(importer ?? ''), `${imported.from} belongs in ${importer}`).toBe(true)
  }
})

const isPure = (file: string): boolean =>
  pureFolders.includes(partOf(file)) || pureFiles.includes(file) || file.startsWith(purePart)

describe.each(files.filter(isPure))('%s', (file) => {
  test('is pure', () => {
    const node = importsOf(file).filter(({ from }) => from.startsWith('node:') && from !== 'node:buffer')
    expect(node).toEqual([])
    const code = (sources.get(file) ?? '').replace(/^\s*(\/\/|\/?\*).*$/gm, '')
    expect(impure.exec(code)?.[0]).toBeUndefined()
  })
})

test.each(files)('%s begins with a comment and has at most 400 lines', (file) => {
  const lines = (sources.get(file) ?? '').split('\n')
  expect(lines[0]).toMatch(/^\/\/ \S/)
  expect(lines.length).toBeLessThanOrEqual(401)
})

test('only main.ts ends the process', () => {
  const others = files.filter((file) => file !== 'main.ts')
  expect(others.filter((file) => /process\.exit/.test(sources.get(file) ?? ''))).toEqual([])
})

/**
 * What may write to standard error beside io/say.ts: errors, which explain() has escaped; a view of packets, which has
 * escaped them; drawings and questions of our own; the standard error of commands given by the user; and the library's process warning.
 */
const writers: Record<string, RegExp> = {
  'main.ts': /stderr\.write\(explain\(/g,
  'commands/trace.ts': /host\.stderr\.write\(text\.take\(\)\)/g,
  'commands/rr/exec.ts': /child\.stderr\.on\('data', \(chunk: Buffer\) => void stderr\.write\(chunk\)\)/g,
  'connection/password-command.ts':
    /child\.stderr\.on\('data', \(chunk: Buffer\) => void stderr\.write\(chunk\)\)/g,
  'library/warnings.ts': /process\.emitWarning\(message, kind\)/g, // a program handles it as it likes
}

test.each(files)('%s writes to standard error through io/say.ts', (file) => {
  const text = (sources.get(file) ?? '').replace(writers[file] ?? /$^/, '')
  expect(text).not.toMatch(/stderr\??\.write\(|\bconsole\.|process\.emitWarning/)
})

test.each(files)('%s escapes text only through text.ts', (file) => {
  if (file === 'text.ts') return
  expect(sources.get(file)).not.toMatch(/replace\w*\([^)]*(\\p\{C[cfs]\}|\\u009f\\u2028)/)
})

describe('a one-shot publish', () => {
  /** All files loaded statically with `entries`. */
  function loadedWith(entries: readonly string[]): Set<string> {
    const loaded = new Set(entries)
    for (const file of loaded) {
      const now = importsOf(file).filter(({ typeOnly, lazy }) => !typeOnly && !lazy)
      for (const imported of now) loaded.add(targetOf(file, imported))
    }
    return loaded
  }
  const loaded = [...loadedWith(['main.ts', 'commands/pub/spec.ts', 'commands/pub/run.ts'])]

  test.each(['yargs', 'chalk', 'ora', 'ws', 'socks', 'hash-wasm'])('does not load %s', (name) => {
    expect(loaded).not.toContain(name)
  })

  test('does not load the document printers', () => {
    expect(loaded.filter((file) => /^cli\/(help|man|manual|markdown|completion)/.test(file))).toEqual([])
    expect(loaded).toContain('cli/parse.ts')
  })
})
