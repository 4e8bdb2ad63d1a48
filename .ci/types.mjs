// The types of the library: what its public modules declare, without those of the modules behind them.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('..', import.meta.url))

for (const name of ['library/index', 'library/types', 'library/tap-types', 'errors']) {
  const source = readFileSync(`${root}src/${name}.ts`, 'utf8')
  const { outputText, diagnostics = [] } = ts.transpileDeclaration(source, {
    fileName: `${name}.ts`,
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.NodeNext, strict: true },
  })
  if (diagnostics.length > 0) throw new Error(ts.formatDiagnostics(diagnostics, ts.createCompilerHost({})))
  const file = `${root}dist/types/${name}.d.ts`
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, outputText)
}
// library.cjs is CommonJS, and so must its types be: a program in CommonJS could not `require` an ES module.
writeFileSync(`${root}dist/types/package.json`, '{"type":"commonjs"}\n')
