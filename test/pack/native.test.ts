// What the executable on Bun does otherwise than Node: options that it lacks are refused, and no file of the working
// directory changes what it does. Run by .ci/native.mjs.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Certificates, makeCertificates } from '../helpers/certificates.js'
import { isBun, mqttx, scratch, shell, startMqttx } from '../helpers/run.js'

const where = isBun ? '' : ' (the program under test is not the executable on Bun)'

describe.skipIf(!isBun)(`the executable on Bun${where}`, () => {
  let certificates: Certificates
  beforeAll(() => {
    certificates = makeCertificates()
  })
  const to = ['-h', 'localhost', '-p', '1', '-t', 't']
  const commands = [
    ['pub', ...to, '-m', 'x'],
    ['sub', ...to],
    ['rr', ...to, '-e', 'r', '-m', 'x'],
    ['bench', 'pub', ...to],
  ]
  const options = [
    ['--psk', '00', '--psk-identity', 'me'],
    ['--tls-keylog', 'keys', '--tls-use-os-certs'],
  ]
  const refused = commands.flatMap((command) =>
    options.map((option) => [command[0]!, option[0]!, [...command, ...option]] as const),
  )

  test.each(refused)('%s %s is refused', async (_, option, words) => {
    const { status, stdout, stderr } = await mqttx(words)
    expect([status, stdout.length]).toEqual([1, 0])
    expect(stderr).toMatch(
      new RegExp(`^Error: ${option} does not work in this executable: Bun v[\\d.]+ lacks it\\.\nhint: .*npm`),
    )
  })

  test('--ciphers with a security level, which BoringSSL does not know', async () => {
    const { status, stderr } = await mqttx([
      'pub',
      ...to,
      '-m',
      'x',
      '--cafile',
      certificates.ca.cert,
      '--ciphers',
      'DEFAULT@SECLEVEL=1',
    ])
    expect(status).toBe(1)
    expect(stderr).toContain(
      'BoringSSL has no security levels (--ciphers DEFAULT@SECLEVEL=1).\nhint: leave @SECLEVEL out',
    )
  })

  test('nothing in the working directory is read', async () => {
    const folder = scratch('hostile')
    const evil = "require('fs').writeFileSync('ran', ''); console.log('evil')"
    mkdirSync(join(folder, 'dist'))
    for (const name of [
      'evil.js',
      'dist/passwd-worker.cjs',
      'dist/main.cjs',
      'main.cjs',
      'core.cjs',
      'dist/core.cjs',
      'boot-bun.cjs',
      'index.js',
    ])
      writeFileSync(join(folder, name), evil)
    writeFileSync(join(folder, 'bunfig.toml'), 'preload = ["./evil.js"]\n')
    writeFileSync(
      join(folder, '.env'),
      'MQTTX_PORT=1\nNODE_OPTIONS=--require ./evil.js\nBUN_OPTIONS=--preload ./evil.js\n',
    )
    writeFileSync(
      join(folder, 'package.json'),
      '{"name":"mqttx","main":"evil.js","imports":{"#a":"./evil.js"},"browser":{"fs":"./evil.js"}}',
    )
    writeFileSync(
      join(folder, 'tsconfig.json'),
      '{"compilerOptions":{"paths":{"*":["./evil.js"]},"jsxImportSource":"./evil"}}',
    )
    const { status, stdout, stderr } = await shell(
      `cd '${folder}'; mqttx --version && mqttx passwd -c -H argon2id -b users ada secret && ls; mqttx pub -t t -m x -p 1`,
    )
    expect(`${stdout}${stderr}`).not.toMatch(/^evil$/m)
    expect(stdout.toString().split('\n')).not.toContain('ran')
    expect(stdout.toString()).toContain('users')
    expect(status).toBe(1) // nothing listens on the port of the command line
  })

  test('SIGUSR1 ends it', async () => {
    const broker = startMqttx(['broker', '-p', '0'])
    await broker.until((out) => out.includes('mqtt://'))
    broker.kill('SIGUSR1')
    expect((await broker.ended).status).toBe(138)
  })
})
