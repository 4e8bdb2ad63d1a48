// Runs the command blocks of README.md and the guides in a network namespace where port 1883 is free
// and broker.lan resolves, with the servers that the examples use.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Certificates, makeCertificates } from './certificates.js'
import { findPeer, type Peer } from './peers.js'
import { programInShell, programWords, scratch, start } from './run.js'

export interface Line {
  readonly text: string
  /** Runs until ended, as in another terminal. */
  readonly endless: boolean
  /** The output according to its comment. */
  readonly prints: string | undefined
}

export interface Block {
  readonly language: string
  readonly text: string
  readonly lines: readonly Line[]
}

/** Setup and expected results of a block. Lines are identified by a part of them. */
export interface Circumstances {
  /** The folder to run in; default: a new empty one. */
  folder?: string
  env?: Record<string, string>
  /** The block itself starts a broker on port 1883. */
  ownBroker?: true
  /** Why the block needs mosquitto in the place of `mqttx broker`. */
  mosquitto?: string
  /** Topics to publish to repeatedly, with the payload `fed`. */
  feed?: readonly string[]
  /** Bash commands before the first line and after the last. */
  before?: string
  after?: string
  /** Replacements for parts of the block that would take too long. */
  instead?: readonly (readonly [string, string])[]
  /** Bash condition to wait for before a line. */
  ready?: Record<string, string>
  /** Answers to the prompts of a line. */
  typed?: Record<string, readonly (readonly [question: string, answer: string])[]>
  /** Allowed exit statuses of a line other than 0. */
  status?: Record<string, readonly number[]>
  /** What has to pass through the broker as `topic payload`, `other topic payload` on other.lan: extended regular expressions. */
  seen?: readonly string[]
}

export interface Ended {
  readonly line: Line
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

const root = resolve(import.meta.dirname, '../..')

/** All shell blocks in order, without those printed by `npm run docs`. */
export function blocksOf(readme: string): Block[] {
  const own = readme.replace(/^<!-- printed: .*?<!-- \/printed -->$/gms, '')
  return Array.from(own.matchAll(/^```(sh|console|js)\n(.*?)^```$/gms), ([, language, text]) => ({
    language: language!,
    text: text!,
    lines: language === 'sh' ? linesOf(text!) : [],
  }))
}

/** Splits into lines as bash does: an incomplete line continues in the next. */
function linesOf(text: string): Line[] {
  const lines: Line[] = []
  let words = ''
  for (const line of text.trimEnd().split('\n')) {
    words += `${line}\n`
    if (line.endsWith('\\') || spawnSync('bash', ['-n', '-c', words]).status !== 0) continue
    if (line.trim() !== '' && !line.startsWith('#')) lines.push(lineOf(words.trimEnd()))
    words = ''
  }
  if (words !== '') throw new Error(`not bash: ${words}`)
  return lines
}

function lineOf(text: string): Line {
  const defines = /^\w+\(\) \{/.test(text)
  const behind = defines || /&(?![&\d])/.test(text.replaceAll('&&', '').replace(/'[^']*'|"[^"]*"/g, ''))
  const goesOn = /while true|tail -f|mqttx broker|mqttx tap|--serve\b|tcpdump/.test(text)
  const subscribes = /mqttx sub/.test(text) && !/ -C | -W | -E |head -1|--retained-only/.test(text)
  const [, prints] = /\s# prints: (.*)$/m.exec(text) ?? []
  return { text, endless: !behind && (goesOn || subscribes), prints: prints?.trim() }
}

const flags = ['--net', '--mount', '--pid', '--fork', '--kill-child']
export const asRoot = process.getuid?.() === 0
const unshare = (more: readonly string[]) => [...flags, ...(asRoot ? more : ['--map-root-user', ...more])]

/** Why blocks cannot run on this machine, or undefined. */
export function obstacle(): string | undefined {
  const needs: Peer[] = ['bash', 'jq', 'mosquitto', 'openssl', 'python3', 'tcpdump']
  const missing = needs.filter((name) => findPeer(name) === undefined)
  if (missing.length > 0) return `not installed: ${missing.join(', ')}`
  const tried = spawnSync('unshare', unshare(['true']), { encoding: 'utf8' })
  return tried.status === 0 ? undefined : `no network of our own: ${tried.error?.message ?? tried.stderr}`
}

const names = [
  'broker',
  'broker.lan',
  'broker.example',
  'mqtt.lan',
  'a.example',
  'b.example',
  'proxy.lan',
  'localhost',
]
const hosts = `127.0.0.1 ${names.join(' ')}\n127.0.0.2 other.lan\n127.0.0.3 psk.lan\n127.0.0.4 strict.lan\n`

/** Optional programs, and programs that do not work in a namespace. */
const standIns = {
  pass: 'echo secret',
  kubectl: `last=\${@: -1}; cat "log-\${last##*=}"`,
  parallel: `shift 2; while read -r word; do bash -c "\${1//\\{\\}/$word}" & done; wait`,
}

function mosquittoConf(folder: string, { ca, server }: Certificates): string {
  const tls = `certfile ${server.cert}\nkeyfile ${server.key}\ncafile ${ca.cert}\n`
  return `user root
log_type all
sys_interval 1
allow_anonymous true
password_file ${folder}/server-users
acl_file ${folder}/acl
psk_file ${folder}/psk
listener 1883 127.0.0.1
listener 0 /run/mosquitto.sock
listener 8883 127.0.0.1
${tls}listener 8883 127.0.0.4
${tls}require_certificate true
listener 8883 127.0.0.3
psk_hint lan
`
}

/** Shared by all blocks, created once. */
export function makeMachine(picture: string) {
  const folder = scratch('machine')
  const certificates = makeCertificates(
    [...names, 'strict.lan']
      .map((name) => `DNS:${name}`)
      .join(',')
      .concat(',IP:127.0.0.1'),
  )
  const put = (name: string, text: string | Buffer, mode = 0o644) =>
    writeFileSync(join(folder, name), text, { mode })
  const [file = '', ...first] = programWords
  const hashed = spawnSync(file, [
    ...first,
    'passwd',
    '-b',
    '-c',
    join(folder, 'server-users'),
    'ada',
    'secret',
  ])
  if (hashed.status !== 0) throw new Error(`${hashed.stderr}`)
  put('hosts', hosts)
  put('resolv.conf', 'nameserver 127.0.0.1\n')
  put('acl', 'topic deny closed\ntopic readwrite #\ntopic read $SYS/#\nuser ada\ntopic readwrite #\n')
  put('psk', 'me:0123abcd\n')
  put('mosquitto.conf', mosquittoConf(folder, certificates))
  mkdirSync(join(folder, 'bin'))
  put('bin/mqttx', `#!/bin/sh\nexec ${programInShell} "$@"\n`, 0o755)
  for (const [name, text] of Object.entries(standIns)) put(`bin/${name}`, `#!/bin/bash\n${text}\n`, 0o755)

  /** The files that the examples read. */
  const files: Record<string, string | Buffer> = {
    'still.jpg': Buffer.from([0xff, 0xd8, 0, 10, 0xff, 0xd9]),
    'access.log': Array.from({ length: 120_000 }, (_, number) => `GET /${number}\n`).join(''),
    lines: 'one\ntwo\n',
    words: 'one\ntwo\n',
    secret: 'secret\n',
    'secret.txt': 'secret\n',
    plain: 'ida:first\numa:second\n',
    'trace.pcap': readFileSync(picture),
    'trace.pcapng': readFileSync(picture),
    'ca.crt': readFileSync(certificates.ca.cert),
    'me.crt': readFileSync(certificates.client.cert),
    'me.key': readFileSync(certificates.client.key),
    'work.sh': '#!/bin/sh\nexec wc -c\n',
  }
  return { folder, files, certificates }
}

export type Machine = ReturnType<typeof makeMachine>

const ended = (number: number) => `echo $? > "$S/${number}.status"`
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** Bash that waits for a condition and reports a timeout. */
const patience = `await() {
  local end=$((SECONDS + 25))
  until eval "$1"; do
    if [ $SECONDS -ge $end ]; then echo "$1" >> "$S/vain"; return 1; fi
    sleep 0.05
  done
}
`

/** The broker of most blocks, with the users, the access rules and the certificate of mosquitto.conf. */
function ownBrokerLine({ certificates: { server } }: Machine, text: string): string {
  const access = '--allow-anonymous --password-file "$M/server-users" --acl-file "$M/acl"'
  const log = /mqttx bench/.test(text) ? '' : '-v ' // its SUBACKs are counted; what is measured pays for each line
  return `mqttx broker ${log}${access} --tls-port 8883 --certfile ${server.cert} --keyfile ${server.key}`
}

function servers(machine: Machine, { ownBroker, mosquitto, feed = [] }: Circumstances, text: string): string {
  const open = (address: string) => `await '(: < /dev/tcp/${address}/1883) 2>&-'\n`
  let script = `export PATH="$M/bin:$PATH"
ip link set lo up
mount --bind "$M/hosts" /etc/hosts
[ ! -e /etc/resolv.conf ] || mount --bind "$M/resolv.conf" /etc/resolv.conf
mount -t tmpfs none /run
broker() { ${mosquitto === undefined ? ownBrokerLine(machine, text) : 'mosquitto -c "$M/mosquitto.conf"'} >> "$S/broker.log" 2>&1 & broker=$!; ${open('127.0.0.1')} }
subscribed() { grep -Ec 'Sending SUBACK|<- SUBACK' "$S/broker.log"; }
`
  if (text.includes('other.lan'))
    script += `mqttx broker --bind 127.0.0.2 > "$S/other.log" 2>&1 &\n${open('127.0.0.2')}`
  if (!ownBroker) script += 'broker\n'
  // A capture must show only the traffic of the block.
  const watch = (host: string, format: string) =>
    `mqttx sub -q 1 -h ${host} -t '#' -F '${format}' >> "$S/seen" 2>&- &\n`
  if (!ownBroker && !/tcpdump|mqttx bench/.test(text)) {
    script += `${watch('127.0.0.1', '%t %p')}await '[ $(subscribed) -ge 1 ]'\n`
    if (text.includes('other.lan')) script += watch('other.lan', 'other %t %p')
  }
  if (feed.length > 0) {
    const fed = feed.map((topic) => JSON.stringify({ topic, payload: 'fed' })).join('\n')
    script += `while sleep 0.2; do echo ${quoted(fed)}; done | mqttx pub -h 127.0.0.1 -q 1 --json --retry 1000 &\n`
  }
  return script
}

function began(line: Line, number: number, ownBroker: boolean): string {
  if (/tcpdump/.test(line.text)) return `await 'grep -q "listening on" "$S/${number}.err"'\n`
  if (/mqttx tap/.test(line.text)) return `await 'grep -q "Listening on" "$S/${number}.err"'\n`
  if (/mqttx broker/.test(line.text)) return `await '[ -s "$S/${number}.out" ]'\n`
  const all = line.text.match(/mqttx sub|--serve\b/g)?.length ?? 0
  // The subscription to another server cannot be observed: only the final output is checked.
  const elsewhere = / -L | -h |--unix|--proxy|export/.test(line.text)
  return ownBroker || elsewhere || all === 0 ? '' : `await '[ $(subscribed) -ge $((heard + ${all})) ]'\n`
}

const prints = ({ text }: Line) =>
  !/\| mqttx pub|>|mqttx broker|--serve\b|tcpdump .*-w \w/.test(text.split(' # ')[0]!)

function find<T>(table: Record<string, T> = {}, text: string): T | undefined {
  return Object.entries(table).find(([part]) => text.includes(part))?.[1]
}

/** Allowed exit statuses of a line, including that of SIGINT for endless commands. */
export function statusesOf(line: Line, circumstances: Circumstances): readonly number[] {
  return find(circumstances.status, line.text) ?? (line.endless ? [0, 130] : [0])
}

/** Runs the lines of a block in order; endless commands run in the background until the end. */
export async function runBlock(machine: Machine, block: Block, circumstances: Circumstances) {
  const store = scratch('block')
  const home = join(store, 'home')
  mkdirSync(home)
  for (const [name, contents] of Object.entries(machine.files))
    writeFileSync(join(home, name), contents, { mode: name.endsWith('.sh') ? 0o755 : 0o600 })
  let script = `S=${quoted(store)}\nM=${quoted(machine.folder)}\n${patience}${servers(machine, circumstances, block.text)}`
  script += `cd ${quoted(circumstances.folder ?? home)}\n${circumstances.before ?? ''}\nset -m\n`
  let signs = ''
  let ends = '' // in reverse order of start
  block.lines.forEach((line, number) => {
    let { text } = line
    for (const [part, other] of circumstances.instead ?? []) text = text.replace(part, other)
    const steps = find(circumstances.typed, line.text)
    const helper = join(import.meta.dirname, 'on_a_terminal.py')
    const typed = steps?.map(([question, answer]) => [question, `${answer}\r`])
    if (typed)
      text = `python3 ${helper} ${quoted(JSON.stringify(typed))} bash -c ${quoted(text)} | jq -re '.output, .status == 0'`
    writeFileSync(join(store, `${number}.sh`), text)
    const ready = find(circumstances.ready, line.text)
    if (ready) script += `await ${quoted(ready)}\n`
    const streams = `> "$S/${number}.out" 2> "$S/${number}.err" < /dev/null`
    if (!line.endless) {
      script += `eval "$(< "$S/${number}.sh")" ${streams}\n${ended(number)}\n`
      return
    }
    script += `heard=$(subscribed 2>&-)\nbash -c "$(< "$S/${number}.sh")" ${streams} &\nline${number}=$!\n`
    script += began(line, number, circumstances.ownBroker === true)
    if (prints(line)) signs += `await '[ -s "$S/${number}.out" ]'\n`
    ends = `kill -INT -- -$line${number}\nwait $line${number}\n${ended(number)}\n${ends}`
  })
  for (const wanted of circumstances.seen ?? [])
    script += `await ${quoted(`grep -Eqx ${quoted(wanted)} "$S/seen"`)}\n`
  script += `${signs}${ends}{ ${circumstances.after ?? ':'}\n} > "$S/after"\n`
  writeFileSync(join(store, 'all.sh'), script)

  const env = { HOME: home, XDG_CONFIG_HOME: join(home, '.config'), ...circumstances.env }
  const limits = { env, timeoutMs: 80_000 }
  const { stderr } = await start('unshare', unshare(['bash', join(store, 'all.sh')]), limits).ended
  const read = (name: string) =>
    existsSync(join(store, name)) ? readFileSync(join(store, name), 'utf8') : ''
  const lines = block.lines.map(
    (line, number): Ended => ({
      line,
      status: Number.parseInt(read(`${number}.status`), 10),
      stdout: read(`${number}.out`),
      stderr: read(`${number}.err`),
    }),
  )
  return { lines, stderr, vain: read('vain'), after: read('after'), home }
}

/** Runs a JavaScript example with the package installed; returns its output. */
export async function runProgram(machine: Machine, name: string, source: string, around: Circumstances) {
  const folder = join(unpacked(), '..')
  writeFileSync(join(folder, name), source)
  const line: Line = { text: `node ${name}`, endless: false, prints: undefined }
  const block: Block = { language: 'sh', text: line.text, lines: [line] }
  const { lines } = await runBlock(machine, block, { ...around, folder })
  return lines[0]!
}

/** Runs the `$ ...` lines of a transcript; returns it with the output of both streams after each. */
export async function replayed(machine: Machine, transcript: string): Promise<string> {
  const commands = transcript.match(/^\$ .*$/gm)!.map((line) => line.slice(2))
  const text = commands.map((line) => `was=$?; echo ${quoted(`$ ${line}`)}; (exit $was); ${line}`).join('\n')
  const line: Line = { text: `{\n${text}\n} 2>&1`, endless: false, prints: undefined }
  const { lines } = await runBlock(machine, { language: 'sh', text, lines: [line] }, {})
  return lines[0]!.stdout
}

let packed: string | undefined

/** The file of the npm package, made once. */
function tarball(): string {
  if (packed !== undefined) return packed
  const folder = scratch('tarball')
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const [{ filename }] = JSON.parse(`${spawnSync('npm', pack, { cwd: root, encoding: 'utf8' }).stdout}`)
  packed = join(folder, filename)
  return packed
}

/** The unpacked npm package, in a new folder. */
export function unpacked(): string {
  const folder = scratch('package')
  spawnSync('tar', ['-xzf', tarball(), '-C', folder])
  cpSync(join(folder, 'package'), join(folder, 'node_modules/mqttx'), { recursive: true })
  return join(folder, 'package')
}
