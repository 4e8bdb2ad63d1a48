// Every command in README.md and the guides of docs/ is run: each line of each ```sh block, with what its comment says that
// it prints, the transcripts, and the program of the library. A new block needs a row here only if it needs more than a broker.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { isOneOfEvery } from './helpers/amount.js'
import {
  asRoot,
  type Block,
  blocksOf,
  type Circumstances,
  type Machine,
  makeMachine,
  obstacle,
  replayed,
  runBlock,
  runProgram,
  statusesOf,
  unpacked,
} from './helpers/readme.js'
import { isBun } from './helpers/run.js'

const root = resolve(import.meta.dirname, '..')
const guides = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
const blocks = ['README.md', ...guides.map((name) => `docs/${name}`)].flatMap((document) =>
  blocksOf(readFileSync(join(root, document), 'utf8')).map((block) => ({ ...block, document })),
)
const cookbook = readFileSync(join(root, 'docs/cookbook.md'), 'utf8')
const tickTock = /^```bash\n(#!\/usr\/bin\/env bash\n# tick-tock.*?)^```/ms.exec(cookbook)![1]!

/** Lines that are not run. */
const notRun: Record<string, string> = {
  'npm test ': 'that is what runs this',
  'npm start ': 'rebuilds what the tests beside this one run; CI runs it as a step of its own',
  'SCRAM-SHA-256': 'mosquitto has no SCRAM; the servers of test/connection have',
  ...(isBun && { '-h psk.lan': 'Bun has no PSK: test/pack/native.test.ts has the refusal' }),
}

const trustsOurCa = (machine: Machine) => ({ SSL_CERT_FILE: machine.certificates.ca.cert })

/** Setup and expected results of blocks. Each key is a part of one block. */
const circumstances: Record<string, (machine: Machine) => Circumstances> = {
  'npm install -g': () => ({
    folder: unpacked(), // in a checkout it would rebuild dist/ during other tests
    env: { npm_config_prefix: '/run/npm', npm_config_ignore_scripts: 'true', npm_config_audit: 'false' },
    before: 'PATH="/run/npm/bin:$PATH"',
    after: 'command -v mqttx',
  }),
  'while true; do echo tick': () => ({ ownBroker: true }),
  'sub -t health/api': () => ({ seen: ['health/api ok'] }),
  '"copy/" + .\' | mqttx pub --json -h other.lan': () => ({
    feed: ['home/a'],
    seen: ['other copy/home/a fed'],
  }),
  'first=1': () => ({
    // The broker stops and restarts meanwhile.
    before: `{ await 'grep -q GET "$S/seen"'; kill -9 $broker; sleep 0.2; broker; } &`,
    after: 'echo "$first"',
  }),
  'session.ndjson': () => ({ feed: ['home/a', 'home/b'] }),
  'day.ndjson': () => ({
    feed: ['home/a', 'home/b'],
    instead: [
      ['-W 3600', '-W 2'],
      ['--speed 10 ', '--speed 100 '],
    ],
    status: { 'sub -V 5': [27] },
    seen: ['house/a/room fed', 'test/home/a fed', 'other home/a fed'],
  }),
  'wire.pcap': () => ({
    after: `grep -c -- '-> PUBLISH .*"home/door"' "$S/broker.log"`,
    ready: { '--view flow': `mqttx inspect --view flow wire.pcap 2>&- | grep -q DISCONNECT` },
  }),
  'lost.pcapng': () => ({
    ready: { 'grep dup': 'mqttx inspect --view line lost.pcapng 2>&- | grep -q dup' },
  }),
  'bash tick-tock.sh': () => ({
    before: `cat > tick-tock.sh << 'END'\n${tickTock}END`,
    ready: {
      '-t tick -m now': '[ $(subscribed) -ge 4 ]',
      '-t control/all': '[ $(grep -c tock/ "$S/seen") -ge 2 ]',
    },
  }),
  'camera/still -f still.jpg': () => ({
    seen: [
      'home/kitchen/temperature -3',
      'log GET /119999',
      'alarm test',
      'home/door x',
      '(t|clock) .*20[0-9]{2}',
    ],
  }),
  'camera/still -C 1 -N': () => ({
    after: 'cat still.jpg',
    before: 'mqttx pub -q 1 -t home/door -m shut -r; mqttx pub -q 1 -t home/hall/temperature -m 20 -r',
    feed: ['home/hall/temperature', 'home/door', 'camera/still', 'jobs', 'log/a'],
    status: { '--retained-only': [0, 27] },
  }),
  'pub -V 5 -h other.lan': () => ({ feed: ['home/a'], seen: ['copy/home/a fed', 'other home/a fed'] }),
  '--exec ./job': () => ({
    feed: ['jobs/a'],
    before: `printf '#!/bin/sh\\necho "$MQTTX_TOPIC"\\n' > job; chmod +x job; echo 'jobs/# ./job' > jobs.table`,
  }),
  '--replies 3': () => ({
    before: `for lamp in 1 2 3; do mqttx rr --serve -t lamp/get --exec "printf $lamp" & done
await '[ $(subscribed) -ge 4 ]'`,
    ready: { '--replies 3': '[ $(subscribed) -ge 7 ]' },
  }),
  'bench pub --rate 10000': () => ({
    env: { MQTTX_BENCH_DURATION: '1s' },
    instead: [
      ['--duration 60s', '--duration 1s'],
      ['--connect-rate 100', '--connect-rate 1000'],
      ['--count 1000000', '--count 10000'],
    ],
  }),
  '--zipf 1': () => ({
    env: { MQTTX_BENCH_DURATION: '1s' },
    instead: [
      ['--ramp 30s --warmup 10s', '--ramp 500ms --warmup 200ms'],
      ['--clients 50000', '--clients 500'],
    ],
  }),
  'bench compare old.json': () => ({
    env: { MQTTX_BENCH_DURATION: '1s' },
    before: 'mqttx bench pub --rate 100 -q 1 --json > old.json',
    status: { '--assert': [0, 42] }, // a busy machine may be slower than that
  }),
  '--find-max': () => ({
    instead: [['--duration 20s', '--duration 200ms']],
    status: { '--find-max': [0, 42] }, // on a busy machine no rate may hold
  }),
  '--shard {}/4': () => ({
    env: { MQTTX_BENCH_DURATION: '1s' },
    instead: [
      ['--rate 40000', '--rate 400'],
      ['+ 5))', '+ 2))'],
    ],
  }),
  'kubectl logs': () => ({
    before: `for pod in 0 1 2 3; do
  mqttx bench pub -h broker --rate 100 --clients 8 -q 1 --duration 1s --shard $pod/4 --start-on bench/start --json > log-$pod 2>&1 &
done`,
    ready: {
      'bench/start -n': '[ "$(grep -l "^Ready" log-? | wc -l)" -eq 4 ]',
      'kubectl logs': '[ "$(grep -l "^{" log-? | wc -l)" -eq 4 ]',
    },
  }),
  'passwd -c users ada': () => ({
    status: { '--audit': [42] }, // mosquitto's 1,000 iterations are too few
    typed: {
      'passwd -c users ada': [
        ['Password: ', 'secret'],
        ['Reenter password: ', 'secret'],
      ],
      'passwd users bob': [
        ['Password: ', 'secret'],
        ['Reenter password: ', 'secret'],
      ],
      '--rehash': [['Password: ', 'secret']],
      'passwd -n ada': [
        ['Password: ', 'secret'],
        ['Reenter password: ', 'secret'],
      ],
    },
  }),
  '-D publish content-type': () => ({
    feed: ['jobs/a', 'home/a', 't'],
    before: 'mqttx pub -q 1 -t home/b -m old -r',
  }),
  'mqttx pub -L mqtts://broker.example': (machine) => ({
    mosquitto: 'a unix socket, a pre-shared key and client certificates',
    env: trustsOurCa(machine),
    feed: ['t'],
    before: `node ${join(root, 'test/helpers/lan.mjs')} &
cert=${machine.certificates.server.cert}
mqttx broker -p 1884 --ws-port 8080 --wss-port 443 --certfile $cert --keyfile ${machine.certificates.server.key} > "$S/ws" &
await '[ -s "$S/ws" ]'
while sleep 0.2; do echo fed; done | mqttx pub -p 1884 -t t -l &
${isBun ? '' : 'while sleep 0.2; do echo fed; done | mqttx pub -h psk.lan --psk 0123abcd --psk-identity me -t t -l &'}`,
  }),
  '--password-file secret.txt': () => ({ typed: { '# a prompt': [['Password: ', 'secret']] } }),
  'mqttx context add': (machine) => ({ env: trustsOurCa(machine) }),
  'mqttx completion bash': () => ({ before: 'mkdir -p ~/.zfunc ~/.config/fish/completions' }),
  'export MQTTX_HOST': () => ({ feed: ['home/a', 'log/a'], status: { 'sub -v -W 5': [27] } }),
  'broker -p 0 > address': () => ({ ownBroker: true }),
  'openssl req -x509': () => ({ ownBroker: true, feed: ['t'] }),
  'trace.pcapng': () => ({ feed: ['a'] }),
}

/** What lines print, besides what their comments say. Each key is a part of one line. */
const printed: Record<string, RegExp> = {
  '--retained-only -W 2': /^shut$/m,
  '%I %t %p': /^\d{4}-\d\d-\d\dT.* home\/door fed$/m,
  'jq --unbuffered .payload': /^"fed"$/m,
  '-t ping -e answers/1': /^hello\n$/,
  '--replies 3': /^[123]\n[123]\n[123]\n$/,
  '-t shout -e answers/1 -l': /^(ONE\nTWO|TWO\nONE)\n$/,
  '| uniq -c': /^ *\d home\/a\n *\d home\/b$/m,
  'bench pub -q 0 --count 1000000 --json': /^[\d.]+$/m,
  'passwd --list': /^ada\tsha512-pbkdf2\t210000$/m,
  'passwd -n ada': /^ada:\$7\$/m,
  'inspect trace.pcapng': /home\/kitchen\/temperature/,
  "inspect --hex '32": /a\/b/,
  '--view line    # live': /PUBLISH/,
  'inspect --view flow trace.pcap': /│ PUBACK m1/,
  'inspect --view stats trace.pcap': /PUBLISH/,
  '| jq .topic_name': /^"home\/kitchen\/temperature"$/m,
  'context show prod': /"passwordCommand": "pass show mqtt\/prod"|"password-command"/,
  'mqttx sub -v -W 5': /^home\/a fed$/m,
}

function circumstancesOf(block: Block, machine: Machine): Circumstances {
  const [, make] = Object.entries(circumstances).find(([part]) => block.text.includes(part)) ?? []
  return make?.(machine) ?? {}
}

test.each(Object.keys({ ...circumstances, ...notRun }))('%s is a part of one block', (part) => {
  expect(blocks.filter(({ text }) => text.includes(part))).toHaveLength(1)
})

test.each(Object.keys(printed))('%s occurs in exactly one line', (part) => {
  expect(blocks.flatMap(({ lines }) => lines).filter(({ text }) => text.includes(part))).toHaveLength(1)
})

const runnable = blocks
  .map((block) => ({
    ...block,
    lines: block.lines.filter(({ text }) => !Object.keys(notRun).some((part) => `${text} `.includes(part))),
  }))
  .filter(({ lines }) => lines.length > 0)
  // tcpdump drops root privileges, which fails in a user namespace.
  .filter(({ text }) => asRoot || !text.includes('tcpdump'))
  .filter(({ document }, index) => document === 'README.md' || isOneOfEvery(3, index))

/** Replaces varying numbers and process ids. */
const likely = (text: string) =>
  new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\d+/g, '\\d+'))

const reason = obstacle()
if (reason !== undefined && process.env.CI) test('the guides can be run', () => expect.fail(reason))

describe.skipIf(reason !== undefined)(`on a machine of its own ${reason ?? ''}`, { timeout: 100_000 }, () => {
  let machine: Machine
  beforeAll(() => {
    machine = makeMachine(join(root, 'test/fixtures/inspect/picture.pcap'))
  })

  test.concurrent.each(runnable)('$document: $lines.0.text', async (block) => {
    const around = circumstancesOf(block, machine)
    const { lines, stderr, vain, after } = await runBlock(machine, block, around)
    const outcomes = lines.map(
      ({ line, status, stdout, stderr: said }) =>
        `$ ${line.text}\n[status ${status}]\n${stdout.slice(0, 300)}\n${said.slice(0, 300)}`,
    )
    const told = `${outcomes.join('\n')}\n${stderr}`
    expect(vain, told).toBe('')
    for (const { line, status, stdout, stderr: said } of lines) {
      expect(statusesOf(line, around), told).toContain(status)
      if (line.prints !== undefined) expect(stdout, told).toMatch(likely(line.prints))
      for (const [part, wanted] of Object.entries(printed))
        if (line.text.includes(part)) expect(stdout, told).toMatch(wanted)
      expect(said, told).not.toMatch(/^\s+at /m) // no stack
    }
    if (block.text.includes('> still.jpg')) expect(after).toBe('fed')
    if (block.text.includes('wire.pcap')) expect(after).toBe('2\n') // published, and once more from the capture
    if (block.text.includes('first=1')) expect(Number(after)).toBeGreaterThan(1)
    if (block.text.includes('npm install')) expect(after).toBe('/run/npm/bin/mqttx\n')
  })
  test.concurrent.each(blocks.filter(({ language }) => language === 'console'))(
    '$document: $text',
    async ({ text }) => {
      expect(await replayed(machine, text)).toBe(text)
    },
  )

  test.concurrent.each(blocks.filter(({ language }) => language === 'js'))(
    '$document: $text',
    async ({ text }) => {
      const { folder, certificates } = machine
      const env = { SSL_CERT_FILE: certificates.ca.cert, PASSWORD: 'secret' }
      const { status, stdout, stderr } = await runProgram(machine, 'program.mjs', text, { env })
      expect(stderr).toBe('')
      expect(status, folder).toBe(0)
      expect(stdout).toBe(text.includes('console.log') ? 'sensor/kitchen/temperature 21.5 false\n' : '')
    },
  )
})
