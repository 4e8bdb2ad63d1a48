// `node .ci/capabilities.mjs [NAME=URL]...`: writes docs/project/capabilities.md, the capabilities of `mqttx broker` and of
// mosquitto, both with their default settings, and of the servers that are named.
import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const mqttx = `${root}bin/mqttx.js`
const children = []
process.once('exit', () => {
  for (const child of children) child.kill()
})

function start(file, args, env = process.env) {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'], env })
  children.push(child)
  return child
}

/** `mqttx broker` on a free port: its URL. */
function ownBroker() {
  const child = start(process.execPath, [mqttx, 'broker', '-p', '0'])
  return new Promise((done) => child.stdout.once('data', (line) => done(String(line).trim().split('\n')[0])))
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })
}

/** mosquitto without a configuration file: its URL. */
async function mosquitto() {
  const port = await freePort()
  start('mosquitto', ['-p', String(port)], { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` })
  return `mqtt://127.0.0.1:${port}`
}

function capabilitiesOf(url) {
  for (let tries = 0; tries < 20; tries++) {
    const { stdout, stderr, status } = spawnSync(process.execPath, [
      mqttx,
      'check',
      url,
      '--capabilities',
      '--json',
    ])
    if (status === 0) return JSON.parse(stdout).capabilities
    if (!String(stderr).includes('refused')) throw new Error(`${url}: ${stderr}`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
  }
  throw new Error(`${url}: nothing listens`)
}

function text({ value, atLeast }) {
  if (value === null) return '?'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return atLeast ? `at least ${value}` : String(value)
}

const ownUrl = await ownBroker()
const own = capabilitiesOf(ownUrl)
const labels = String(spawnSync(process.execPath, [mqttx, 'check', ownUrl, '--capabilities']).stdout)
  .split('\n')
  .flatMap((row) => /^ {2}(.+?) {2}/.exec(row)?.[1] ?? [])
const reference = capabilitiesOf(await mosquitto())
const columns = [
  ['mqttx broker', own],
  [reference['sys-topics'].detail.replace(' version', ''), reference],
  ...process.argv.slice(2).map((named) => {
    const [name, url] = named.split(/=(.*)/s)
    return [name, capabilitiesOf(url)]
  }),
]
const rows = Object.keys(own).map((key, index) => [
  labels[index],
  `\`${key}\``,
  ...columns.map(([, found]) => text(found[key])),
])
const line = (cells) => `| ${cells.join(' | ')} |\n`
const heads = ['capability', 'in JSON', ...columns.map(([name]) => name)]
const table = [heads, heads.map(() => '---'), ...rows]
writeFileSync(
  `${root}docs/project/capabilities.md`,
  `# Capabilities of brokers

What \`mqttx check --capabilities\` finds out about brokers with their default settings. \`at least\`: larger sizes are not
tried. \`?\`: not found out. Written by \`node .ci/capabilities.mjs\`.

${table.map(line).join('')}`,
)
process.exit()
