// sub --exec: which messages are acknowledged, when, and what happens to the others.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { IPublishPacket, Packet } from 'mqtt-packet'
import { afterEach, describe, expect, test } from 'vitest'
import type { ProtocolVersion, QoS } from '../../src/codec/publish.js'
import { taskLimits } from '../../src/commands/sub/tasks.js'
import { main } from '../../src/main.js'
import { bytes } from '../connection/rig.js'
import { oneOfEvery } from '../helpers/amount.js'
import { scratch } from '../helpers/run.js'
import { type ScriptedServer, scriptedServer } from '../helpers/scripted-server.js'
import { once } from '../helpers/wait.js'
import { type FakeHost, fakeHost, type Outcome, run } from './fake-host.js'
import { obliging } from './rr-server.js'

const folder = scratch('sub-exec')
const worker = (version: ProtocolVersion, qos: QoS, ...words: readonly string[]) => [
  ...['sub', '-V', version === 5 ? '5' : '311', '-i', 'w', '-c', '-q', String(qos), '-t', 'jobs/#'],
  ...words,
]

function message(payload: string | Buffer, more: Partial<IPublishPacket> = {}): IPublishPacket {
  const qos = more.qos ?? 1
  return {
    ...{ cmd: 'publish', topic: 'jobs/1', payload, qos, dup: false, retain: false },
    ...(qos > 0 && { messageId: 1 }),
    ...more,
  }
}

type Override = (packet: Packet, socket: Socket) => Packet | 'nothing' | undefined

/** A server that sends these messages after SUBSCRIBE. */
function delivering(
  messages: readonly IPublishPacket[],
  version: ProtocolVersion,
  override: Override = () => undefined,
): Promise<ScriptedServer> {
  return scriptedServer({
    packet(packet, socket) {
      const answer = override(packet, socket) ?? obliging(packet, version)
      if (answer !== undefined && answer !== 'nothing') socket.write(bytes(answer, version))
      if (packet.cmd !== 'subscribe') return
      socket.write(Buffer.concat(messages.map((one) => bytes(one, version))))
    },
  })
}

const published = (server: ScriptedServer) =>
  server.received.filter((packet): packet is IPublishPacket => packet.cmd === 'publish')
/** Acknowledgements and dead letters, in the order in which they came. */
const answers = (server: ScriptedServer) =>
  server.received.map(({ cmd }) => cmd).filter((cmd) => ['publish', 'puback', 'pubrec'].includes(cmd))

describe('an outcome', () => {
  const outcomes = {
    'status 0': { script: ':', failure: undefined, status: 0 },
    'status 3': { script: 'exit 3', failure: 'status 3', status: 3 },
    'a signal': { script: 'kill -KILL $$', failure: 'SIGKILL', status: 137 },
    'the time is over': { script: 'sleep 60', failure: 'timed out after 0.2 s', status: 137 },
    'not found': { script: 'no-such-command', failure: 'status 127', status: 127 },
  } as const
  const rows = (Object.keys(outcomes) as (keyof typeof outcomes)[]).flatMap((name) =>
    ([0, 1, 2] as const).flatMap((qos) =>
      [0, 1].flatMap((retries) =>
        [false, true].flatMap((buries) =>
          ([4, 5] as const).map((version) => ({ name, qos, retries, buries, version })),
        ),
      ),
    ),
  )
  // A prime, so that each value of each column is in some row.
  test.each(oneOfEvery(7, rows))(
    '$name, QoS $qos, --retries $retries, --dead-letter $buries, MQTT $version',
    async ({ name, qos, retries, buries, version }) => {
      const { script, failure, status } = outcomes[name]
      const server = await delivering([message('data', { qos })], version)
      const outcome = await run(
        [
          ...worker(version, qos, '-C', '1', '--exec', `cat; echo $MQTTX_ATTEMPT; ${script}`),
          ...['--retries', String(retries), '--retry-delay', '0.01'],
          ...(script === 'sleep 60' ? ['--exec-timeout', '0.2'] : []),
          ...(buries ? ['--dead-letter', 'dead'] : []),
        ],
        server,
      )
      const attempts = failure === undefined ? 1 : retries + 1
      // On a busy machine the time may be over before the command has printed anything.
      if (script !== 'sleep 60') expect(outcome.stdout).toBe(attempts === 2 ? 'data1\ndata2\n' : 'data1\n')
      const acknowledged = qos === 0 ? [] : [qos === 1 ? 'puback' : 'pubrec']
      if (failure === undefined) {
        expect(outcome).toMatchObject({ status: 0, stderr: '' })
        return expect(answers(server)).toEqual(acknowledged)
      }
      expect(outcome.stderr.split(`The command failed for a message on 'jobs/1'`)).toHaveLength(
        attempts + (buries || qos === 0 ? 1 : 2),
      )
      expect(outcome.stderr).toContain(failure)
      expect(outcome.stderr.split('Status 127 means').length - 1).toBe(name === 'not found' ? 1 : 0)
      expect(outcome.status).toBe(buries ? 0 : 42)
      expect(answers(server)).toEqual(buries ? ['publish', ...acknowledged] : [])
      if (!buries) return
      const [letter] = published(server)
      expect(letter).toMatchObject({ topic: 'dead', qos: 1, retain: false, payload: Buffer.from('data') })
      if (version === 5)
        expect(letter!.properties?.userProperties).toEqual({
          'original-topic': 'jobs/1',
          'exit-status': String(status),
          attempts: String(attempts),
          failure,
        })
    },
  )
})

describe('what a command gets', () => {
  test('the payload, and the message in its environment', async () => {
    const server = await delivering(
      [
        message(Buffer.of(0, 255, 10), {
          topic: 'jobs/ü x',
          retain: true,
          dup: true,
          properties: {
            responseTopic: 'r',
            correlationData: Buffer.of(1, 2),
            contentType: 'text/plain',
            payloadFormatIndicator: true,
            messageExpiryInterval: 9,
            userProperties: { a: 'b' },
          },
        }),
      ],
      5,
    )
    const exec = 'od -An -tx1; env | grep ^MQTTX_ | sort'
    expect((await run(worker(5, 1, '-C', '1', '--exec', exec), server)).stdout).toBe(
      [
        ' 00 ff 0a',
        'MQTTX_ATTEMPT=1',
        'MQTTX_CONTENT_TYPE=text/plain',
        'MQTTX_CORRELATION_DATA=AQI=',
        'MQTTX_DUP=1',
        'MQTTX_MESSAGE_EXPIRY_INTERVAL=9',
        'MQTTX_PAYLOAD_FORMAT_INDICATOR=1',
        'MQTTX_QOS=1',
        'MQTTX_REQUEST=1',
        'MQTTX_RESPONSE_TOPIC=r',
        'MQTTX_RETAIN=1',
        'MQTTX_TOPIC=jobs/ü x',
        'MQTTX_USER_PROPERTIES={"a":"b"}',
        '',
      ].join('\n'),
    )
  })

  test('more properties than an environment may have: it fails, others do not', async () => {
    const value = 'x'.repeat(50_000)
    const userProperties = { name: [value, value, value] }
    const messages = [message('a', { properties: { userProperties } }), message('b', { messageId: 2 })]
    const server = await delivering(messages, 5)
    const outcome = await run(
      worker(5, 1, '-C', '2', '--exec', 'cat', '--dead-letter', 'dead', '--quiet'),
      server,
    )
    expect(outcome).toEqual({ status: 0, stdout: 'b', stderr: '' })
    const { failure, 'exit-status': status, name } = published(server)[0]!.properties!.userProperties!
    expect([status, failure, name]).toEqual([
      '126',
      'cannot be run: Argument list too long',
      [value, value, value],
    ])
    expect(answers(server)).toEqual(['publish', 'puback', 'puback'])
  })

  test('a background process that prints longer than --exec-timeout is no failure', async () => {
    const server = await delivering([message('a')], 4)
    const exec = 'while :; do echo more; sleep 0.02; done & exit 0'
    const outcome = await run(worker(4, 1, '-C', '1', '--exec', exec, '--exec-timeout', '1.5'), server)
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
    expect(answers(server)).toEqual(['puback'])
  })

  test('a background process that keeps its output open does not hold up the acknowledgement', async () => {
    const server = await delivering([message('a')], 4)
    const outcome = await run(worker(4, 1, '-C', '1', '--exec', 'sleep 60 & echo done'), server)
    expect(outcome).toMatchObject({ status: 0, stdout: 'done\n' })
    expect(answers(server)).toEqual(['puback'])
  })
})

describe('order', () => {
  const log = join(folder, 'order')

  test('with --jobs 8 the messages of a topic run one after another, and are acknowledged in order', async () => {
    writeFileSync(log, '')
    const topics = ['jobs/a', 'jobs/b', 'jobs/c']
    const messages = Array.from({ length: 30 }, (_, index) =>
      message(String(index), { topic: topics[index % 3]!, messageId: index + 1 }),
    )
    const server = await delivering(messages, 5)
    const exec = `read n; sleep 0.0$((n * 7 % 5)); echo $MQTTX_TOPIC begin $n >> ${log}; sleep 0.0$((n * 3 % 4)); echo $MQTTX_TOPIC end $n >> ${log}`
    const outcome = await run(worker(5, 1, '-C', '30', '--jobs', '8', '--exec', exec), server)
    expect(outcome.status).toBe(0)
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n')
    for (const [offset, topic] of topics.entries()) {
      const expected = Array.from({ length: 10 }, (_, index) => index * 3 + offset)
      expect(lines.filter((line) => line.startsWith(topic))).toEqual(
        expected.flatMap((n) => [`${topic} begin ${n}`, `${topic} end ${n}`]),
      )
    }
    const acknowledged = server.received.filter(({ cmd }) => cmd === 'puback')
    expect(acknowledged.map(({ messageId }) => messageId)).toEqual(messages.map(({ messageId }) => messageId))
  })

  test('different topics run at once, and their output is not mixed within a line', async () => {
    const meet = join(folder, 'meet')
    const exec = `touch ${meet}$(cat); printf "$MQTTX_TOPIC "; until [ -e ${meet}a -a -e ${meet}b ]; do sleep 0.01; done; echo end; printf last`
    const messages = ['a', 'b'].map((name, index) =>
      message(name, { topic: `jobs/${name}`, messageId: index + 1 }),
    )
    const server = await delivering(messages, 4)
    const outcome = await run(worker(4, 1, '-C', '2', '--jobs', '2', '--exec', exec), server)
    expect(outcome.stdout.replaceAll('last', '').split('\n').sort()).toEqual(['', 'jobs/a end', 'jobs/b end'])
  })

  test('a message that is tried again holds up its topic only', async () => {
    writeFileSync(log, '')
    const messages = ['a', 'a', 'b'].map((name, index) =>
      message(String(index), { topic: `jobs/${name}`, messageId: index + 1 }),
    )
    const server = await delivering(messages, 5)
    const exec = `read n; echo $n >> ${log}; [ $n$MQTTX_ATTEMPT != 01 ]`
    await run(
      worker(5, 1, '-C', '3', '--retries', '1', '--retry-delay', '0.2', '--exec', exec, '--quiet'),
      server,
    )
    expect(readFileSync(log, 'utf8')).toBe('0\n2\n0\n1\n')
  })
})

describe('a lost connection', () => {
  /** Loses the first connection when the file `marker` exists, then resumes the Session and sends the message again. */
  async function losing(qos: 1 | 2, { present, marker }: { present: boolean; marker: string }) {
    let connects = 0
    const server = await scriptedServer({
      packet(packet, socket) {
        const first = connects === 1
        if (packet.cmd === 'connect') {
          connects++
          const sessionPresent = connects > 1 && present
          socket.write(bytes({ cmd: 'connack', reasonCode: 0, sessionPresent }, 5))
          if (sessionPresent) return void socket.write(bytes(message('x', { qos, dup: true }), 5))
          if (connects === 1) void once(() => existsSync(marker)).then(() => socket.destroy())
          return
        }
        const answer = obliging(packet, 5)
        if (answer !== undefined) socket.write(bytes(answer, 5))
        if (packet.cmd === 'subscribe') socket.write(bytes(message('x', { qos, dup: !first }), 5))
      },
    })
    return server
  }

  test.each([
    [1, true, 1],
    [2, true, 1],
    [1, false, 2],
    [2, false, 2],
  ] as const)('QoS %i, Session present %s: the command runs %i times', async (qos, present, times) => {
    const marker = join(folder, `lost-${qos}-${present}`)
    const server = await losing(qos, { present, marker })
    // It ends after the second CONNACK; a message that is delivered anew waits for the first command.
    const go = `${marker}-go`
    const exec = `cat; touch ${marker}; until [ -e ${go} ]; do sleep 0.01; done`
    const outcome = await run(
      worker(5, qos, '-C', String(times), '--exec', exec, '--quiet'),
      server,
      async () => {
        await once(() => server.connections() === 2 && server.received.length >= (present ? 3 : 4))
        writeFileSync(go, '')
      },
    )
    expect(outcome).toEqual({ status: 0, stdout: 'x'.repeat(times), stderr: '' })
    expect(answers(server)).toEqual([qos === 1 ? 'puback' : 'pubrec'])
    // With the Session its subscriptions are there too; subscribing again would bring retained messages again.
    expect(server.received.filter(({ cmd }) => cmd === 'subscribe')).toHaveLength(times)
  })
})

describe('a dead letter', () => {
  const failing = ['--exec', 'exit 1', '--dead-letter', 'dead', '--quiet']

  test('has the properties of the message, without its Message Expiry Interval', async () => {
    const properties = {
      contentType: 'text/plain',
      correlationData: Buffer.of(1),
      messageExpiryInterval: 3,
      responseTopic: 'r',
      subscriptionIdentifier: 4,
      userProperties: { attempts: 'older', mine: ['b', 'c'] },
    }
    const server = await delivering([message('', { properties })], 5)
    expect(await run(worker(5, 1, '-C', '1', ...failing), server)).toMatchObject({ status: 0 })
    expect(published(server)[0]!.properties).toEqual({
      contentType: 'text/plain',
      correlationData: Buffer.of(1),
      responseTopic: 'r',
      userProperties: {
        mine: ['b', 'c'],
        'original-topic': 'jobs/1',
        'exit-status': '1',
        attempts: '1',
        failure: 'status 1',
      },
    })
  })

  test.each([
    [0x10, 42, "Nobody is subscribed to the dead-letter topic 'dead'."],
    [0x87, 0x87, "A dead letter to 'dead' was refused: 0x87 Not authorized."],
  ])('Reason Code %i: the message is not acknowledged', async (reasonCode, status, text) => {
    const server = await delivering([message('x')], 5, (packet) =>
      packet.cmd === 'publish' ? { cmd: 'puback', messageId: packet.messageId!, reasonCode } : undefined,
    )
    const outcome = await run(worker(5, 1, '--exec', 'exit 1', '--dead-letter', 'dead'), server)
    expect(outcome).toMatchObject({ status, stderr: expect.stringContaining(text) })
    expect(outcome.stderr).toContain('1 message is not acknowledged: the server keeps')
    expect(answers(server)).toEqual(['publish'])
  })

  test('that is too large for the server: the error says so', async () => {
    const server = await delivering([message('x'.repeat(90))], 5, (packet) =>
      packet.cmd === 'connect'
        ? { cmd: 'connack', reasonCode: 0, sessionPresent: false, properties: { maximumPacketSize: 100 } }
        : undefined,
    )
    const outcome = await run(worker(5, 1, '--exec', 'exit 1', '--dead-letter', 'dead'), server)
    expect(outcome.status).toBe(25)
    expect(outcome.stderr).toContain("A dead letter to 'dead' cannot be sent: Message payload is too large.")
    expect(answers(server)).toEqual([])
  })

  test('that comes back by an earlier subscription ends the worker and is not acknowledged', async () => {
    const server = await delivering([message('x')], 5, (packet, socket) => {
      if (packet.cmd === 'publish') socket.write(bytes({ ...packet, messageId: 2 }, 5))
      return undefined
    })
    const outcome = await run(worker(5, 1, ...failing.slice(0, -1)), server)
    expect(outcome.status).toBe(42)
    expect(outcome.stderr).toContain("A dead letter on 'dead' has come back")
    expect(published(server)).toHaveLength(1)
    const acknowledged = server.received.filter(({ cmd }) => cmd === 'puback')
    expect(acknowledged.map(({ messageId }) => messageId)).not.toContain(2)
  })

  test('that is not acknowledged holds back the acknowledgement, not other messages', async () => {
    const messages = [1, 2, 3].map((messageId) => message('x', { messageId, topic: `jobs/${messageId}` }))
    const server = await delivering(messages, 5, (packet) =>
      packet.cmd === 'publish' ? 'nothing' : undefined,
    )
    const outcome = await run(worker(5, 1, ...failing), server, async ({ signal }) => {
      await once(() => published(server).length === 3)
      signal('SIGTERM')
    })
    expect(outcome.status).toBe(0)
    expect(answers(server)).toEqual(['publish', 'publish', 'publish'])
  })
})

describe('bounds', () => {
  const before = { ...taskLimits }
  afterEach(() => void Object.assign(taskLimits, before))

  test('while many messages wait the server is not read, and all are handled', async () => {
    taskLimits.queued = 10
    const go = join(folder, 'go')
    let socket: Socket | undefined
    const messages = Array.from({ length: 40 }, () => message(Buffer.alloc(500_000), { qos: 0 }))
    const server = await delivering(messages, 4, (_, from) => void (socket = from))
    const exec = `until [ -e ${go} ]; do sleep 0.01; done; wc -c`
    const outcome = await run(worker(4, 0, '-C', '40', '--exec', exec), server, async () => {
      await once(() => socket !== undefined && socket.bytesWritten > 10 * 500_000)
      await new Promise((done) => setTimeout(done, 200))
      expect(socket!.writableLength).toBeGreaterThan(0)
      writeFileSync(go, '')
    })
    expect(outcome).toMatchObject({ status: 0, stdout: '500000\n'.repeat(40) })
  })

  test('while a dead letter waits the server is read: messages at QoS 0 are dropped and counted', async () => {
    taskLimits.queued = 5
    const first = message('first', { qos: 1, topic: 'jobs/bad' })
    const flood = Array.from({ length: 100 }, () => message('x', { qos: 0, topic: 'jobs/slow' }))
    const server = await delivering([first], 5, (packet, socket) => {
      if (packet.cmd !== 'publish') return undefined
      socket.write(Buffer.concat(flood.map((one) => bytes(one, 5))))
      return 'nothing'
    })
    const exec = '[ $MQTTX_TOPIC != jobs/bad ] && sleep 60'
    const outcome = await run(
      worker(5, 1, '--exec', exec, '--dead-letter', 'dead'),
      server,
      async ({ signal, stderr }: FakeHost) => {
        await once(() => stderr.text().includes('Too many messages wait'))
        signal('SIGTERM')
        signal('SIGTERM')
      },
    )
    expect(outcome.status).toBe(143)
    expect(outcome.stderr).toContain("Too many messages wait: dropping one at QoS 0 on 'jobs/slow'")
  })

  test('more bytes than the limit behind dead letters end the run', async () => {
    taskLimits.heldBytes = 10_000
    const messages = Array.from({ length: 20 }, (_, index) =>
      message('x'.repeat(500), { messageId: index + 1 }),
    )
    const server = await delivering(messages, 5, (packet) =>
      packet.cmd === 'publish' ? 'nothing' : undefined,
    )
    const outcome = await run(worker(5, 1, '--exec', 'exit 1', '--dead-letter', 'dead'), server)
    expect(outcome.status).toBe(42)
    expect(outcome.stderr).toContain('of messages wait for their commands and dead letters.')
    expect(answers(server)).not.toContain('puback')
  })

  test.each([
    [1, 20],
    [8, 20],
    [64, 128],
  ])('--jobs %i: Receive Maximum %i', async (jobs, receiveMaximum) => {
    const server = await delivering([message('x')], 5)
    await run(
      worker(5, 1, '-C', '500', '--jobs', String(jobs), '--exec', ':'),
      server,
      async ({ signal }) => {
        await once(() => answers(server).length === 1)
        signal('SIGTERM')
      },
    )
    expect(server.received[0]).toMatchObject({ properties: { receiveMaximum } })
  })
})

describe('standard output', () => {
  test('gets the bytes of the commands unchanged', async () => {
    const payload = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 256))
    const server = await delivering([message(payload)], 4)
    const { host, stdout } = fakeHost()
    expect(await main([...worker(4, 1, '-C', '1', '--exec', 'cat'), ...server.at], host)).toBe(0)
    expect(stdout.text()).toBe(payload.toString())
  })

  test('that cannot be written: the message is not acknowledged', async () => {
    const server = await delivering([message('x')], 4)
    const outcome = await run(worker(4, 1, '--exec', 'echo x'), server, ({ stdout }) => stdout.fail('ENOSPC'))
    expect(outcome.status).toBe(14)
    expect(answers(server)).toEqual([])
  })

  test('whose reader has gone: it ends with status 0, the message stays with the server', async () => {
    const server = await delivering([message('x')], 4)
    const outcome = await run(worker(4, 1, '--exec', 'echo x'), server, ({ stdout }) => stdout.fail('EPIPE'))
    expect(outcome.status).toBe(0)
    expect(answers(server)).toEqual([])
  })

  test.each(['1', '2'])('that fails at the last moment, with --jobs %s: not acknowledged', async (jobs) => {
    const server = await delivering([message('x')], 4)
    const outcome = await run(worker(4, 1, '--exec', 'printf x', '--jobs', jobs), server, ({ stdout }) =>
      stdout.fail('ENOSPC'),
    )
    expect(outcome.status).toBe(14)
    expect(answers(server)).toEqual([])
  })

  test('that has room for the output and has not taken it: not acknowledged before', async () => {
    const server = await delivering([message('x'), message('y', { messageId: 2 })], 4)
    const ran = join(folder, 'ran')
    const outcome = await run(
      worker(4, 1, '-C', '2', '--exec', `cat; echo $(cat) >> ${ran}`),
      server,
      async ({ stdout }) => {
        stdout.pause()
        await once(() => existsSync(ran) && readFileSync(ran, 'utf8').length > 0)
        await new Promise((done) => setTimeout(done, 200))
        expect(answers(server)).toEqual([])
        stdout.resume()
      },
    )
    expect(outcome).toMatchObject({ status: 0, stdout: 'xy' })
    expect(answers(server)).toEqual(['puback', 'puback'])
  })

  test('that is never read: the first signal ends it, and the message is not acknowledged', async () => {
    const server = await delivering([message('x')], 4)
    const outcome = await run(worker(4, 1, '--exec', 'cat; echo ran >&2'), server, async (fake) => {
      fake.stdout.pause()
      await once(() => fake.stderr.text().includes('ran'))
      fake.signal('SIGTERM')
    })
    expect(outcome.status).toBe(14)
    expect(outcome.stderr).toContain('1 message is not acknowledged: the server keeps')
    expect(outcome.stderr).toContain('nothing was read for')
    expect(answers(server)).toEqual([])
    await once(() => server.received.at(-1)!.cmd === 'disconnect')
  })

  test('that is not read stops the command', async () => {
    const server = await delivering([message('x')], 4)
    const outcome = await run(
      worker(4, 1, '-C', '1', '--exec', 'head -c 3000000 /dev/zero; echo end >&2'),
      server,
      async ({ stdout, stderr }) => {
        stdout.pause()
        await new Promise((done) => setTimeout(done, 300))
        expect(stderr.text()).toBe('')
        stdout.resume()
      },
    )
    expect([outcome.status, outcome.stdout.length, outcome.stderr]).toEqual([0, 3_000_000, 'end\n'])
    expect(answers(server)).toEqual(['puback'])
  })
})

describe('a signal', () => {
  const exec = 'cat; sleep 0.3; echo " end"'
  const messages = [1, 2].map((messageId) => message(String(messageId), { messageId }))

  test('lets the running command finish; the others stay with the server', async () => {
    const server = await delivering(messages, 5)
    const outcome = await run(worker(5, 1, '--exec', exec), server, async ({ stdout, signal }) => {
      await once(() => stdout.text() === '1')
      signal('SIGTERM')
    })
    expect(outcome).toMatchObject({ status: 0, stdout: '1 end\n' })
    expect(outcome.stderr).toBe(
      'Warning: 1 message is not acknowledged: the server keeps what it sent at QoS 1 and 2.\n',
    )
    expect(answers(server)).toEqual(['puback'])
  })

  test('while -C waits for the last command too', async () => {
    const server = await delivering(messages, 5)
    const outcome = await run(worker(5, 1, '-C', '2', '--exec', exec), server, async ({ stdout, signal }) => {
      await once(() => stdout.text() === '1')
      signal('SIGTERM')
    })
    expect(outcome).toMatchObject({ status: 0, stdout: '1 end\n' })
  })

  test('without a session that is kept: the status says that messages are lost', async () => {
    const server = await delivering(messages, 4)
    const words = ['sub', '-t', 'jobs/#', '-q', '1', '--exec', exec]
    const outcome = await run(words, server, async ({ stdout, signal }) => {
      await once(() => stdout.text() === '1')
      signal('SIGTERM')
    })
    expect(outcome.status).toBe(42)
    expect(outcome.stderr).toContain('1 message is not handled, and the server does not keep them')
    expect(outcome.stderr).toContain('Error: 1 message lost')
  })

  test('at QoS 0 the server does not keep them either', async () => {
    const mixed = [...messages, message('3', { qos: 0 })]
    const server = await delivering(mixed, 5)
    const outcome = await run(worker(5, 1, '--exec', exec), server, async ({ stdout, signal }) => {
      await once(() => stdout.text() === '1')
      signal('SIGTERM')
    })
    expect(outcome.status).toBe(42)
    expect(outcome.stderr).toContain('1 message is not acknowledged: the server keeps')
    expect(outcome.stderr).toContain(
      '1 message is not handled, and the server does not keep them: they came at QoS 0.',
    )
    expect(outcome.stderr).toContain('Error: 1 message lost')
  })

  test('the second kills the command and what it has started', async () => {
    const server = await delivering(messages, 5)
    const left = join(folder, 'left')
    const outcome = await run(
      worker(5, 1, '--exec', `(sleep 1; touch ${left}) & cat; trap "" TERM INT; sleep 60`),
      server,
      async ({ stdout, signal }) => {
        await once(() => stdout.text() === '1')
        signal('SIGINT')
        signal('SIGINT')
      },
    )
    expect(outcome).toMatchObject({ status: 130, stderr: 'Error: Ended by SIGINT\n' })
    expect(answers(server)).toEqual([])
    await new Promise((done) => setTimeout(done, 1200))
    expect(existsSync(left)).toBe(false)
  })

  test('during a pause before the next attempt: it does not wait', async () => {
    const server = await delivering(messages, 5)
    const outcome = await run(
      worker(5, 1, '--exec', 'exit 1', '--retries', '9', '--retry-delay', '1000'),
      server,
      async ({ stderr, signal }) => {
        await once(() => stderr.text().includes('next attempt in 1000 s'))
        signal('SIGTERM')
      },
    )
    expect(outcome.status).toBe(0)
    expect(answers(server)).toEqual([])
  })

  test('-W is like it, with status 27', async () => {
    const server = await delivering(messages, 5)
    const outcome = await run(worker(5, 1, '-W', '1', '--exec', 'cat; sleep 1.5; echo " end"'), server)
    expect(outcome).toMatchObject({ status: 27, stdout: '1 end\n' })
    expect(answers(server)).toEqual(['puback'])
  })
})

describe('--table', () => {
  const table = (text: string): string => {
    const file = join(folder, 'table')
    writeFileSync(file, text)
    return file
  }
  const withTable = (version: ProtocolVersion, file: string, ...words: readonly string[]) => [
    ...['sub', '-V', version === 5 ? '5' : '311', '-i', 'w', '-c', '-q', '1', '--table', file, ...words],
  ]

  test('each line runs its command', async () => {
    const messages = ['a/1', 'b', 'c'].map((topic, index) => message(topic, { topic, messageId: index + 1 }))
    const server = await delivering(messages, 4)
    const file = table('# two\na/# echo A; cat\n"b" echo B; cat\n')
    const outcome = await run(withTable(4, file), server, async ({ signal, stdout }) => {
      await once(() => stdout.text().endsWith('B\nb') && answers(server).length === 3)
      signal('SIGTERM')
    })
    expect(outcome).toMatchObject({ status: 0, stdout: 'A\na/1B\nb' })
    expect(outcome.stderr).toContain("No line of the table matches a message on 'c'")
    const subscribe = server.received.find((packet) => packet.cmd === 'subscribe')
    expect(subscribe).toMatchObject({ subscriptions: [{ topic: 'a/#' }, { topic: 'b' }] })
  })

  test('a message that matches two lines is acknowledged after both', async () => {
    const identifiers: number[] = []
    const server = await scriptedServer({
      packet(packet, socket) {
        const answer = obliging(packet, 5)
        if (answer !== undefined) socket.write(bytes(answer, 5))
        if (packet.cmd !== 'subscribe') return
        identifiers.push(packet.properties!.subscriptionIdentifier!)
        if (identifiers.length < 2) return
        const subscriptionIdentifier = identifiers as unknown as number
        socket.write(bytes(message('x', { topic: 'a/b', properties: { subscriptionIdentifier } }), 5))
      },
    })
    const file = table('a/# echo all\na/b echo b; exit $((MQTTX_ATTEMPT == 1))\n')
    const words = withTable(5, file, '--retries', '1', '--retry-delay', '0.1', '--quiet', '-C', '1')
    const outcome = await run(words, server)
    expect(outcome).toEqual({ status: 0, stdout: 'all\nb\nb\n', stderr: '' })
    expect(server.received.map(({ cmd }) => cmd)).toEqual([
      ...['connect', 'subscribe', 'subscribe', 'puback', 'disconnect'],
    ])
  })
})

describe('a wrong command line', () => {
  const exec = ['-t', 't', '--exec', 'x']
  test.each<[readonly string[], string]>([
    [['-t', 't', '--jobs', '2'], '--jobs needs --exec or --table.'],
    [['-t', 't', '--retries', '0'], '--retries needs --exec or --table.'],
    [['-t', 't', '--dead-letter', 'd'], '--dead-letter needs --exec or --table.'],
    [['-t', 't', '--exec-timeout', '1'], '--exec-timeout needs --exec or --table.'],
    [['-t', 't', '--retry-delay', '1'], '--retry-delay needs --exec or --table.'],
    [[...exec, '-v'], '-v cannot be used with --exec.'],
    [[...exec, '-N'], '-N cannot be used with --exec.'],
    [[...exec, '-F', '%p'], '-F cannot be used with --exec.'],
    [[...exec, '--json'], '--json cannot be used with --exec.'],
    [[...exec, '--pretty'], '--pretty cannot be used with --exec.'],
    [[...exec, '-w'], '-w cannot be used with --exec.'],
    [[...exec, '--message-rate'], '--message-rate cannot be used with --exec.'],
    [[...exec, '--remove-retained'], '--remove-retained cannot be used with --exec.'],
    [[...exec, '--table', 'f'], 'Only one of --exec and --table can be given.'],
    [['-t', 't', '--table', 'f'], '-t cannot be used with --table'],
    [['-t', 'a/#', '--exec', 'x', '--dead-letter', 'a'], "The dead-letter topic 'a' matches 'a/#'."],
    [['-t', '$share/g/a', '--exec', 'x', '--dead-letter', 'a'], "matches '$share/g/a'."],
    [[...exec, '--dead-letter', 'a/+'], "Invalid publish topic 'a/+'"],
    [[...exec, '--jobs', '0'], "--jobs: '0' is not a whole number from 1 to 1024"],
    [['--exec', 'x'], 'You must specify a topic to subscribe to (-t) or unsubscribe from (-U).'],
    [['--table', '/nonexistent'], 'cannot read the table /nonexistent: No such file or directory'],
    [['--table', '/dev/zero'], 'cannot read the table /dev/zero: It is longer than 1 MiB'],
  ])('%j', async (words, text) => {
    const outcome = await run(['sub', ...words], { at: [] })
    expect(outcome).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(text),
    } satisfies Partial<Outcome>)
  })
})
