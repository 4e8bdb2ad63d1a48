// Makes a checkout runnable: installs when the lock file has changed since the last time, builds when a source is newer.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const changed = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0)

function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2], // stdout is for what the caller prints
    shell: process.platform === 'win32',
  })
  if (error !== undefined) process.stderr.write(`prepare: ${command}: ${error.message}\n`)
  if (status !== 0) process.exit(status ?? 1)
}

function newest(folder) {
  let time = 0
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) time = Math.max(time, changed(`${entry.parentPath}/${entry.name}`))
  }
  return time
}

const installed = changed(`${root}node_modules/.package-lock.json`)
if (installed === 0 || installed < changed(`${root}package-lock.json`)) {
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']) // which builds, by the script "prepare"
} else {
  const built = changed(`${root}dist/main.cjs`)
  const sources = Math.max(
    newest(`${root}src`),
    changed(`${root}package.json`),
    ...['build.mjs', 'notices.mjs', 'no-debug.cjs', 'types.mjs'].map((name) => changed(`${root}.ci/${name}`)),
  )
  if (built < sources) run(process.execPath, [`${root}.ci/build.mjs`])
}
