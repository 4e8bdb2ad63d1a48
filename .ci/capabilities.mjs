// `node .ci/capabilities.mjs [NAME=URL]...`: writes docs/project/capabilities.md and conformance.md, what `mqttx check` finds
// out about `mqttx broker` and mosquitto, both with their default settings, and about the servers that are named.
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

/** By statement, its verdict and the reason. */
function conformanceOf(url) {
  const { stdout } = spawnSync(process.execPath, [mqttx, 'check', url, '--conformance', '--format', 'json'], {
    maxBuffer: 2 ** 26,
  })
  return JSON.parse(stdout)
}

/** Without the random levels of its topics. */
const shownReason = (reason) =>
  reason.replaceAll('|', '\\|').replace(/mqttx-check\/[^/ ]+\/[0-9a-f]+/g, 'mqttx-check/...')

const ownUrl = await ownBroker()
const own = capabilitiesOf(ownUrl)
const labels = String(spawnSync(process.execPath, [mqttx, 'check', ownUrl, '--capabilities']).stdout)
  .split('\n')
  .flatMap((row) => /^ {2}(.+?) {2}/.exec(row)?.[1] ?? [])
const mosquittoUrl = await mosquitto()
const reference = capabilitiesOf(mosquittoUrl)
const others = process.argv.slice(2).map((named) => named.split(/=(.*)/s))
const servers = [
  ['mqttx broker', ownUrl],
  [reference['sys-topics'].detail.replace(' version', ''), mosquittoUrl],
  ...others,
]
const columns = servers.map(([name, url]) => [name, capabilitiesOf(url)])
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

const judged = servers.map(([name, url]) => [name, conformanceOf(url)])
const of = (found, verdict) => found.filter((one) => one.verdict === verdict).length
const verdicts = ['kept', 'violated', 'skipped', 'unclear']
const counts = judged.map(([name, found]) => [name, ...verdicts.map((verdict) => of(found, verdict))])
const violations = judged.flatMap(([name, found]) =>
  found
    .filter(({ verdict }) => verdict === 'violated')
    .map(({ id, version, text, reason }) => [name, version, id, text, shownReason(reason)]),
)
const countHeads = ['server', ...verdicts]
const violationHeads = ['server', 'MQTT', 'statement', 'what it demands', 'what was seen']
writeFileSync(
  `${root}docs/project/conformance.md`,
  `# Conformance of brokers

What \`mqttx check --conformance\` finds out about brokers with their default settings, of both versions of MQTT. Skipped are
statements about what a server does not offer. Written by \`node .ci/capabilities.mjs\`.

${[countHeads, countHeads.map(() => '---'), ...counts].map(line).join('')}
## Violations

${[violationHeads, violationHeads.map(() => '---'), ...violations].map(line).join('')}`,
)
process.exit()
