// Every example of --help and the manual pages, run as it stands there. Variables say which server, and how long.
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commands } from '../../src/commands/index.js'
import { program } from '../../src/commands/program.js'
import { oneOfEvery } from '../helpers/amount.js'
import { type Broker, startOwnBroker } from '../helpers/peers.js'
import { mqttx, type Outcome, scratch, shell, startMqttx } from '../helpers/run.js'

const mqttxProgram = await program(commands)
const lines = [mqttxProgram, ...mqttxProgram.commands].flatMap(({ examples }) =>
  examples.map(([, line]) => line),
)
const all = [...new Set(lines)]

interface Scene {
  /** Shell around the example, which is "$EXAMPLE"; by default it is run to its end. */
  readonly script?: string
  readonly stdin?: string
  readonly env?: Record<string, string>
  /** It shows how a failure is told, or is ended while a line is under way. */
  readonly fails?: true
  /** Part of standard output, or of a file that was written. */
  readonly shows: string | RegExp
}

/** Starts the example, waits for its first output and ends it. */
const untilOutput = (prompt: string) => `set -m; (eval "$EXAMPLE") > shown 2> said &
for i in $(seq 200); do ${prompt}; [ -s shown ] && break; sleep 0.1; done; kill -INT -- -$!; wait $!; cat shown`
const broker = { script: untilOutput(':'), env: { MQTTX_BROKER_PORT: '0' } }
/** On a free port. */
const gateway = {
  script: `EXAMPLE="\${EXAMPLE/1884/0}"; ${untilOutput(':')}`,
  shows: 'mqtt-sn://',
}
/** On a free port, to the broker of the test; a message passes. */
const tapped = `set -m; E="\${EXAMPLE/localhost/localhost:$MQTTX_PORT}"; (eval "\${E/1884/0}") > shown 2> said &
until grep -q Listening said; do sleep 0.1; done
mqttx pub -L "$(sed -n 's/Listening on //p' said)/t" -m x; kill -INT -- -$!; wait $!; cat shown said`
/** With the port of the broker of the test in its URL. */
const withPort = `E="\${EXAMPLE/localhost/localhost:$MQTTX_PORT}"; eval "$E"`
/** Of a recording of two messages. */
const replayed = `for topic in home/a log/b; do
  echo '{"time":"2026-11-27T08:00:00Z","topic":"'$topic'","qos":1,"retain":false,"payload":"x"}'
done > day.ndjson; eval "$EXAMPLE" 2>&1`
const publish = (topic: string) => `mqttx pub -t ${topic} -m seen -q 1`

const retain = 'mqttx pub -t home/attic/state -m on -r -q 1; '

const scenes: Record<string, Scene> = {
  'mqttx broker': { ...broker, shows: 'mqtt://127.0.0.1:' },
  'mqttx check mqtt://localhost': { script: withPort, shows: /^OK: connected in /m },
  'mqttx check mqtt://localhost --crit roundtrip=1s': { script: withPort, shows: /^OK: /m },
  'mqttx check --conformance 5 mqtt://localhost': {
    script: `EXAMPLE="$EXAMPLE --only MQTT-3.12.4-1"; ${withPort}`,
    shows: '1 statement: 1 kept',
  },
  "mqttx sub -t '#' -v": { script: untilOutput(publish('any/topic')), shows: 'any/topic seen\n' },
  'mqttx top': {
    script: `EXAMPLE="$EXAMPLE --interval 0.2"; ${untilOutput(publish('any/topic'))}`,
    shows: /^.* any\/topic$/m,
  },
  "mqttx top 'plant/#' -W 60 --sort bytes --limit 10": {
    script: `mqttx pub -t plant/x -m seen -r -q 1; EXAMPLE="\${EXAMPLE/-W 60/-W 1}"; eval "$EXAMPLE"`,
    shows: /^.* R plant\/x$/m,
  },
  "mqttx top '#' --json --interval 10": {
    script: `EXAMPLE="$EXAMPLE --interval 0.2"; ${untilOutput(publish('any/topic'))}`,
    shows: '"topicCount":',
  },
  "mqttx pub -t greeting -m 'hello, world'": { shows: '' },
  'mqttx pub -t home/kitchen/temperature -m 21.5': { shows: '' },
  'tail -F app.log | mqttx pub -t app/log -l -q 1': {
    script: `set -m; echo line > app.log; (eval "$EXAMPLE") & (mqttx sub -t app/log -C 1 -W 20 > shown) &
for i in $(seq 200); do echo line >> app.log; [ -s shown ] && break; sleep 0.1; done; kill -TERM -- -%1 2>/dev/null; kill -TERM %1; cat shown`,
    shows: 'line\n',
    fails: true,
  },
  'mqttx pub -t home/kitchen/state -r -n': {
    script: `mqttx pub -t home/kitchen/state -m on -r -q 1; eval "$EXAMPLE"; mqttx sub -t home/kitchen/state --retained-only -W 1 | wc -c`,
    shows: /^0$/m,
  },
  "mqttx sub -t 'home/#' -v": { script: untilOutput(publish('home/x')), shows: 'home/x seen\n' },
  "mqttx sub -t 'home/+/temperature' -C 1 -W 10 -F %j": {
    script: `mqttx pub -t home/kitchen/temperature -m 21.5 -r -q 1; eval "$EXAMPLE"`,
    shows: '"payload":"21.5"',
  },
  "mqttx sub -i worker -c -q 1 -t 'jobs/#' --exec ./job": {
    script: `printf '#!/bin/sh\\ncat; echo " $MQTTX_TOPIC"\\n' > job; chmod +x job; ${untilOutput(publish('jobs/x'))}`,
    shows: 'seen jobs/x\n',
  },
  'mqttx passwd -c users ada': {
    stdin: 'secret\nsecret\n',
    script: 'eval "$EXAMPLE"; cat users',
    shows: 'ada:$7$',
  },
  'mqttx passwd --generate users bob': {
    script: ': > users; eval "$EXAMPLE"',
    shows: /^[A-Za-z\d]{24}$/m,
  },
  'mqttx passwd -U - < plain > users': {
    script: `printf 'ada:one\\nbob:two\\n' > plain; eval "$EXAMPLE"; cat users`,
    shows: /^ada:\$7\$.*\nbob:\$7\$/m,
  },
  "mqttx rr -t lamp/get -e answers/1 -m '' -W 5": {
    env: { MQTTX_RR_PROTOCOL_VERSION: '311' },
    shows: 'lamp/get\n',
  },
  'mqttx rr -t shout -e answers/1 -l -W 5 < words': {
    env: { MQTTX_RR_PROTOCOL_VERSION: '311' },
    script: `printf 'one\\ntwo\\n' > words; eval "$EXAMPLE"`,
    shows: 'one\ntwo\n',
  },
  "mqttx rr --serve -t shout --exec 'tr a-z A-Z'": {
    env: { MQTTX_RR_PROTOCOL_VERSION: '311', MQTTX_RR_RESPONSE_TOPIC: 'answers/2' },
    script: `set -m; (eval "$EXAMPLE") & (mqttx sub -t answers/2 -C 1 -W 20 > shown) &
for i in $(seq 200); do mqttx pub -V 311 -t shout -m loud; [ -s shown ] && break; sleep 0.1; done; kill -INT -- -%1 2>/dev/null; kill -INT %1; cat shown`,
    shows: 'LOUD\n',
  },
  'mqttx broker -p 0 > address &': {
    script: 'eval "$EXAMPLE"; until [ -s address ]; do sleep 0.1; done; kill $!; wait; cat address',
    shows: /^mqtt:\/\/127\.0\.0\.1:\d+$/m,
  },
  'mqttx broker --bind 0.0.0.0 --password-file users': {
    ...broker,
    script: `mqttx passwd -b -c users ada secret; ${broker.script}`,
    shows: 'mqtt://0.0.0.0:',
  },
  'mqttx replay day.ndjson': { script: replayed, shows: 'Published 2 messages in ' },
  "mqttx replay --speed 10 --filter 'home/#' --prefix test/ day.ndjson": {
    script: replayed,
    shows: 'Published 1 message in ',
  },
  'mqttx replay --speed max trace.pcapng': { script: replayed, shows: /^Published \d+ messages? in / },
  "mqttx retained ls -v '#'": {
    script: `${retain}eval "$EXAMPLE"`,
    shows: /^ +2 +1 +- home\/attic\/state$/m,
  },
  "mqttx retained rm 'home/attic/#' --yes": {
    script: `${retain}eval "$EXAMPLE"; mqttx retained ls 'home/attic/#' | wc -l; cat mqttx-undo-*`,
    shows: /^0\n\{.*"topic":"home\/attic\/state"/m,
  },
  "mqttx retained save '#' -o backup.ndjson": {
    script: `${retain}eval "$EXAMPLE"; mqttx pub -t home/attic/state -r -n; mqttx retained restore backup.ndjson; mqttx retained ls`,
    shows: /^home\/attic\/state$/m,
  },
  'mqttx inspect trace.pcapng': { shows: 'CONNECT' },
  "mqttx inspect --hex '32 0a 00 03 61 2f 62 00 07 68 69 21'": { shows: 'PUBLISH' },
  'tcpdump -i any -U -w - tcp port 1883 | mqttx inspect --view line': { shows: 'CONNECT' },
  'mqttx gateway --listen 1884 --to mqtt://localhost': gateway,
  'mqttx gateway --listen 1884 --bind 0.0.0.0 --to mqtts://broker.example': gateway,
  'mqttx gateway --listen 1884 --to mqtt://localhost --aggregate': gateway,
  'mqttx tap --listen 1884 --to mqtt://localhost': { script: tapped, shows: '-> PUBLISH q0 "t" 1 byte' },
  'mqttx tap --listen 1884 --to mqtt://localhost --write a.pcapng': {
    script: `${tapped}; mqttx inspect --view line a.pcapng`,
    shows: /-> PUBLISH q0 "t" 1 byte frame/,
  },
  "mqttx tap --listen 1884 --to mqtt://localhost --fault 'puback #2 drop'": {
    script: tapped,
    shows: 'puback #2 drop',
  },
  'mqttx bench pub --rate 10000 --clients 100 -q 1': { shows: 'sent' },
  'mqttx bench pubsub --rate 1000 --clients 10 --subscribers 2 -q 1': { shows: 'received' },
  'mqttx bench conn --clients 1000 --connect-rate 100': { shows: 'connect' },
  'mqttx context add prod -L mqtts://ada@mqtt.lan --password-file pw': {
    script: 'eval "$EXAMPLE"; mqttx context show prod',
    shows: '"url": "mqtts://ada@mqtt.lan"',
  },
  'mqttx context use prod': {
    script: 'mqttx context add prod -h h; eval "$EXAMPLE"; mqttx context ls',
    shows: 'prod  h  *\n',
  },
  'mqttx context ls': { script: 'mqttx context add prod -h h; eval "$EXAMPLE"', shows: 'prod  h\n' },
  'eval "$(mqttx completion bash)"': {
    script: 'eval "$EXAMPLE"; complete -p mqttx',
    shows: 'complete -F _mqttx mqttx\n',
  },
  'mqttx completion zsh > ~/.zfunc/_mqttx': {
    script: 'mkdir ~/.zfunc; eval "$EXAMPLE"; cat ~/.zfunc/_mqttx',
    shows: '#compdef mqttx',
  },
  'mqttx completion fish > ~/.config/fish/completions/mqttx.fish': {
    script: 'mkdir -p ~/.config/fish/completions; eval "$EXAMPLE"; cat ~/.config/fish/completions/mqttx.fish',
    shows: 'complete -c mqttx',
  },
}

test('every example of the pages is here, and nothing else', () => {
  expect(Object.keys(scenes).sort()).toEqual([...all].sort())
})

let server: Broker
beforeAll(async () => {
  server = await startOwnBroker()
  // Somebody who answers, for those who ask.
  const at = [...server.at, '-V', '311', '--serve']
  const ready = [
    startMqttx(['rr', ...at, '-t', 'lamp/get', '-e', 'answers/1', '--exec', 'echo lamp/get'], {
      timeoutMs: 600_000,
    }),
    startMqttx(['rr', ...at, '-t', 'shout', '-e', 'answers/1', '--echo'], { timeoutMs: 600_000 }),
  ]
  expect(ready).toHaveLength(2)
  for (const topic of ['lamp/get', 'shout']) await answered(topic)
})
afterAll(() => server.stop())

async function answered(topic: string): Promise<void> {
  const line = ['rr', ...server.at, '-V', '311', '-t', topic, '-e', 'answers/1', '-m', 'm', '-W', '2']
  for (let left = 10; (await mqttx(line)).status !== 0; left--)
    if (left === 0) throw new Error(`nobody answers ${topic}`)
}

function play(line: string, { script = 'eval "$EXAMPLE"', stdin = '', env = {} }: Scene): Promise<Outcome> {
  const home = scratch('example')
  copyFileSync(resolve(import.meta.dirname, '../fixtures/inspect/picture.pcap'), join(home, 'trace.pcapng'))
  // What tcpdump would hear: nobody may listen to the network for a test.
  mkdirSync(join(home, 'bin'))
  writeFileSync(join(home, 'bin', 'tcpdump'), '#!/bin/sh\nexec cat trace.pcapng\n')
  chmodSync(join(home, 'bin', 'tcpdump'), 0o755)
  const around = {
    EXAMPLE: line,
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    MQTTX_HOST: '127.0.0.1',
    MQTTX_PORT: String(server.port),
    MQTTX_BENCH_DURATION: '1s',
    ...env,
  }
  return shell(`cd "$HOME"; PATH="$HOME/bin:$PATH"; ${script}`, { stdin, env: around, timeoutMs: 60_000 })
}

describe('runs', () => {
  test.each(oneOfEvery(2, Object.entries(scenes)))(
    '%s',
    async (line, scene) => {
      const { stdout, stderr } = await play(line, scene)
      expect(`${stdout}`, stderr).toMatch(scene.shows)
      if (scene.fails !== true) expect(stderr).not.toMatch(/^(Error|Warning: The variable)/m)
    },
    70_000,
  )
})
