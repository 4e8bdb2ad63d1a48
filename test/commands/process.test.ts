// The environment of the built program: special files, standard input, foreign variables, a minimal system.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { oneOfEvery } from '../helpers/amount.js'
import { makeCertificates } from '../helpers/certificates.js'
import { type Broker, startOwnBroker } from '../helpers/peers.js'
import { isBun, scratch, shell } from '../helpers/run.js'

let broker: Broker
let folder: string
beforeAll(async () => {
  broker = await startOwnBroker()
  folder = scratch('process')
})

const here = (line: string) => line.replaceAll('HERE', broker.at.join(' '))
const run = (line: string, env: Record<string, string> = {}) =>
  shell(`cd ${folder}; ${here(line)}`, { env, timeoutMs: 60_000 })

describe('H46: a directory as standard input is a system error', () => {
  const lines = [
    'mqttx pub HERE -t t -q 1 -l',
    'mqttx pub HERE --json',
    'mqttx pub HERE -t t -s',
    'mqttx rr HERE -V mqttv311 -t t -e a -l',
    'mqttx pub HERE -t t -m x -u ada -P -',
  ]
  test.each(oneOfEvery(2, lines))('%s', async (line) => {
    const { status, stderr } = await run(`${line} </tmp`)
    expect(stderr).toContain('s a directory')
    expect(status).toBe(14)
  })

  test.each(['mqttx passwd -U - </tmp', 'mqttx inspect </tmp'])('%s', async (line) => {
    const { status, stderr } = await run(line)
    expect(stderr).toContain('s a directory')
    expect(status).toBe(14)
  })
})

describe('H46: a missing password is not an empty password', () => {
  test.each([
    'mqttx pub HERE -t t -m x -u ada -P - </dev/null',
    'echo | mqttx pub HERE -t t -m x -u ada -P -',
    'mqttx pub HERE -t t -m x -u ada --password-file /dev/null',
    `printf '\\n' >f; mqttx pub HERE -t t -m x -u ada --password-file f`,
  ])('%s', async (line) => {
    const { status, stderr } = await run(line)
    expect(stderr).toMatch(/there is no password|is empty/)
    expect(status).toBe(1)
  })
})

/** Options with a file that is read as a whole. FILE is replaced by the special file. */
const named = [
  'mqttx pub HERE -t t -m x -o FILE',
  'mqttx pub HERE -t t -m x -u ada --password-file FILE',
  'mqttx pub HERE -t t -m x --cafile FILE',
  'mqttx pub HERE -t t -m x --cafile CA --cert FILE --key CA',
  'mqttx pub HERE -t t -m x --cafile CA --cert CA --key FILE',
  'mqttx broker -p 0 --certfile FILE --keyfile CA --tls-port 0',
  'mqttx broker -p 0 --password-file FILE',
  'mqttx inspect --keylog FILE CA',
  'mqttx bench pub HERE --file FILE',
  'mqttx bench report FILE',
  'rm -rf c; mkdir -p c/mqttx; ln -s FILE c/mqttx/contexts.json; XDG_CONFIG_HOME=$PWD/c mqttx context ls',
]

describe('H22: an endless file is limited in bytes', () => {
  test.each(oneOfEvery(3, named))('%s', async (line) => {
    const { cert } = makeCertificates().ca
    const script = line.replaceAll('FILE', '/dev/zero').replaceAll('CA', cert)
    const { status, stdout, stderr } = await run(`( ulimit -v 4000000; ${script} ); echo $?; :`)
    expect(stderr).toMatch(/longer than \d+ MiB|EFBIG|not |can be written by other users/)
    expect(stdout.toString()).toBe(line.includes('bench pub') ? '9\n' : '1\n')
    expect(status).toBe(0)
  })
})

test('H22: a FIFO without a writer as --password-file waits as long as --connect-timeout', async () => {
  const { status, stderr } = await run(
    'mkfifo quiet; mqttx pub HERE -t t -m x -u ada --password-file quiet --connect-timeout 1',
  )
  expect(stderr).toBe("Error: --password-file: cannot read 'quiet': No data for 1 seconds.\n")
  expect(status).toBe(1)
})

test('H22: the payload of -f is limited to the largest packet', async () => {
  const { status, stderr } = await run('mqttx pub HERE -t t -f /dev/zero')
  expect(stderr).toContain('must be less than 268435455 bytes')
  expect(status).toBe(1)
})

describe('H22: --password-command uses the first line', () => {
  test.each(['yes', 'echo pw; sleep 60'])('%s', async (command) => {
    const start = performance.now()
    const { status } = await run(`mqttx pub HERE -t t -m x -u ada --password-command '${command}'`)
    expect(status).toBe(0)
    expect(performance.now() - start).toBeLessThan(20_000)
  })

  test('a command that prints nothing is ended by --connect-timeout', async () => {
    const { status, stderr } = await run(
      "mqttx pub HERE -t t -m x -u ada --password-command 'sleep 60' --connect-timeout 1",
    )
    expect(stderr).toContain('--password-command')
    expect(status).not.toBe(0)
  })

  test('an endless line is limited', async () => {
    const { status, stderr } = await run(
      "mqttx pub HERE -t t -m x -u ada --password-command 'cat /dev/zero' --connect-timeout 5",
    )
    expect(stderr).toMatch(/password/)
    expect(status).not.toBe(0)
  })
})

describe('E29: a byte order mark is ignored', () => {
  const mark = '\ufeff'

  test('in an options file', async () => {
    writeFileSync(join(folder, 'options'), `${mark}-t t\n-m x\n`)
    expect((await run('mqttx pub HERE -o options')).status).toBe(0)
  })

  test('in contexts', async () => {
    mkdirSync(join(folder, 'marked/mqttx'), { recursive: true })
    const contexts = { contexts: { one: { host: '127.0.0.1', port: broker.port } } }
    writeFileSync(join(folder, 'marked/mqttx/contexts.json'), mark + JSON.stringify(contexts))
    const env = { XDG_CONFIG_HOME: join(folder, 'marked') }
    expect(await run('mqttx pub --context one -t t -m x', env)).toMatchObject({ status: 0, stderr: '' })
    expect((await run('mqttx context ls', env)).stdout.toString()).toContain('one')
  })

  test('but kept in a payload', async () => {
    writeFileSync(join(folder, 'payload'), `${mark}x`)
    expect((await run('mqttx pub HERE -t marked -r -f payload -q 1')).status).toBe(0)
    const { stdout } = await run('mqttx sub HERE -t marked -C 1')
    expect(stdout.toString()).toBe(`${mark}x\n`)
  })
})

test.each(['mqttx', 'mqttx-broker'])(
  'E27: variables of a Service of Kubernetes named %s',
  async (service) => {
    const name = service.toUpperCase().replace('-', '_')
    const env = {
      [`${name}_SERVICE_HOST`]: '10.3.104.46',
      [`${name}_SERVICE_PORT`]: '1883',
      [`${name}_SERVICE_PORT_MQTT`]: '1883',
      [`${name}_PORT`]: 'tcp://10.3.104.46:1883',
      [`${name}_PORT_1883_TCP`]: 'tcp://10.3.104.46:1883',
      [`${name}_PORT_1883_TCP_PROTO`]: 'tcp',
      [`${name}_PORT_1883_TCP_PORT`]: '1883',
      [`${name}_PORT_1883_TCP_ADDR`]: '10.3.104.46',
    }
    expect(await run('mqttx pub HERE -t t -m x', env)).toMatchObject({ status: 0, stderr: '' })
    expect(await run('timeout 1 mqttx broker -p 0 --quiet >/dev/null', env)).toMatchObject({
      status: 124,
      stderr: '',
    })
  },
)

describe("E31: Node's environment variables weaken no check", () => {
  test.each([
    { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_OPTIONS: '' },
    { NODE_OPTIONS: '--use-openssl-ca --tls-min-v1.0' },
    { SSLKEYLOGFILE: '/dev/stderr' },
  ])('%j', async (env) => {
    const { cert, key } = makeCertificates().server
    const untrusted = createServer({ cert: readFileSync(cert), key: readFileSync(key) }).listen(
      0,
      '127.0.0.1',
    )
    onTestFinished(() => void untrusted.close())
    await new Promise((done) => untrusted.once('listening', done))
    const { port } = untrusted.address() as { port: number }
    const { status, stderr } = await run(
      `mqttx pub -h 127.0.0.1 -p ${port} --tls-use-os-certs -t t -m x`,
      env as Record<string, string>,
    )
    expect(status).toBe(1)
    expect(stderr).toMatch(/certificate/i)
    expect(stderr).not.toMatch(/\(node:|CLIENT_/) // H58: no warning of Node's, no secrets
  })
})

describe('E32: a minimal system', () => {
  const systems = [
    ['without HOME', 'env -u HOME -u XDG_CONFIG_HOME mqttx'],
    ['with a HOME that is not there', 'env -u XDG_CONFIG_HOME HOME=/nonexistent mqttx'],
    ['with a HOME that cannot be written', 'env -u XDG_CONFIG_HOME HOME=/proc mqttx'],
    ['in a working directory that is gone', 'mkdir gone; cd gone; rmdir ../gone; mqttx'],
    ['with 32 open files', 'ulimit -n 32; mqttx'],
    ['with LANG=C', 'LANG=C LC_ALL=C mqttx'],
  ] as const
  test.each(oneOfEvery(2, systems, 1))('%s', async (name, start) => {
    rmSync(join(folder, 'gone'), { recursive: true, force: true })
    const outcome = await run(`( ${start} pub HERE -t 'größe' -m 'größe' -r -q 1 )`)
    if (isBun && name.endsWith('that is gone')) {
      // Bun ends before our code runs.
      expect(outcome).toMatchObject({ status: 1, stderr: expect.stringContaining('directory was deleted') })
      return
    }
    expect(outcome.status, outcome.stderr).toBe(0)
    expect(outcome.stderr.replace(/^sh: .*getcwd.*\n/, '')).toBe('') // sh is how the test starts it
    const { stdout } = await run(`${start} sub HERE -t 'größe' -C 1`)
    expect(stdout.toString()).toBe('größe\n')
  })
})
