// Makes a checkout runnable: installs the packages when they are missing or older than the lock file, and builds when a
// source is newer than the bundle. With --build, as npm's own life cycle calls it, it builds in any case.
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { restore } from './shipped.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const changed = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0)

/**
 * The environment without the settings of the npm that called us: `npm install --global` says in it that everything is
 * to be installed globally, `npm pack --dry-run` that nothing is, and `npm install --omit=dev` leaves out the bundler.
 */
function withoutCaller() {
  const passedOn =
    /^npm_config_(cache|registry|userconfig|globalconfig|noproxy|https?_proxy|cafile|offline|prefer_offline)$/i
  const ours = ([name]) => !/^npm_/i.test(name) || passedOn.test(name)
  return { ...Object.fromEntries(Object.entries(process.env).filter(ours)), NODE_ENV: '' }
}

function run(command, args, env = process.env) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    env,
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

/**
 * `npm install --global git+...` makes npm run `npm install` in its temporary clone, which inherits --global and installs
 * a link to that clone where the folder of the package was (npm 10 and 11). npm would then unpack the package through the
 * link and delete the clone. Puts the folder back.
 */
function replaceLinkToClone() {
  const { npm_config_global, npm_config_prefix, npm_package_name } = process.env
  if (npm_config_global !== 'true' || npm_config_prefix === undefined) return
  if (!/[\\/]_cacache[\\/]tmp[\\/]/.test(root)) return
  const modules = process.platform === 'win32' ? 'node_modules' : 'lib/node_modules'
  const link = join(npm_config_prefix, modules, npm_package_name)
  const isLink = lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()
  if (!isLink || realpathSync(link) !== realpathSync(root)) return
  rmSync(link)
  mkdirSync(link)
}

restore()
// npm's inner installation, of the two that the comment above tells of: the outer one builds.
if (process.env._PACOTE_NO_PREPARE_ !== undefined) process.exit()
replaceLinkToClone()

const build = process.argv.includes('--build')
const installed = changed(`${root}node_modules/.package-lock.json`)
// npm runs us while it writes both files: their times then say nothing.
if (installed === 0 || (!build && installed < changed(`${root}package-lock.json`))) {
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], withoutCaller())
}
const sources = Math.max(
  ...['src', 'docs', 'man'].map((name) => newest(root + name)),
  changed(`${root}package.json`),
  changed(`${root}node_modules/.package-lock.json`),
  ...['build.mjs', 'guides.mjs', 'notices.mjs', 'types.mjs'].map((name) => changed(`${root}.ci/${name}`)),
)
if (build || changed(`${root}dist/main.cjs`) < sources) run(process.execPath, [`${root}.ci/build.mjs`])
