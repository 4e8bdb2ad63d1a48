// The Homebrew formula and the Scoop manifest: addresses and hashes of the archives that are there.
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { scratch } from '../helpers/run.js'

const { recipes } = await import(`${resolve(import.meta.dirname, '../../.ci/pack')}/recipes.mjs`)
const about = {
  name: 'mqttx',
  version: '1.2.3',
  description: 'MQTT from the command line: publish, and more',
}

function folderWith(...targets: string[]): string {
  const folder = scratch('release')
  for (const target of targets) writeFileSync(join(folder, `mqttx-1.2.3-${target}.tar.xz`), target)
  return folder
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

afterEach(() => void vi.unstubAllEnvs())

test('each archive has its address and its hash', () => {
  vi.stubEnv('MQTTX_RELEASES', 'https://releases.example/v1.2.3')
  const targets = ['macos-arm64', 'macos-x64', 'linux-arm64', 'linux-x64', 'win-x64']
  const files = recipes({ folder: folderWith(...targets), ...about, homepage: 'https://mqttx.example' })
  for (const target of targets.slice(0, 4)) {
    const url = `https://releases.example/v1.2.3/mqttx-1.2.3-${target}.tar.xz`
    expect(files['mqttx.rb']).toContain(`url "${url}"\n      sha256 "${sha256(target)}"`)
  }
  expect(files['mqttx.rb']).toContain('desc "MQTT from the command line"\n  homepage "https://mqttx.example"')
  const { architecture, bin, version } = JSON.parse(files['mqttx.json'])
  expect({ bin, version }).toEqual({ bin: 'mqttx.exe', version: '1.2.3' })
  expect(architecture['64bit']).toEqual({
    url: 'https://releases.example/v1.2.3/mqttx-1.2.3-win-x64.tar.xz',
    hash: sha256('win-x64'),
    extract_dir: 'mqttx-1.2.3-win-x64',
  })
})

test('without an address for releases, the archives of this machine', () => {
  const folder = folderWith('linux-x64')
  const files = recipes({ folder, ...about })
  expect(files['mqttx.rb']).toContain(`url "file://${folder}/mqttx-1.2.3-linux-x64.tar.xz"`)
  expect(files['mqttx.rb']).not.toContain('on_macos')
  expect(files['mqttx.json']).toBeUndefined()
})
