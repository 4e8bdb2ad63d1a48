// mqttx check: the step that fails, limits, fresh messages, and the formats of the report.
import { describe, expect, test } from 'vitest'
import { trialBroker } from '../check/rig.js'
import { failingSteps } from '../connection/failing-steps.js'
import { accepting, bytes, oblige } from '../connection/rig.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { run } from './fake-host.js'

const check = (words: readonly string[], at: readonly string[]) => run(['check', ...words], { at })

describe('a failure', () => {
  test.each(failingSteps.map((row) => [row.step, row.what, row] as const))('%s: %s', async (step, _, row) => {
    const at = await row.start()
    const begin = performance.now()
    const isSilent = row.status === 255 || row.status === 27
    const { status, stdout, stderr } = await check(['-W', isSilent ? '1' : '9'], at)
    expect(performance.now() - begin).toBeLessThan(8000) // without -W 10 s
    expect(status).toBe(row.status === 255 ? 27 : row.status)
    expect(stdout).toMatch(new RegExp(`^FAILED at ${step}: `, 'm'))
    expect(stderr).toContain(`Error: ${step}: `)
    expect(stderr).toContain(row.says)
  })

  const answering = (cmd: string, answer: (messageId: number) => Buffer | undefined) =>
    scriptedServer(
      accepting((packet, socket) => {
        if (packet.cmd !== cmd) return oblige(packet, socket)
        const given = answer(packet.messageId ?? 0)
        if (given !== undefined) socket.write(given)
      }),
    )

  test('round trip: a message that is accepted and not delivered', async () => {
    const { at } = await answering('publish', (messageId) => bytes({ cmd: 'puback', messageId }))
    const { status, stdout, stderr } = await check(['-W', '0.5'], at)
    expect([status, stdout.split('\n').at(-2)]).toEqual([27, 'FAILED at round trip: no result in time'])
    expect(stderr).toContain('may this user publish and receive on this topic?')
  })

  test('round trip: a message that is refused', async () => {
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect')
          socket.write(bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false }, 5))
        if (packet.cmd === 'subscribe')
          socket.write(bytes({ cmd: 'suback', messageId: packet.messageId!, granted: [1] }, 5))
        if (packet.cmd === 'publish')
          socket.write(bytes({ cmd: 'puback', messageId: packet.messageId!, reasonCode: 0x87 }, 5))
      },
    })
    const { status, stderr } = await check(['-V', '5'], server.at)
    expect([status, stderr]).toEqual([
      0x87,
      expect.stringMatching(/^Error: round trip: Message on mqttx-check\/\w+ refused: 0x87 Not authorized/),
    ])
  })

  test('round trip: the connection is closed', async () => {
    const { at } = await scriptedServer(
      accepting((packet, socket) => (packet.cmd === 'publish' ? void socket.end() : oblige(packet, socket))),
    )
    const { status, stdout } = await check([], at)
    expect([status, stdout]).toEqual([7, expect.stringContaining('FAILED at round trip: ')])
  })
})

describe('a healthy server', () => {
  test('every step is listed with its time', async () => {
    const { at } = await trialBroker()
    const { status, stdout, stderr } = await check([], at)
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout.split('\n').map((line) => line.replace(/ {2,}.*/, '').replace(/[\d.]+/g, '#'))).toEqual([
      ...['TCP', 'CONNACK', 'SUBACK', 'round trip'],
      'OK: connected in # ms, round trip # ms',
      '',
    ])
  })

  test.each([0, 1, 2])('at QoS %d', async (qos) => {
    const { at } = await trialBroker()
    expect((await check(['-q', String(qos)], at)).stdout).toMatch(new RegExp(`round trip .*: QoS ${qos}\n`))
  })

  test('a Maximum QoS of 0 is used', async () => {
    const { at } = await trialBroker({ maxQos: 0 })
    const { status, stdout } = await check(['-V', '5', '-q', '2'], at)
    expect([status, stdout]).toEqual([0, expect.stringMatching(/round trip .*: QoS 0\n/)])
  })

  test('--no-round-trip only connects', async () => {
    const server = await scriptedServer(accepting(() => {}))
    const { status } = await check(['--no-round-trip'], server.at)
    expect([status, server.received.map(({ cmd }) => cmd)]).toEqual([0, ['connect', 'disconnect']])
  })

  test('--topic names the topic', async () => {
    const { at } = await trialBroker()
    expect((await check(['-t', 'own/topic'], at)).stdout).toContain('own/topic: QoS 1')
  })

  test('the URL is the operand', async () => {
    const { port } = await trialBroker()
    expect((await run(['check', `mqtt://127.0.0.1:${port}`], { at: [] })).status).toBe(0)
  })
})

describe('--fresh', () => {
  test('a retained message is none', async () => {
    const { at, publish } = await trialBroker()
    publish('sensor/1/t', 'old', true)
    const { status, stdout, stderr } = await check(['--fresh', 'sensor/+/t=200ms'], at)
    expect([status, stdout.split('\n').at(-2)]).toEqual([
      42,
      'FAILED at message: No message on sensor/+/t within 0.2 s',
    ])
    expect(stderr).toContain('nothing is published there')
  })

  test('each filter needs one', async () => {
    const { at, publish } = await trialBroker()
    const timer = setInterval(() => publish('sensor/1/t', 'new', false), 20)
    const both = await check(['--fresh', 'sensor/+/t=300ms', '--fresh', 'other=300ms'], at)
    const one = await check(['--fresh', 'sensor/+/t=60s'], at)
    clearInterval(timer)
    expect([both.status, one.status]).toEqual([42, 0])
  })

  test.each([
    ['a', "--fresh: 'a' is not FILTER=TIME"],
    ['a=x', "--fresh: 'x' is not a time"],
    ['a/#/b=5s', 'Invalid filter topic'],
    ['a=0', '--fresh: the time must be greater than 0'],
    ['$share/g/a=5s', '--fresh: a shared subscription'],
  ])('%s is refused', async (text, message) => {
    const { status, stderr } = await check(['--fresh', text], [])
    expect([status, stderr]).toEqual([1, expect.stringContaining(message)])
  })
})

describe('limits', () => {
  test.each([
    ['--warn', 'connect=0.001ms', 0, /^Warning: connecting took [\d.]+ ms, the limit is 0.001 ms\.\n$/],
    ['--warn', 'roundtrip=0.001ms', 0, /^Warning: the round trip took/],
    ['--crit', 'roundtrip=0.001ms', 42, /^Error: the round trip took/],
    ['--crit', 'connect=1h,roundtrip=1h,certificate=14', 0, /^$/],
  ] as const)('%s %s', async (option, limits, expected, said) => {
    const { at } = await trialBroker()
    const { status, stderr } = await check([option, limits], at)
    expect([status, stderr]).toEqual([expected, expect.stringMatching(said)])
  })

  test.each(['speed=1', 'connect', 'connect=fast', 'certificate=soon', ''])(
    "'%s' is refused",
    async (text) => {
      expect((await check(['--crit', text], [])).status).toBe(1)
    },
  )
})

describe('--format', () => {
  const down = ['-h', '127.0.0.1', '-p', '1']

  test('json', async () => {
    const { at } = await trialBroker()
    const good = JSON.parse((await check(['--format', 'json'], at)).stdout)
    expect(good).toMatchObject({ ok: true, certificateDays: null, warnings: [], critical: [] })
    expect(good.steps.map(({ name }: { name: string }) => name)).toEqual([
      'TCP',
      'CONNACK',
      'SUBACK',
      'round trip',
    ])
    const bad = await check(['--format', 'json'], down)
    expect(JSON.parse(bad.stdout)).toMatchObject({ ok: false, failed: { step: 'TCP' }, connectMs: null })
    expect(bad.status).toBe(1)
  })

  test('nagios: one line and its statuses, nothing on standard error', async () => {
    const { at } = await trialBroker()
    const nagios = async (words: readonly string[], where: readonly string[] = at) => {
      const { status, stdout, stderr } = await check(['--format', 'nagios', ...words], where)
      expect([stdout.split('\n').length, stderr]).toEqual([2, ''])
      return [status, stdout.replace(/[\d.]+/g, '#')]
    }
    expect(await nagios([])).toEqual([
      0,
      'MQTT OK - connected in # ms, round trip # ms | connect=#s;;;# roundtrip=#s;;;#\n',
    ])
    expect(await nagios(['--warn', 'connect=0.001ms'])).toEqual([
      1,
      expect.stringMatching(/^MQTT WARNING - .*connect=#s;#;;#/),
    ])
    expect(await nagios(['--crit', 'connect=0.001ms'])).toEqual([
      2,
      expect.stringMatching(/^MQTT CRITICAL - .*connect=#s;;#;#/),
    ])
    expect(await nagios([], down)).toEqual([2, expect.stringMatching(/^MQTT CRITICAL - TCP: /)])
    expect(await nagios(['-u', 'a', '--password-file', '/nowhere'])).toEqual([
      3,
      expect.stringMatching(/^MQTT UNKNOWN - /),
    ])
  })

  test('prometheus: each series once', async () => {
    const { at } = await trialBroker()
    for (const where of [at, down]) {
      const { stdout } = await check(
        ['--format', 'prometheus', '--fresh', 'a=0.1s', '--fresh', 'b"=0.1s'],
        where,
      )
      const series = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
      expect(
        series.every((line) =>
          /^mqttx_check_\w+\{server="[^"]+"(,\w+="([^"\\]|\\.)*")*\} [\d.e+-]+$/.test(line),
        ),
      ).toBe(true)
      expect(new Set(series.map((line) => line.replace(/ \S+$/, ''))).size).toBe(series.length)
    }
  })
})

test('a signal ends it', async () => {
  const server = await scriptedServer({})
  const { status, stderr } = await run(['check', '-W', '60'], server, ({ signal }) => {
    setTimeout(() => signal('SIGINT'), 100)
  })
  expect([status, stderr]).toEqual([130, expect.stringContaining('Ended by SIGINT')])
})
