import type { Socket } from 'node:net'
import type { Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { answerTo, bytes, oblige } from '../connection/rig.js'
import { type ScriptedServer, scriptedServer } from '../helpers/scripted-server.js'
import { once, sleep } from '../helpers/wait.js'
import { type Outcome, run } from './fake-host.js'

interface Said {
  readonly payload: string
  readonly topic?: string
  readonly qos?: 0 | 1 | 2
  readonly retain?: boolean
}

function publishes(messages: readonly Said[]): Buffer {
  const wire = messages.map(({ payload, topic = 't', qos = 0, retain = false }, index) => {
    return bytes({ cmd: 'publish', topic, payload, qos, retain, dup: false, messageId: index + 1 })
  })
  return Buffer.concat(wire)
}

/** A server that sends these messages in one chunk after SUBACK. */
function having(messages: readonly Said[], granted?: readonly number[]): Promise<ScriptedServer> {
  return scriptedServer({
    packet(packet, socket) {
      if (packet.cmd !== 'subscribe') return oblige(packet, socket)
      const suback = { ...answerTo(packet), ...(granted && { granted }) } as Packet
      socket.write(Buffer.concat([bytes(suback), publishes(messages)]))
    },
  })
}

/** Like `having`, but never answers packets of one type. */
function deafTo(cmd: string, messages: readonly Said[]): Promise<ScriptedServer> {
  return scriptedServer({
    packet(packet, socket) {
      if (packet.cmd !== cmd) oblige(packet, socket)
      if (packet.cmd === 'subscribe') socket.write(publishes(messages))
    },
  })
}

const words = (server: ScriptedServer) =>
  server.received.map(({ cmd, messageId }) => `${cmd.toUpperCase()} ${messageId ?? ''}`.trimEnd())

/** Runs a subscription until it has printed something, then ends it. */
const untilPrinted = async ({ stdout, signal }: Parameters<NonNullable<Parameters<typeof run>[2]>>[0]) => {
  await once(() => stdout.text() !== '')
  signal('SIGTERM')
}

describe('-C', () => {
  const five = ['a', 'b', 'c', 'd', 'e'].map((payload) => ({ payload, qos: 1 as const }))

  test('ends after the last message and acknowledges only printed messages', async () => {
    const server = await having(five)
    const outcome = await run(['sub', '-t', 't', '-q', '1', '-C', '2'], server)
    expect(outcome).toEqual({ status: 0, stdout: 'a\nb\n', stderr: '' })
    expect(words(server)).toEqual(['CONNECT', 'SUBSCRIBE 1', 'PUBACK 1', 'PUBACK 2', 'DISCONNECT'])
  })

  test('also at QoS 2', async () => {
    const server = await having(five.map((message) => ({ ...message, qos: 2 })))
    const outcome = await run(['sub', '-t', 't', '-q', '2', '-C', '2'], server)
    expect(outcome).toMatchObject({ status: 0, stdout: 'a\nb\n' })
    expect(words(server).filter((word) => word.startsWith('PUBREC'))).toEqual(['PUBREC 1', 'PUBREC 2'])
  })

  test('counts printed messages only', async () => {
    const messages = [{ payload: 'old', retain: true }, { payload: 'x', topic: 'no' }, { payload: 'new' }]
    const server = await having(messages)
    const outcome = await run(['sub', '-t', '#', '-T', 'no', '-R', '-C', '1'], server)
    expect(outcome).toEqual({ status: 0, stdout: 'new\n', stderr: '' })
  })
})

test('a subscription without messages sends only DISCONNECT at its end', async () => {
  const server = await having([])
  expect(await run(['sub', '-t', 't', '-E'], server)).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(words(server)).toEqual(['CONNECT', 'SUBSCRIBE 1', 'DISCONNECT'])
})

describe('standard output', () => {
  test('gets every payload byte for byte', async () => {
    const payloads = ['', 'é\r', '\0', 'x'.repeat(100_000), 'end']
    const server = await having(payloads.map((payload) => ({ payload })))
    const outcome = await run(['sub', '-v', '-t', 't', '-C', '5'], server)
    expect(outcome.stdout).toBe(
      `t (null)\n${payloads
        .slice(1)
        .map((payload) => `t ${payload}\n`)
        .join('')}`,
    )
  })

  test('closed by its reader: status 0, no message, and unprinted messages are not acknowledged', async () => {
    const server = await having([{ payload: 'a', qos: 1 }])
    const outcome = await run(['sub', '-t', 't', '-q', '1'], server, ({ stdout }) => stdout.fail('EPIPE'))
    expect(outcome).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(words(server)).not.toContain('PUBACK 1')
  })

  test('closed by its reader while no message arrives: status 0', async () => {
    const server = await having([])
    const outcome = await run(['sub', '-t', 't'], server, async ({ stdout }) => {
      await once(() => server.received.length === 2)
      stdout.stream.destroy()
    })
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
  })

  test('that is full: status 14 and the reason', async () => {
    const server = await having([{ payload: 'a' }])
    const outcome = await run(['sub', '-t', 't'], server, ({ stdout }) => stdout.fail('ENOSPC'))
    expect(outcome.status).toBe(14)
    expect(outcome.stderr).toContain('standard output: write ENOSPC')
  })

  // The stream asks to wait only for the larger one.
  test.each([20_000, 1])(
    'that is slow pauses reading and acknowledging, and loses nothing: %i bytes',
    async (length) => {
      const large = 'x'.repeat(length)
      let toClient: Socket | undefined
      const server = await scriptedServer({
        accept: (socket) => void (toClient = socket),
        packet(packet, socket) {
          oblige(packet, socket)
          if (packet.cmd === 'subscribe') socket.write(publishes([{ payload: large, qos: 1 }]))
        },
      })
      const outcome = await run(['sub', '-t', 't', '-q', '1', '-C', '2'], server, async ({ stdout }) => {
        stdout.pause()
        await once(() => server.received.length === 2)
        await sleep(50)
        toClient!.write(publishes([{ payload: 'next', qos: 1 }]))
        await sleep(50)
        expect(words(server)).toEqual(['CONNECT', 'SUBSCRIBE 1'])
        stdout.resume()
      })
      expect(outcome).toEqual({ status: 0, stdout: `${large}\nnext\n`, stderr: '' })
    },
  )
})

describe('signals', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s: what was received is printed, DISCONNECT, status 0',
    async (name) => {
      const server = await having([{ payload: 'a', qos: 1 }])
      const outcome = await run(
        ['sub', '-t', 't', '-q', '1'],
        server,
        async ({ stdout, signal, handlers }) => {
          await once(() => stdout.text() !== '')
          expect(handlers()).toBe(1)
          signal(name)
          expect(handlers()).toBeLessThanOrEqual(1)
        },
      )
      expect(outcome).toEqual({ status: 0, stdout: 'a\n', stderr: '' })
      expect(words(server).slice(2)).toEqual(['PUBACK 1', 'DISCONNECT'])
    },
  )

  test('before CONNACK: status 255', async () => {
    const server = await scriptedServer({})
    const outcome = await run(['sub', '-t', 't'], server, async ({ signal }) => {
      await once(() => server.received.length === 1)
      signal('SIGINT')
    })
    expect(outcome).toMatchObject({ status: 255, stdout: '' })
  })

  test('E3: a second signal, or -W, ends the shutdown early', async () => {
    const retained = [{ payload: 'a', retain: true }]
    const removing = ['sub', '-t', 't', '--remove-retained', '-C', '1']
    const [signalled, late] = await Promise.all([
      run(removing, await deafTo('publish', retained), async ({ stdout, signal }) => {
        await once(() => stdout.text() !== '')
        signal('SIGTERM')
      }),
      run([...removing, '-W', '1'], await deafTo('publish', retained)),
    ])
    expect(signalled).toMatchObject({ status: 143, stdout: 'a\n' })
    expect(late).toEqual({ status: 27, stdout: 'a\n', stderr: 'Timed out\n' })
  })
})

test('-W ends with status 27 and a message; before CONNACK with 255', async () => {
  const server = await having([{ payload: 'a' }])
  const silent = await scriptedServer({})
  const [outcome, without] = await Promise.all(
    [server, silent].map((each) => run(['sub', '-t', 't', '-W', '1'], each)),
  )
  expect(outcome).toEqual({ status: 27, stdout: 'a\n', stderr: 'Timed out\n' })
  expect(words(server).at(-1)).toBe('DISCONNECT')
  expect(without).toMatchObject({ status: 255, stdout: '' })
})

describe('SUBACK', () => {
  test('refuses all: status 128, and each topic is named', async () => {
    const outcome = await run(['sub', '-t', 'a', '-t', 'b/#'], await having([], [0x80, 0x80]))
    expect(outcome).toMatchObject({ status: 128, stdout: '' })
    expect(outcome.stderr.split('\n')).toEqual([
      "Warning: Subscription to 'a' was refused: 0x80 Unspecified error.",
      "Warning: Subscription to 'b/#' was refused: 0x80 Unspecified error.",
      'All subscription requests were denied.',
      expect.stringMatching(/^hint: /),
      '',
    ])
  })

  test('refuses some: continues, and ends with 128', async () => {
    const server = await having([{ payload: 'x', topic: 'b' }], [0x80, 0])
    const outcome = await run(['sub', '-t', 'a', '-t', 'b', '-C', '1'], server)
    expect(outcome).toEqual({
      status: 128,
      stdout: 'x\n',
      stderr: "Warning: Subscription to 'a' was refused: 0x80 Unspecified error.\n",
    })
  })

  test('grants a lower QoS: continues with a warning', async () => {
    const server = await having([{ payload: 'x', qos: 1 }], [1])
    const outcome = await run(['sub', '-t', 'a', '-q', '2', '-C', '1'], server)
    expect(outcome).toEqual({
      status: 0,
      stdout: 'x\n',
      stderr: "Warning: Subscription to 'a': requested QoS 2, granted QoS 1.\n",
    })
    expect(words(server)).toContain('PUBACK 1')
  })

  test.each([
    ['mqttv311', Buffer.of(0x90, 2, 0, 1)],
    ['mqttv5', Buffer.of(0x90, 2, 0, 1)],
    ['mqttv5', Buffer.of(0x90, 3, 0, 1, 0)],
  ])('without Reason Codes (%s, %j): ends with an error', async (version, suback) => {
    const accepted = bytes(
      { cmd: 'connack', returnCode: 0, reasonCode: 0, sessionPresent: false },
      version === 'mqttv5' ? 5 : 4,
    )
    const server = await scriptedServer({
      packet: (packet, socket) => void socket.write(packet.cmd === 'connect' ? accepted : suback),
    })
    const outcome = await run(['sub', '-V', version, '-t', 'a'], server)
    expect(outcome.status).toBeGreaterThan(0)
    expect(outcome.stderr).not.toBe('')
  })

  test('grants all: no message; --quiet prints nothing', async () => {
    expect(await run(['sub', '-t', 'a', '-q', '1', '-E'], await having([]))).toMatchObject({ stderr: '' })
    const quiet = await run(['sub', '--quiet', '-t', 'a'], await having([], [0x80]))
    expect(quiet).toEqual({ status: 128, stdout: '', stderr: '' })
  })
})

test('a message at a lower QoS than the subscription is acknowledged at its own QoS', async () => {
  const messages = [
    { payload: 'zero', qos: 0 },
    { payload: 'one', qos: 1 },
    { payload: 'two', qos: 2 },
  ] as const
  const server = await having(messages)
  const outcome = await run(['sub', '-t', 't', '-q', '2', '-F', '%q %p'], server, async ({ signal }) => {
    await once(() => words(server).includes('PUBCOMP 3'))
    signal('SIGTERM')
  })
  expect(outcome.stdout).toBe('0 zero\n1 one\n2 two\n')
  expect(words(server).slice(2)).toEqual(['PUBACK 2', 'PUBREC 3', 'PUBCOMP 3', 'DISCONNECT'])
})

describe('retained messages', () => {
  const kept = ['a', 'b', 'c'].map((topic) => ({ topic, payload: `of ${topic}`, retain: true }))

  test('--retained-only ends at the first message that is not retained', async () => {
    const server = await having([...kept, { payload: 'live' }, { payload: 'late', retain: true }])
    const outcome = await run(['sub', '-t', '#', '--retained-only'], server)
    expect(outcome).toEqual({ status: 0, stdout: 'of a\nof b\nof c\n', stderr: '' })
  })

  test('--remove-retained with -C removes and ends', async () => {
    const server = await having(kept)
    const outcome = await run(['sub', '-t', '#', '--remove-retained', '-C', '2'], server)
    expect(outcome).toEqual({ status: 0, stdout: 'of a\nof b\n', stderr: '' })
    const removals = server.received.filter(({ cmd }) => cmd === 'publish')
    expect(removals).toMatchObject(
      ['a', 'b'].map((topic) => ({ topic, qos: 1, retain: true, payload: Buffer.alloc(0) })),
    )
    expect(words(server).at(-1)).toBe('DISCONNECT')
  })

  test('E2: --remove-retained at a server without QoS 1 prints the message and ends with 24', async () => {
    const accepted = { cmd: 'connack', reasonCode: 0, sessionPresent: false, properties: { maximumQoS: 0 } }
    const publish = { cmd: 'publish', topic: 't', payload: 'kept', qos: 0, retain: true, dup: false } as const
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect') socket.write(bytes(accepted as Packet, 5))
        if (packet.cmd !== 'subscribe') return
        socket.write(bytes({ cmd: 'suback', messageId: packet.messageId!, granted: [0] }, 5))
        socket.write(bytes(publish, 5))
      },
    })
    const outcome = await run(['sub', '-V', 'mqttv5', '-t', 't', '--remove-retained'], server)
    expect(outcome).toMatchObject({ status: 24, stdout: 'kept\n' })
    expect(outcome.stderr).toContain('Message QoS not supported on broker')
  })

  test('E3: a server that closes at each removal: -W works', async () => {
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'publish') return socket.end()
        oblige(packet, socket)
        if (packet.cmd === 'subscribe') socket.write(publishes([{ payload: 'kept', retain: true }]))
      },
    })
    const outcome = await run(['sub', '-t', 't', '--remove-retained', '-C', '1', '-W', '2'], server)
    expect(outcome).toMatchObject({ status: 27, stdout: 'kept\n' })
  })

  test('--remove-retained with --retained-only', async () => {
    const server = await having([...kept, { payload: 'live' }])
    const outcome = await run(['sub', '-t', '#', '--remove-retained', '--retained-only'], server)
    expect(outcome).toMatchObject({ status: 0, stdout: 'of a\nof b\nof c\n' })
    expect(server.received.filter(({ cmd }) => cmd === 'publish')).toHaveLength(3)
  })

  test('--remove-retained respects the window, removes all, and keeps topics excluded by -T', async () => {
    const many = Array.from({ length: 50 }, (_, i) => ({
      topic: `${i % 2 ? 'keep' : 'drop'}/${i}`,
      payload: 'x',
      retain: true,
    }))
    let waiting = 0
    let most = 0
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'subscribe')
          return void socket.write(Buffer.concat([bytes(answerTo(packet)!), publishes(many)]))
        if (packet.cmd !== 'publish') return oblige(packet, socket)
        most = Math.max(most, ++waiting)
        setImmediate(() => {
          waiting--
          oblige(packet, socket)
        })
      },
    })
    const outcome = await run(
      ['sub', '-t', '#', '-T', 'keep/#', '--remove-retained', '-M', '3', '-C', '25'],
      server,
    )
    expect(outcome.status).toBe(0)
    const topics = server.received.flatMap((packet) => (packet.cmd === 'publish' ? [packet.topic] : []))
    expect(topics).toEqual(many.map(({ topic }) => topic).filter((topic) => topic.startsWith('drop')))
    expect(most).toBeLessThanOrEqual(3)
  })

  test('an empty retained message is not removed', async () => {
    const server = await having([{ topic: 'a', payload: '', retain: true }])
    await run(['sub', '-v', '-t', '#', '--remove-retained'], server, untilPrinted)
    expect(words(server)).toEqual(['CONNECT', 'SUBSCRIBE 1', 'DISCONNECT'])
  })
})

describe('a lost connection', () => {
  /** A server that closes the first connection after its message. */
  function breaking(): Promise<ScriptedServer> {
    let first = true
    return scriptedServer({
      packet(packet, socket) {
        oblige(packet, socket)
        if (packet.cmd !== 'subscribe') return
        const wire = publishes([{ payload: first ? 'before' : 'after' }])
        if (first) socket.end(wire)
        else socket.write(wire)
        first = false
      },
    })
  }

  test('is reported, and re-established with its subscriptions', async () => {
    const server = await breaking()
    const outcome = await run(['sub', '-t', 'a', '-t', 'b', '-C', '2'], server)
    expect(outcome).toMatchObject({ status: 0, stdout: 'before\nafter\n' })
    expect(outcome.stderr).toMatch(
      /^Warning: The connection was lost: .*; reconnecting in 0\.[23] s\nWarning: Reconnected\.\n$/,
    )
    expect(words(server).filter((word) => word.startsWith('SUBSCRIBE'))).toHaveLength(2)
  })

  test('is not reported with --quiet', async () => {
    const outcome: Outcome = await run(['sub', '--quiet', '-t', 'a', '-C', '2'], await breaking())
    expect(outcome).toEqual({ status: 0, stdout: 'before\nafter\n', stderr: '' })
  })

  test('a signal while it is down ends it at once: status 0', async () => {
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect') oblige(packet, socket)
        else socket.destroy()
      },
    })
    const outcome = await run(['sub', '-t', 'a'], server, async ({ stderr, signal }) => {
      await once(() => stderr.text().includes('reconnecting'))
      signal('SIGTERM')
    })
    expect(outcome).toMatchObject({ status: 0 })
  })
})

test('-U is sent after -t; with -E it ends when both are answered', async () => {
  const server = await having([])
  expect(await run(['sub', '-U', 'gone', '-E'], server)).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(words(server)).toEqual(['CONNECT', 'UNSUBSCRIBE 1', 'DISCONNECT'])
})

test('--random-filter 100 prints everything, and -T filters on the client', async () => {
  const server = await having(
    Array.from({ length: 20 }, (_, i) => ({ payload: `${i}`, topic: i % 2 ? 'a/b' : 'c' })),
  )
  const outcome = await run(['sub', '-t', '#', '-T', 'a/+', '--random-filter', '100', '-C', '10'], server)
  expect(outcome.stdout.split('\n').slice(0, -1)).toEqual(Array.from({ length: 10 }, (_, i) => `${2 * i}`))
})

test('a payload of 3 MB passes a slow standard output completely', async () => {
  const payload = Buffer.alloc(3_000_000, 'abc').toString()
  const server = await scriptedServer({
    packet(packet, socket) {
      oblige(packet, socket)
      if (packet.cmd !== 'subscribe') return
      socket.write(publishes(Array(3).fill({ payload, qos: 1 })))
    },
  })
  const outcome = await run(['sub', '-t', 't', '-q', '1', '-C', '3'], server, async ({ stdout }) => {
    stdout.pause()
    await sleep(100)
    stdout.resume()
  })
  expect(outcome.stdout === `${payload}\n`.repeat(3)).toBe(true)
})
