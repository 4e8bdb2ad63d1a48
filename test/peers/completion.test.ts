// Completions in the shells themselves: Tab is pressed on a terminal, and what the shell makes of the line is run.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { main } from '../../src/main.js'
import { fakeHost } from '../commands/fake-host.js'
import { choose, isOneOfEvery, oneOfEvery } from '../helpers/amount.js'
import { accepts, type Broker, freePort, peerTest, startMosquitto, startOwnBroker } from '../helpers/peers.js'
import { RawClient } from '../helpers/raw-client.js'
import { isCheckout, mqttx, programInShell, scratch, start } from '../helpers/run.js'

const helper = resolve(import.meta.dirname, '../helpers/press_tab.py')
const shells = ['bash', 'zsh', 'fish'] as const

const folder = scratch('completion')
const env = { XDG_CONFIG_HOME: folder, HOME: folder }
let broker: Broker
/** Its retained topics are hostile. */
let wild: Broker

beforeAll(async () => {
  broker = await startOwnBroker()
  wild = await startOwnBroker()
  for (const topic of ['home/kitchen/state', 'wide space', 'it\'s "odd" $x']) {
    await mqttx(['pub', ...broker.at, '-t', topic, '-m', 'm', '-r', '-q', '1'])
  }
  const settings = [...broker.at, '--complete-topics']
  await mqttx(['context', 'add', 'production', ...settings], { env })
  await mqttx(['context', 'add', 'wild', ...wild.at, '--complete-topics'], { env })
  await mqttx(['context', 'add', 'quiet', ...broker.at], { env })
  mkdirSync(join(folder, 'some folder'))
  writeFileSync(join(folder, 'some folder', 'file.pem'), '')
  writeFileSync(join(folder, 'capture.pcap'), '')
  // A server that is slow for a moment is not waited for: here the shell asks until there is an answer, or TRIES times.
  mkdirSync(join(folder, 'bin'))
  writeFileSync(
    join(folder, 'bin', 'mqttx'),
    `#!/bin/bash
if [ -n "$ASKED_AT" ]; then
  exec 3<>/dev/tcp/127.0.0.1/$ASKED_AT
  printf '%s\\0' "$@" >&3
  printf '\\n' >&3
  exec cat <&3
fi
for i in $(seq $TRIES); do
  found=$(${programInShell} "$@")
  [ -n "$found" ] && break
done
printf '%s' "\${found:+$found
}"
`,
    { mode: 0o755 },
  )
  for (const shell of shells) {
    const { stdout } = await mqttx(['completion', shell])
    writeFileSync(join(folder, `script.${shell}`), stdout)
  }
})
afterAll(async () => {
  await broker.stop()
  await wild.stop()
})

/** Publishes what no client of this side would: topics with control characters. */
async function retain(topics: readonly string[]): Promise<void> {
  const client = await new RawClient(wild.port, 4).connected('raw')
  const last = { cmd: 'publish', payload: 'm', qos: 1, messageId: 1, dup: false, retain: true }
  client.send(...topics.map((topic) => ({ ...last, qos: 0, topic })), { ...last, topic: 'zz' })
  await client.got('puback')
  await client.left()
}

/**
 * Runs the command lines that shells ask for at the port, in this process: to start a process for each Tab takes longer than
 * all else. Of an executable there is none.
 */
async function askedHere(tries: number): Promise<string> {
  if (!isCheckout) return ''
  const asked = createServer((socket) => {
    let line = ''
    socket.on('error', () => {})
    socket.on('data', async (chunk) => {
      line += chunk
      if (!line.endsWith('\0\n')) return
      let topics = ''
      for (let left = tries; topics === '' && left > 0; left--) {
        const fake = fakeHost()
        Object.assign(fake.host.env, env)
        expect(await main(line.slice(0, -2).split('\0'), fake.host)).toBe(0)
        topics = fake.stdout.text()
      }
      socket.end(topics)
    })
  })
  await new Promise<void>((done) => asked.listen(0, '127.0.0.1', done))
  onTestFinished(() => void asked.close())
  return String((asked.address() as AddressInfo).port)
}

interface Typing {
  /** How often a shell asks until there is an answer. */
  readonly tries?: number
  /** From `askedHere`. */
  readonly askedAt?: string
}

/** The words that each line has after its tabs. */
async function pressTab(
  shell: string,
  lines: readonly string[],
  { tries = 20, askedAt = '' }: Typing = {},
): Promise<(string[] | null)[]> {
  const script = join(folder, `script.${shell}`)
  const command = `cd '${folder}' && exec python3 '${helper}' ${shell} '${script}' "$LINES_TO_TYPE"`
  const PATH = `${join(folder, 'bin')}:${process.env.PATH}`
  const typing = {
    ...env,
    PATH,
    LINES_TO_TYPE: JSON.stringify(lines),
    TRIES: String(tries),
    ASKED_AT: askedAt,
  }
  const { status, stdout, stderr } = await start('sh', ['-c', command], { env: typing, timeoutMs: 580_000 })
    .ended
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return JSON.parse(stdout.toString())
}

describe.each(shells.map((shell, number) => [shell, number] as const))('%s', (shell, number) => {
  const all: [string, string[]][] = [
    ['pas\t', ['passwd']],
    ['pub --reta\t', ['pub', '--retain']],
    ['pub --qos 2 --user\t', ['pub', '--qos', '2', '--user']], // username, user-property: both
    ['pub -L mqtt://h:1883/t --reta\t', ['pub', '-L', 'mqtt://h:1883/t', '--retain']],
    ['pub -V mqttv31\t', ['pub', '-V', 'mqttv31']],
    ['pub -V mqttv5 -D conn\t', ['pub', '-V', 'mqttv5', '-D', 'connect']],
    ['sub --retain-handling al\t', ['sub', '--retain-handling', 'always']],
    ['sub --retain-handling=al\t', ['sub', '--retain-handling=always']],
    ['sub --cafile some\tfi\t', ['sub', '--cafile', 'some folder/file.pem']],
    ['sub -F %j\t', ['sub', '-F', '%j']],
    ['inspect --view tr\t', ['inspect', '--view', 'tree']],
    ['inspect --type PUBC\t', ['inspect', '--type', 'PUBCOMP']],
    ['inspect capt\t', ['inspect', 'capture.pcap']],
    ['passwd -H arg\t', ['passwd', '-H', 'argon2id']],
    ['passwd capt\t', ['passwd', 'capture.pcap']],
    ['bench pubs\t', ['bench', 'pubsub']],
    ['bench report capt\t', ['bench', 'report', 'capture.pcap']],
    ['context sh\tprod\t', ['context', 'show', 'production']],
    ['sub --context prod\t', ['sub', '--context', 'production']],
    ['help br\t', ['help', 'broker']],
    ['help broker al\t', ['help', 'broker', 'all']],
    ['--help al\t', ['--help', 'all']],
    ['pub --help al\t', ['pub', '--help', 'all']],
    ['pub -m hom\t', ['pub', '-m', 'hom']],
    ['nothing\t', ['nothing']],
  ]
  const rows = oneOfEvery(3, all, number)

  peerTest(
    'completes commands, options and values',
    [shell, 'python3'],
    async () => {
      const words = await pressTab(
        shell,
        rows.map(([line]) => `mqttx ${line}`),
      )
      expect(words).toEqual(rows.map(([, expected]) => expected))
    },
    140_000,
  )

  const allTopics: [string, string[]][] = [
    ['sub --context production -t home\t', ['sub', '--context', 'production', '-t', 'home/kitchen/state']],
    [
      'pub --context production -t home/kit\t',
      ['pub', '--context', 'production', '-t', 'home/kitchen/state'],
    ],
    ["sub --context production -t 'wide\t", ['sub', '--context', 'production', '-t', 'wide space']],
    ['sub --context production -t wide\t', ['sub', '--context', 'production', '-t', 'wide space']],
    ['sub --context production -t it\t', ['sub', '--context', 'production', '-t', 'it\'s "odd" $x']],
  ]
  const topics = oneOfEvery(2, allTopics, number)

  peerTest(
    'completes topics',
    [shell, 'python3'],
    async () => {
      const words = await pressTab(
        shell,
        topics.map(([line]) => `mqttx ${line}`),
      )
      expect(words).toEqual(topics.map(([, expected]) => expected))
    },
    140_000,
  )

  // Each with its place in front, so that the place alone finds it.
  const hostile = [
    'a$(touch ran)',
    'a`touch ran`',
    'a"; touch ran; echo "b',
    "a'; touch ran; echo 'b",
    "it's $HOME $'y'",
    'a"b\\c\\',
    'wow! !! !$ ^a^b^',
    '/*/etc/pass*/[a-z]?{1,2}',
    'a b;c&d|e>ran<f (g) h',
    '~/x=y:z@w,%q',
    '(touch ran)',
    'größe/°C',
    'at the end: "',
    "at the end: '",
    'at the end!',
  ].map((text, index) => `${String.fromCharCode(97 + index)}0/${text}`)
  const dashed = ['-0/x']
  const unseen = ['z1/a\nb', 'z2/a\u202eb', 'z3/a\u200bb', 'z4/a\u001b[2Jb', `z5/${'x'.repeat(1001)}`]
  const opened = ['', "'", '"'] as const
  const before = 'sub --context wild'

  peerTest(
    'H6, H7: a topic becomes one word, whatever is in it, and nothing of it runs',
    [shell, 'python3'],
    async () => {
      await retain([...hostile, ...dashed, ...unseen])
      const rows = hostile.flatMap((topic, index) =>
        (isOneOfEvery(3, index + number) ? choose(opened, index) : []).map((quote) =>
          index % 2 === opened.indexOf(quote) % 2
            ? ([`mqttx ${before} -t ${quote}${topic.slice(0, 3)}\t`, topic] as const)
            : ([`mqttx ${before} --topic=${quote}${topic.slice(0, 3)}\t`, `--topic=${topic}`] as const),
        ),
      )
      for (const quote of choose(opened, number))
        rows.push([`mqttx ${before} --topic=${quote}-0\t`, '--topic=-0/x'])
      const words = await pressTab(
        shell,
        rows.map(([line]) => line),
        { askedAt: await askedHere(20) },
      )
      expect(words.map((found) => found?.at(-1))).toEqual(rows.map(([, topic]) => topic))
      expect(existsSync(join(folder, 'ran'))).toBe(false)
      const typed = oneOfEvery(3, unseen, number).map((topic) => topic.slice(0, 3))
      expect(
        await pressTab(
          shell,
          typed.map((text) => `mqttx ${before} -t ${text}\t`),
          { tries: 1, askedAt: await askedHere(1) },
        ),
      ).toEqual(typed.map((text) => [...before.split(' '), '-t', text]))
    },
    600_000,
  )

  peerTest('completes no topics where nobody has asked for it', [shell, 'python3'], async () => {
    const typed = ['sub', '--context', 'quiet', '-t', 'home']
    expect(await pressTab(shell, ['mqttx sub --context quiet -t home\t'], { tries: 1 })).toEqual([typed])
  })
})

describe('mqttx completion topics', () => {
  const ask = (line: string[], more: Record<string, string> = {}) =>
    mqttx(['completion', 'topics', 'zsh', '--', ...line], { env: { ...env, ...more } })
  const wanted = { MQTTX_COMPLETE_TOPICS: '1' }

  /** An answer that comes too late is none: what counts is that one comes in time. */
  async function found(line: string[], more?: Record<string, string>): Promise<string[]> {
    for (let left = 20; ; left--) {
      const { status, stdout, stderr } = await ask(line, more)
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      const topics = stdout.toString().split('\n').slice(0, -1)
      if (topics.length > 0 || left === 0) return topics
    }
  }
  const all = ['home/kitchen/state', 'it\'s "odd" $x', 'wide space']

  test.each([['pub'], ['sub'], ['rr', '-V', '311']])('of %s', async (...command) => {
    expect(await found([...command, '--context', 'production', '-t', ''])).toEqual(all)
  })
  test('with MQTTX_COMPLETE_TOPICS, by address, URL and in the middle of other words', async () => {
    expect(await found(['pub', ...broker.at, '-t', ''], wanted)).toEqual(all)
    expect(await found(['sub', '-L', `mqtt://127.0.0.1:${broker.port}/x`, '-v', '-T', 'w'], wanted)).toEqual([
      'wide space',
    ])
    expect(await found(['bench', 'pub', ...broker.at, '-q', '1', '-t', 'home/'], wanted)).toEqual([
      'home/kitchen/state',
    ])
  })
  test('of the current context', async () => {
    await mqttx(['context', 'use', 'production'], { env })
    expect(await found(['pub', '-t', 'h'])).toEqual(['home/kitchen/state'])
    await mqttx(['context', 'use', 'none'], { env })
  })

  peerTest('of mosquitto', ['mosquitto'], async () => {
    const mosquitto = await startMosquitto()
    for (const topic of ['a/b', 'a/c', 'b'])
      await mqttx(['pub', ...mosquitto.at, '-t', topic, '-m', 'm', '-r', '-q', '1'])
    expect(await found(['pub', ...mosquitto.at, '-V', '5', '-t', 'a/'], wanted)).toEqual(['a/b', 'a/c'])
    await mosquitto.stop()
  })

  test('neither a session nor a client of the same identifier is touched', async () => {
    const own = await startOwnBroker()
    const line = ['sub', ...own.at, '-i', 'me', '-c', '-q', '1', '-t', 'a']
    await mqttx([...line, '-E'])
    await ask(line, wanted)
    await mqttx(['pub', ...own.at, '-t', 'a', '-m', 'kept', '-q', '1'])
    const { stdout } = await mqttx([...line, '-C', '1', '-W', '10'])
    expect(stdout.toString()).toBe('kept\n')
    await own.stop()
  })

  describe('is nothing, without a word', () => {
    const nothing = { status: 0, stdout: Buffer.alloc(0), stderr: '' }
    const lines: [string, string[]][] = [
      ['no server', ['pub', '-h', '127.0.0.1', '-p', '1', '-t', '']],
      ['a name that is none', ['pub', '-h', 'no.such.host.invalid', '-t', '']],
      ['a context that is none', ['pub', '--context', 'x', '-t', '']],
      ['a password to be asked for', ['pub', '-u', 'me', '-P', '-', '-t', '']],
      ['words that are wrong', ['pub', '-q', '9', '-t', '']],
      ['a command that is none', ['x', '-t', '']],
      ['a command that does not connect', ['passwd', '']],
      ['wildcards', ['sub', '--context', 'production', '-t', 'home/+/']],
      ['--help', ['sub', '--help', '-t', '']],
      ['no words', []],
    ]
    test.each(oneOfEvery(2, lines))('%s', async (_, line) => expect(await ask(line, wanted)).toEqual(nothing))

    test('a server that says nothing', async () => {
      const port = await freePort()
      const server = createServer(() => {}).listen(port, '127.0.0.1')
      expect(await accepts(port)).toBe(true)
      expect(await ask(['pub', '-h', '127.0.0.1', '-p', String(port), '-t', ''], wanted)).toEqual(nothing)
      server.close()
    })
    test('H9: a password command of the line or the environment, which does not run', async () => {
      const ran = join(folder, 'ran')
      const line = ['pub', ...broker.at, '-u', 'me', '-t', '']
      const command = `touch ${ran}`
      expect(await ask(line.toSpliced(-2, 0, '--password-command', `"${command}"`), wanted)).toEqual(nothing)
      expect(await ask(line, { ...wanted, MQTTX_PASSWORD_COMMAND: command })).toEqual(nothing)
      expect(existsSync(ran)).toBe(false)
    })
    test('H9: a password command of a context runs, and is not waited for', async () => {
      const command = `touch ${join(folder, 'asked')}; exec sleep 5`
      const settings = [...broker.at, '-u', 'me', '--complete-topics', '--password-command', command]
      await mqttx(['context', 'add', 'keeper', ...settings], { env })
      expect(await ask(['pub', '--context', 'keeper', '-t', ''])).toEqual(nothing)
      expect(existsSync(join(folder, 'asked'))).toBe(true)
    })
    test('H8: a word whose meaning only the shell knows', async () => {
      for (const word of ['$HOME', '"$(id)"', '*', '~ada'])
        expect(await ask(['pub', ...broker.at, '-u', 'me', '-P', word, '-t', ''], wanted)).toEqual(nothing)
    })
  })
})
