// `npm run deb`: build/release/mqttx_VERSION_ARCH.deb with the executable of this machine; builds that first where it is
// missing or older than the bundle.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { description, finish, licences, man, release, version } from './archive.mjs'
import { build, executable, hostTarget, root } from './targets.mjs'

const architectures = { 'linux-x64': 'amd64', 'linux-arm64': 'arm64' }

/** A setting of git, or undefined: git may be missing, or not set up. */
function gitSetting(name) {
  const { status, stdout } = spawnSync('git', ['config', name], { cwd: root, encoding: 'utf8' })
  return (status === 0 && stdout.trim()) || undefined
}

/** Whoever builds the package maintains it: DEBFULLNAME and DEBEMAIL as for Debian's own tools, else what git knows. */
function maintainer() {
  const { DEBFULLNAME, DEBEMAIL, EMAIL } = process.env
  const name = DEBFULLNAME ?? gitSetting('user.name') ?? userInfo().username
  const address = DEBEMAIL ?? EMAIL ?? gitSetting('user.email') ?? `${userInfo().username}@${hostname()}`
  return `${name} <${address}>`
}

/** What Bun's binary is linked with (readelf -d, readelf -V). */
const depends = 'libc6 (>= 2.17)'

/** What lintian says of every Bun in one file, and why it has to be so. */
const overrides = {
  'embedded-library':
    'Bun brings its own zlib, sqlite and others, and is not linked with those of the system',
  'hardening-no-pie': 'Bun is built that way',
  'hardening-no-relro': 'Bun is built that way',
  'unstripped-binary-or-object': 'the program is a section of the file, which strip removes',
}

const folder = join(build, 'deb')

function put(path, contents, mode = 0o644) {
  const file = join(folder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, contents)
  chmodSync(file, mode)
}

/** As `gzip -9n`: without a name and a time, so that the same text is the same file. */
const zipped = (text) => gzipSync(text, { level: 9 })

/** `text` in lines of at most 78 columns, the first after `first`, the others after `rest`. */
function wrapped(text, first, rest) {
  const lines = [first]
  for (const word of text.trim().split(/\s+/)) {
    const line = lines.at(-1)
    const bare = line === first || line === rest
    if (!bare && line.length + 1 + word.length > 78) lines.push(rest + word)
    else lines[lines.length - 1] = bare ? line + word : `${line} ${word}`
  }
  return lines.join('\n')
}

/** The entries of CHANGELOG.md in the form that Debian has for them. */
function changelog() {
  const entries = readFileSync(join(root, 'CHANGELOG.md'), 'utf8').split(/^- /m).slice(1)
  const items = entries.map((entry) => wrapped(entry.split(/^## /m)[0], '  * ', '    '))
  const date = statSync(join(root, 'CHANGELOG.md')).mtime.toUTCString().replace('GMT', '+0000')
  return `mqttx (${version}) unstable; urgency=medium\n\n${items.join('\n')}\n\n -- ${maintainer()}  ${date}\n`
}

/** Text as a field of a Debian control file: indented, a dot for an empty line. */
const field = (text) =>
  text
    .trim()
    .split('\n')
    .map((line) => ` ${line.trim() === '' ? '.' : line}`)
    .join('\n')

/** True of an executable that is newer than the bundle in it. */
const isCurrent = (program) =>
  existsSync(program) && statSync(program).mtimeMs > statSync(join(root, 'dist/main.cjs')).mtimeMs

function main() {
  const architecture = architectures[hostTarget?.name]
  if (architecture === undefined) throw new Error('a Debian package is built on Linux, x64 or arm64')
  const program = executable(hostTarget)
  if (!isCurrent(program)) {
    execFileSync(process.execPath, [join(root, '.ci/pack/pkg.mjs'), hostTarget.name], { stdio: 'inherit' })
  }

  rmSync(folder, { recursive: true, force: true })
  mkdirSync(join(folder, 'usr/bin'), { recursive: true })
  copyFileSync(program, join(folder, 'usr/bin/mqttx'))
  chmodSync(join(folder, 'usr/bin/mqttx'), 0o755)
  for (const page of man) {
    put(`usr/share/man/man${page.at(-1)}/${basename(page)}.gz`, zipped(readFileSync(join(root, page))))
  }
  for (const [from, to] of [
    ['mqttx.bash', 'bash-completion/completions/mqttx'],
    ['_mqttx', 'zsh/vendor-completions/_mqttx'],
    ['mqttx.fish', 'fish/vendor_completions.d/mqttx.fish'],
  ]) {
    put(`usr/share/${to}`, readFileSync(join(root, 'completions', from)))
  }
  put('usr/share/doc/mqttx/changelog.gz', zipped(changelog()))
  put('usr/share/doc/mqttx/copyright', copyright())
  put('usr/share/doc/mqttx/notices.gz', zipped(licences('bun')))
  put('usr/share/doc/mqttx/README.md.gz', zipped(readFileSync(join(root, 'README.md'))))
  const excuses = Object.entries(overrides).map(([tag, reason]) => `# ${reason}.\nmqttx: ${tag} *\n`)
  put('usr/share/lintian/overrides/mqttx', excuses.join(''))
  writeControl(architecture)

  const file = join(release, `mqttx_${version}_${architecture}.deb`)
  mkdirSync(release, { recursive: true })
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '-z1', '--build', folder, file], {
    stdio: 'inherit',
  })
  rmSync(folder, { recursive: true })
  finish()
}

function copyright() {
  const ours = readFileSync(join(root, 'LICENSE'), 'utf8').trim().split('\n\n').slice(2).join('\n\n')
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: mqttx
Comment: The executable is Bun with the program and its packages inside.
 Their licences are in /usr/share/doc/mqttx/notices.gz.

Files: *
Copyright: 2026 the mqttx authors
License: MIT

License: MIT
${field(ours)}
`
}

function writeControl(architecture) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
  put(
    'DEBIAN/control',
    `Package: mqttx
Version: ${version}
Architecture: ${architecture}
Maintainer: ${maintainer()}
Installed-Size: ${Math.ceil(bytes / 1024)}
Depends: ${depends}
Section: net
Priority: optional
Description: MQTT toolkit for the command line
${wrapped(`${description}.`, ' ', ' ')}
 .
 It takes the options of mosquitto's clients, and comes as one executable with
 manual pages and completions for bash, zsh and fish.
`,
  )
  const sums = execFileSync('find', ['usr', '-type', 'f', '-exec', 'md5sum', '{}', '+'], { cwd: folder })
  put('DEBIAN/md5sums', sums)
}

try {
  main()
} catch (error) {
  console.error(`deb: ${error.message}`)
  process.exitCode = 1
}
