// A Homebrew formula and a Scoop manifest of the archives in build/release/, with their hashes.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Homebrew's words for the targets. */
const systems = {
  macos: { block: 'on_macos', targets: { on_arm: 'macos-arm64', on_intel: 'macos-x64' } },
  linux: { block: 'on_linux', targets: { on_arm: 'linux-arm64', on_intel: 'linux-x64' } },
}

const hashOf = (file) => createHash('sha256').update(readFileSync(file)).digest('hex')

/**
 * The files by name; none for systems without an archive. MQTTX_RELEASES is the address that the archives will have;
 * without it the files name those of this machine, which can be installed from it.
 */
export function recipes({ folder, name, version, description, homepage }) {
  const from = process.env.MQTTX_RELEASES ?? pathToFileURL(folder).href
  const archive = (target) => join(folder, `${name}-${version}-${target}.tar.xz`)
  const known = { name, version, description, homepage: homepage ?? from }
  const source = (target) => {
    const file = archive(target)
    return existsSync(file) ? { url: `${from}/${basename(file)}`, hash: hashOf(file) } : undefined
  }
  return {
    [`${name}.rb`]: formula(known, source),
    [`${name}.json`]: manifest(known, source('win-x64')),
  }
}

function formula({ name, version, description, homepage }, source) {
  const places = Object.values(systems).flatMap(({ block, targets }) => {
    const processors = Object.entries(targets).flatMap(([processor, target]) => {
      const found = source(target)
      if (found === undefined) return []
      return [`    ${processor} do\n      url "${found.url}"\n      sha256 "${found.hash}"\n    end\n`]
    })
    return processors.length === 0 ? [] : [`  ${block} do\n${processors.join('')}  end\n`]
  })
  if (places.length === 0) return undefined
  return `class ${name.replace(/^./, (letter) => letter.toUpperCase())} < Formula
  desc "${description.split(':')[0]}"
  homepage "${homepage}"
  version "${version}"
  license "MIT"

${places.join('\n')}
  conflicts_with "emqx/mqttx/mqttx-cli", because: "both install a program named mqttx"

  def install
    bin.install "${name}"
    man1.install Dir["man/*.1"]
    man7.install Dir["man/*.7"]
    bash_completion.install "completions/${name}.bash" => "${name}"
    zsh_completion.install "completions/_${name}"
    fish_completion.install "completions/${name}.fish"
    doc.install "README.md", "CHANGELOG.md", "LICENSES.txt"
  end

  test do
    assert_equal "${name} #{version}", shell_output("#{bin}/${name} --version").strip
  end
end
`
}

function manifest({ name, version, description, homepage }, source) {
  if (source === undefined) return undefined
  const known = {
    version,
    description: description.split(':')[0],
    homepage,
    license: 'MIT',
    architecture: { '64bit': { ...source, extract_dir: `${name}-${version}-win-x64` } },
    bin: `${name}.exe`,
  }
  return `${JSON.stringify(known, undefined, 4)}\n`
}
