// Standard error never affects the result: closed, full, without a reader or with a stopped one, a command does the
// same work, prints the same bytes and exits with the same status.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { amount, choose, oneOfEvery } from '../helpers/amount.js'
import { type Broker, freePort, startOwnBroker } from '../helpers/peers.js'
import { type Outcome, type Running, type RunOptions, scratch, shell, startMqttx } from '../helpers/run.js'
import { connack, scriptedServer } from '../helpers/scripted-server.js'
import { once } from '../helpers/wait.js'

/** Bash redirections of standard error. */
const conditions = {
  closed: (command: string) => `${command} 2>&-`,
  full: (command: string) => `${command} 2>/dev/full`,
  'without a reader': (command: string) => `mkfifo p; exec 9<>p 8>p 9<&-; ${command} 2>&8`,
  'with a reader that has stopped': (command: string) =>
    `mkfifo p; exec 9<>p; head -c 65536 /dev/zero >&9; ${command} 2>&9`,
}

let broker: Broker
let responder: Running
let nowhere: number
beforeAll(async () => {
  broker = await startOwnBroker()
  nowhere = await freePort()
  responder = startMqttx(
    ['rr', '--serve', '--echo', '-V', 'mqttv311', '-t', 'echo', '-e', 'echoed', '-d', ...broker.at],
    {
      timeoutMs: 600_000,
    },
  )
  await responder.until((_, stderr) => stderr.includes('SUBACK'))
  const kept = await shell(
    `mqttx pub -t kept/1 -m one -r -q 1 ${broker.at.join(' ')} && mqttx pub -t kept/2 -m two -r -q 1 ${broker.at.join(' ')}`,
  )
  expect(kept.status).toBe(0)
})
afterAll(() => responder.kill())

const options: RunOptions = { timeoutMs: 60_000 }

function inFolder(script: string): Promise<Outcome> {
  const folder = scratch('stderr')
  writeFileSync(join(folder, 'users'), '')
  return shell(`cd ${folder}; ${script}`, options)
}

/** HERE: the server; NOWHERE: an address without a server. Commands are chosen to write to stderr. */
const rows: readonly [line: string, status: number][] = [
  ['mqttx pub HERE -d -t t -m x -q 1', 0],
  ['mqttx pub NOWHERE -t t -m x', 1],
  ['seq 3000 | mqttx pub HERE -d -t t -l -q 1', 0],
  ['seq 3 | mqttx pub NOWHERE -t t -l', 1],
  [`echo '{"topic":"t","payload":"x"}' | mqttx pub HERE -d --json -q 1`, 0],
  ["mqttx pub HERE -t t -m x -u ada --password-command 'seq 100000 >&2; echo pw'", 0],
  ['mqttx sub HERE -d -t kept/# -C 2', 0],
  ['mqttx sub HERE -d -t t/none -W 1', 27],
  ['mqttx sub NOWHERE -t t', 1],
  ['mqttx rr HERE -d -V mqttv311 -t echo -e echoed -m hello', 0],
  ['seq 300 | mqttx rr HERE -d -V mqttv311 -t echo -e echoed -l', 0],
  ['mqttx rr HERE -V mqttv311 -t nobody -e answers/3 -m hello -W 1', 27],
  ['timeout -s INT 1 mqttx rr HERE --serve --echo -d -V mqttv311 -t other -e answers', 124],
  ['mqttx bench pub NOWHERE --count 10', 1],
  ['mqttx passwd -b -H sha512 users ada secret', 0],
  ['mqttx passwd -D users nobody', 1],
  ["mqttx inspect --hex 'c0 00'", 0],
  ["mqttx inspect --hex '00 00 00'", 40],
  ['timeout 1 mqttx broker -p 0 >/dev/null', 124],
  ['mqttx broker -p BUSY', 1],
  ['mqttx nonsense', 1],
]

describe.each(oneOfEvery(2, rows).map((row, index) => [...row, index] as const))(
  'E12, E14: %s',
  (line, status, index) => {
    const command = () =>
      line
        .replace('HERE', broker.at.join(' '))
        .replace('NOWHERE', `-h 127.0.0.1 -p ${nowhere}`)
        .replace('BUSY', String(broker.port))
    let good: Outcome
    beforeAll(async () => {
      good = await inFolder(command())
    })

    test('with a normal standard error', () => {
      expect(good.status, good.stderr).toBe(status)
    })

    test.each(choose(Object.entries(conditions), index))('%s', async (_, spoiled) => {
      const { status, stdout } = await inFolder(spoiled(command()))
      expect({ status, stdout: stdout.toString() }).toEqual({
        status: good.status,
        stdout: good.stdout.toString(),
      })
    })
  },
)

test.each(choose(Object.entries(conditions), 2))(
  'E12: bench reports the same with one that is %s',
  async (_, spoiled) => {
    const line = `mqttx bench pub ${broker.at.join(' ')} -q 1 --count 10 --clients 2 --json`
    const { status, stdout } = await inFolder(spoiled(line))
    expect(status).toBe(0)
    expect(JSON.parse(stdout.toString())).toBeTypeOf('object')
  },
)

describe.each(Object.entries(conditions))('a standard error that is %s', (_, spoiled) => {
  test('E13: does not end a subscription at a reconnect', async () => {
    const message = Buffer.of(0x30, 4, 0, 1, 0x74, 0x78) // x on t
    const server = await scriptedServer({
      packet({ cmd, messageId = 0 }, socket) {
        if (cmd === 'connect') socket.write(connack())
        if (cmd !== 'subscribe') return
        socket.write(Buffer.concat([Buffer.of(0x90, 3, 0, messageId, 0), message]))
        if (server.connections() === 1) socket.end()
      },
    })
    const outcome = await inFolder(spoiled(`mqttx sub ${server.at.join(' ')} -t t -C 2`))
    expect(outcome.status).toBe(0)
    expect(outcome.stdout.toString()).toBe('x\nx\n')
  })

  test('E15: does not stop delivery and acknowledgement', async () => {
    const count = amount({ inCi: 20_000, here: 5000 })
    let pubacks = 0
    const server = await scriptedServer({
      packet({ cmd }, socket) {
        if (cmd === 'connect') socket.write(connack())
        if (cmd === 'puback') pubacks++
        if (cmd !== 'subscribe') return
        socket.write(Buffer.of(0x90, 3, 0, 1, 1))
        for (let id = 1; id <= count; id++)
          socket.write(Buffer.of(0x32, 6, 0, 1, 0x74, id >> 8, id & 255, 0x78))
      },
    })
    const ended = inFolder(spoiled(`mqttx sub ${server.at.join(' ')} -d -t t -q 1 -C ${count}`))
    const { status, stdout } = await ended
    expect({ status, length: stdout.length }).toEqual({ status: 0, length: 2 * count })
    await once(() => pubacks === count)
  })
})
