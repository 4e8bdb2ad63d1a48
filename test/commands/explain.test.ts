// --explain: the packets of an imaginary session; with --connect those of a real one, and the step that failed.
import type { Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { failingSteps } from '../connection/failing-steps.js'
import { accepting, bytes, oblige } from '../connection/rig.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { run } from './fake-host.js'

/** The heads of the packets that are shown. */
const shownIn = (text: string) => [...text.matchAll(/^([→←] [A-Z]+)/gm)].map(([, head]) => head)
/** The steps that are listed, without their times. */
const stepsIn = (text: string) =>
  [...text.matchAll(/^ +[\d.]+ +[\d.-]+ {2}(.*)$/gm)].map(([, step]) => step!.replace(/ +/, ' '))

const nowhere = { at: ['-h', '127.0.0.1', '-p', '1'] }

describe('without --connect', () => {
  test.each([
    ['pub -t a/b -m x', 'CONNECT PUBLISH DISCONNECT'],
    ['pub -t a/b -m x -q 1', 'CONNECT PUBLISH DISCONNECT'],
    ['pub -t a/b -m x -q 2', 'CONNECT PUBLISH PUBREL DISCONNECT'],
    ['pub -t a/b -m x -q 1 --repeat 3', 'CONNECT PUBLISH PUBLISH PUBLISH DISCONNECT'],
    ['pub -t a/b -m x -V 5 -D publish topic-alias 1', 'CONNECT PUBLISH DISCONNECT'],
    ['pub -t a/b -l', 'CONNECT PUBLISH PUBLISH DISCONNECT'],
    ['sub -t a -t b', 'CONNECT SUBSCRIBE DISCONNECT'],
    ['sub -t a -V 5 -i x -c -D subscribe user-property k v', 'CONNECT SUBSCRIBE DISCONNECT'],
    ['sub -t a -V 31', 'CONNECT SUBSCRIBE DISCONNECT'],
    ['sub -U a', 'CONNECT UNSUBSCRIBE DISCONNECT'],
    ['sub -U a -V 5', 'CONNECT UNSUBSCRIBE DISCONNECT'],
    ['sub -t a -C 5 -W 3', 'CONNECT SUBSCRIBE DISCONNECT'],
  ])('%s: %s', async (line, packets) => {
    const words = [...line.split(' '), '--explain']
    const { status, stdout, stderr } = await run(words, nowhere, ({ stdin }) => void stdin.end('one\ntwo\n'))
    expect([status, stderr]).toEqual([0, ''])
    expect(shownIn(stdout)).toEqual(packets.split(' ').map((name) => `→ ${name}`))
    expect(stdout).toContain('Nothing was sent.')
  })

  test('the bytes are those that are sent', async () => {
    const line = [
      'pub',
      '-t',
      'a',
      '-m',
      'x',
      '-q',
      '1',
      '-V',
      '5',
      '-i',
      'me',
      '-u',
      'ada',
      '--will-topic',
      'w',
    ]
    const server = await scriptedServer({ packet: answering5 })
    const pieces: Buffer[] = []
    const recording = await scriptedServer({
      accept: (socket) => void socket.on('data', (chunk: Buffer) => pieces.push(chunk)),
      packet: answering5,
    })
    await run(line, recording)
    const { stdout } = await run([...line, '--explain'], server)
    expect(server.connections()).toBe(0)
    const rows = [...stdout.matchAll(/^[0-9a-f]{4} {2}((?:[0-9a-f]{2} )+)/gm)].map(([, hex]) => hex!.trim())
    expect(rows.join(' ').replaceAll(' ', '')).toBe(Buffer.concat(pieces).toString('hex'))
  })

  test('secrets are hidden without --show-secrets', async () => {
    const line = ['pub', '-t', 'a', '-m', 'x', '-u', 'ada', '-P', 'tell-nobody', '--explain']
    const { stdout } = await run(line, nowhere)
    expect(stdout).toContain('(hidden, --show-secrets)')
    expect(stdout).not.toMatch(/tell-nobody|74 65 6c 6c/)
    expect((await run([...line, '--show-secrets'], nowhere)).stdout).toContain('74 65 6c 6c 2d 6e')
  })

  test('a long payload is shortened, and --full is not named: pub has none', async () => {
    const { stdout } = await run(['pub', '-t', 'a', '-m', 'x'.repeat(500), '--explain'], nowhere)
    expect(stdout).toMatch(/^ +\.\.\. 484 more bytes$/m)
    expect(stdout).not.toContain('--full')
  })

  test('with SCRAM the packets after CONNECT depend on the challenge, and nothing is waited for', async () => {
    const line = 'pub -t a -m x -V 5 -u a -P b -D connect authentication-method SCRAM-SHA-256 --explain'
    const { status, stdout, stderr } = await run(line.split(' '), nowhere)
    expect([status, stderr, shownIn(stdout)]).toEqual([0, '', ['→ CONNECT']])
    expect(stdout).toContain('The next packet depends on what the server answers')
  }, 20_000)

  test('a reader that takes nothing stops the input', async () => {
    let read = 0
    const words = ['pub', '-t', 'a', '-l', '-q', '1', '--explain']
    const { status, stdout } = await run(words, nowhere, async ({ stdin, stdout: out }) => {
      out.pause()
      for (let i = 0; i < 3000; i++) {
        if (!stdin.write(`${i} ${'x'.repeat(1000)}\n`)) break
        read++
        if (i % 50 === 0) await new Promise((done) => setTimeout(done, 1))
      }
      expect(read).toBeLessThan(2999)
      out.resume()
      stdin.end()
    })
    expect(status).toBe(0)
    expect(shownIn(stdout).filter((head) => head === '→ PUBLISH').length).toBeGreaterThanOrEqual(read)
  })

  test('a reader that has closed ends it with status 0', async () => {
    const { status, stderr } = await run(['pub', '-t', 'a', '-m', 'x', '--explain'], nowhere, ({ stdout }) =>
      stdout.fail('EPIPE'),
    )
    expect([status, stderr]).toEqual([0, ''])
  })
})

function answering5(packet: Packet, socket: import('node:net').Socket): void {
  if (packet.cmd === 'connect')
    socket.write(bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false }, 5))
  if (packet.cmd === 'publish') socket.write(bytes({ cmd: 'puback', messageId: packet.messageId! }, 5))
}

describe('--connect', () => {
  test('shows both directions and the steps; messages are not printed', async () => {
    const server = await scriptedServer({ packet: oblige })
    const { status, stdout, stderr } = await run(['sub', '-t', 'a', '--explain', '--connect'], server)
    expect([status, stderr]).toEqual([0, ''])
    expect(shownIn(stdout)).toEqual(['→ CONNECT', '← CONNACK', '→ SUBSCRIBE', '← SUBACK', '→ DISCONNECT'])
    expect(stepsIn(stdout)).toEqual([
      `TCP 127.0.0.1:${server.port}`,
      'CONNACK',
      'session closed',
      'SUBACK a: QoS 0',
    ])
    expect(stdout).not.toContain('failed')
  })

  test('with -C it waits for messages, and shows them as packets', async () => {
    const server = await scriptedServer({
      packet(packet, socket) {
        oblige(packet, socket)
        if (packet.cmd !== 'subscribe') return
        const message = { topic: 't', payload: 'hello', qos: 0, dup: false, retain: false } as const
        setTimeout(() => socket.write(bytes({ cmd: 'publish', ...message })), 50)
      },
    })
    const { status, stdout } = await run(['sub', '-t', 't', '-C', '1', '--explain', '--connect'], server)
    expect([status, shownIn(stdout)]).toEqual([0, expect.arrayContaining(['← PUBLISH'])])
    expect(stdout).not.toMatch(/^hello/m)
  })

  test('packets that a slow reader does not take are counted', async () => {
    const server = await scriptedServer({
      packet(packet, socket) {
        oblige(packet, socket)
        if (packet.cmd !== 'subscribe') return
        const message = { topic: 't', payload: 'x'.repeat(1000), qos: 0, dup: false, retain: false } as const
        for (let i = 0; i < 200; i++) socket.write(bytes({ cmd: 'publish', ...message }))
      },
    })
    const words = ['sub', '-t', 't', '-C', '200', '--explain', '--connect']
    const { status, stdout } = await run(words, server, async (fake) => {
      fake.stdout.pause()
      await expect.poll(() => server.received.at(-1)?.cmd).toBe('disconnect')
      fake.stdout.resume()
    })
    const dropped = Number(/^(\d+) packets not shown/m.exec(stdout)?.[1])
    expect(status).toBe(0)
    expect(dropped).toBeGreaterThan(0)
    expect(shownIn(stdout).length + dropped).toBe(205)
  })

  test('needs --explain', async () => {
    const { status, stderr } = await run(['sub', '-t', 'a', '--connect'], nowhere)
    expect([status, stderr]).toEqual([1, expect.stringContaining('no --explain specified')])
  })

  test('a Topic Filter of several is refused: the step, and the status of sub', async () => {
    const server = await scriptedServer(
      accepting((packet, socket) => {
        if (packet.cmd !== 'subscribe') return
        socket.write(bytes({ cmd: 'suback', messageId: packet.messageId!, granted: [0, 128] }))
      }),
    )
    const { status, stdout } = await run(['sub', '-t', 'a', '-t', 'b', '--explain', '--connect'], server)
    expect(status).toBe(128)
    expect(stdout).toContain('The step that failed is SUBACK: QoS 0, 0x80 Unspecified error.')
  })

  test.each([
    ['subscribe', 'session', "another client connected as 'me'"],
    ['connect', 'SUBACK', 'may this client subscribe'],
  ])('a hang-up right after the answer to %s: %s', async (last, step, hint) => {
    const server = await scriptedServer({
      packet(packet, socket) {
        oblige(packet, socket)
        if (packet.cmd === last) socket.end()
      },
    })
    const words = ['sub', '-t', 'a', '-C', '1', '-W', '3', '--explain', '--connect', '-i', 'me']
    const { status, stdout } = await run(words, server)
    expect(status).toBe(7)
    const end = stdout.slice(stdout.indexOf('The step that failed'))
    expect(end).toContain(`The step that failed is ${step}: `)
    expect(end).toContain(hint)
  })

  test('pub: a hang-up after PUBLISH', async () => {
    const server = await scriptedServer(accepting((_packet, socket) => void socket.end()))
    const words = ['pub', '-t', 'a', '-m', 'x', '-q', '1', '--explain', '--connect']
    const { status, stdout } = await run(words, server)
    expect([status, stdout]).toEqual([
      7,
      expect.stringMatching(/is session[\s\S]*may this client publish there/),
    ])
  })

  test.each([
    [1, 'puback', 'PUBACK'],
    [2, 'pubrec', 'PUBREC'],
  ] as const)('a PUBLISH at QoS %i is refused', async (qos, cmd, name) => {
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect')
          socket.write(bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false }, 5))
        if (packet.cmd !== 'publish') return
        const messageId = packet.messageId!
        socket.write(bytes({ cmd, messageId, reasonCode: 0x87, properties: {} } as Packet, 5))
      },
    })
    const words = ['pub', '-t', 'a', '-m', 'x', '-q', String(qos), '-V', '5', '--explain', '--connect']
    const { status, stdout } = await run(words, server)
    expect([status, stdout]).toEqual([
      135,
      expect.stringContaining(`The step that failed is ${name}: 0x87 Not authorized.`),
    ])
  })

  test('each attempt of --retry has its steps', async () => {
    const words = ['pub', '-t', 'a', '-m', 'x', '--retry', '1', '--explain', '--connect']
    const { status, stdout } = await run(words, nowhere)
    expect(status).toBe(1)
    expect(stdout).toMatch(
      /Steps of attempt 1 [\s\S]*Steps of attempt 2 [\s\S]*The step that failed is TCP: /,
    )
  })
})

describe('the step that failed, within -W', () => {
  test.each(failingSteps.map((row) => [row.step, row.what, row] as const))('%s: %s', async (step, _, row) => {
    const at = await row.start()
    const isSilent = row.status === 255 || row.status === 27
    const words = ['sub', '-t', 't', '-W', isSilent ? '1' : '10']
    const begin = performance.now()
    const explained = await run([...words, '--explain', '--connect'], { at })
    expect(performance.now() - begin).toBeLessThan(20_000) // --connect-timeout is 30 s
    const named = /^The step that failed is (\w+): (.+)\n((?:hint: .+\n)*)/m.exec(explained.stdout)
    expect([named?.[1], explained.status]).toEqual([step, row.status])
    expect(named![0]).toContain(row.says)
    expect(stepsIn(explained.stdout).some((line) => line.startsWith(`${step} `) || line === step)).toBe(true)
  })

  const stalled = failingSteps.filter(({ status, step }) => status === 255 || step === 'DNS')
  test.each(stalled.map((row) => [row.step, row.what, row] as const))(
    'pub --timeout: %s: %s',
    async (step, _, row) => {
      const words = ['pub', '-t', 't', '-m', 'x', '--timeout', '1', '--explain', '--connect']
      const { status, stdout } = await run(words, { at: await row.start() })
      expect(status).toBe(row.status === 255 ? 27 : row.status)
      expect(stdout).toContain(`The step that failed is ${step}: `)
      expect(stdout).toContain(row.says)
    },
  )
})
