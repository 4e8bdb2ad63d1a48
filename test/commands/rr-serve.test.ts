import { readFileSync } from 'node:fs'
import type { IPublishPacket, Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import type { ProtocolVersion } from '../../src/codec/publish.js'
import { Jobs } from '../../src/commands/jobs.js'
import { bytes } from '../connection/rig.js'
import { startOwnBroker } from '../helpers/peers.js'
import { programInShell, start, startMqttx } from '../helpers/run.js'
import { type ScriptedServer, scriptedServer } from '../helpers/scripted-server.js'
import { once, sleep } from '../helpers/wait.js'
import { type FakeHost, type Outcome, run } from './fake-host.js'
import { obliging } from './rr-server.js'

const serve = ['rr', '--serve', '-t', 'q/#']
const answers = (server: ScriptedServer) =>
  server.received.filter((packet): packet is IPublishPacket => packet.cmd === 'publish')

/** A request from another client, with a Response Topic in MQTT 5. */
function request(payload: string | Buffer, more: Partial<IPublishPacket> = {}): IPublishPacket {
  const properties = { responseTopic: 'a', correlationData: Buffer.from(`c-${payload}`) }
  return { cmd: 'publish', topic: 'q/1', payload, qos: 0, dup: false, retain: false, properties, ...more }
}

/** A server that sends these requests when a responder has subscribed. */
function requesting(packets: readonly Packet[], version: ProtocolVersion = 5): Promise<ScriptedServer> {
  return scriptedServer({
    packet(packet, socket) {
      const answer = obliging(packet, version)
      if (answer !== undefined) socket.write(bytes(answer, version))
      if (packet.cmd === 'subscribe') for (const one of packets) socket.write(bytes(one, version))
    },
  })
}

/** Runs a responder until `enough`, then ends it with SIGTERM. */
function serving(
  words: readonly string[],
  server: ScriptedServer,
  enough: (fake: FakeHost) => boolean,
): Promise<Outcome> {
  return run([...serve, ...words], server, async (fake) => {
    await once(() => enough(fake))
    fake.signal('SIGTERM')
  })
}

describe('jobs', () => {
  test('run up to the limit, the others in turn', async () => {
    const jobs = new Jobs(2)
    const log: string[] = []
    const ends: (() => void)[] = []
    for (const name of ['a', 'b', 'c', 'd']) {
      jobs.add(() => {
        log.push(name)
        return new Promise<void>((done) => ends.push(done))
      })
    }
    expect(log).toEqual(['a', 'b'])
    const relieved = jobs.relieved()
    expect(relieved).toBeInstanceOf(Promise)
    ends[0]!()
    await once(() => log.length === 3)
    ends[1]!()
    await relieved
    expect(log).toEqual(['a', 'b', 'c', 'd'])
    expect(jobs.relieved()).toBeUndefined()
    const done = jobs.done()
    ends[2]!()
    ends[3]!()
    await done
  })

  test('that have not started can be dropped', async () => {
    const jobs = new Jobs(1)
    let end = () => {}
    const began: number[] = []
    jobs.add(() => new Promise<void>((done) => (end = done)))
    jobs.add(async () => void began.push(2))
    const relieved = jobs.relieved()
    jobs.drop()
    await relieved
    end()
    await jobs.done()
    expect(began).toEqual([])
  })
})

describe('--echo', () => {
  test('answers on the Response Topic with Correlation Data, Content Type and Payload Format Indicator', async () => {
    const contentType = 'text/plain'
    const responseTopic = 'a/2'
    const server = await requesting([
      request('one'),
      request(Buffer.of(0, 255), {
        properties: { responseTopic, contentType, payloadFormatIndicator: false },
      }),
    ])
    const outcome = await serving(['--echo'], server, () => answers(server).length === 2)
    expect(outcome).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(server.received[1]).toMatchObject({ subscriptions: [{ topic: 'q/#', rh: 2 }] })
    expect(answers(server)).toMatchObject([
      { topic: 'a', payload: Buffer.from('one'), properties: { correlationData: Buffer.from('c-one') } },
      {
        topic: 'a/2',
        payload: Buffer.of(0, 255),
        properties: { contentType, payloadFormatIndicator: false },
      },
    ])
    expect(server.received.at(-1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0 })
  })

  test('a request that cannot be answered is reported; retained messages are ignored', async () => {
    const server = await requesting([
      request('stale', { retain: true }),
      request('none', { properties: {} }),
      request('bad', { properties: { responseTopic: 'a/+' } }),
      request('good'),
    ])
    const outcome = await serving(['--echo'], server, () => answers(server).length === 1)
    expect(outcome.status).toBe(0)
    expect(outcome.stderr).toBe(
      "Warning: A request on 'q/1' has no Response Topic: not answered.\n" +
        'Warning: The server breaks a rule of MQTT: PUBLISH: Response Topic contains a wildcard [MQTT-3.3.2-14]\n' +
        "Warning: A request on 'q/1' has a Response Topic that cannot be published to: '+' at character 3 is a wildcard, allowed only in a subscription: not answered.\n",
    )
    expect(String(answers(server)[0]?.payload)).toBe('good')
  })

  test.each([
    ['a/'.repeat(250), "it has 250 '/', the limit is 200"],
    ['a\u0001b', 'Malformed'],
  ])('H34: an invalid Response Topic: %j', async (responseTopic, fault) => {
    const server = await requesting([request('bad', { properties: { responseTopic } }), request('good')])
    const outcome = await serving(['--echo'], server, () => answers(server).length === 1)
    expect(outcome.status).toBe(0)
    if (fault !== 'Malformed') expect(outcome.stderr).toContain(fault)
    expect(outcome.stderr).toMatch(/has a Response Topic that cannot be published to: .*: not answered\.\n$/)
    expect(String(answers(server)[0]?.payload)).toBe('good')
  })

  test.each([
    ['response-topic', 'lp'],
    ['topic-alias', '3'],
  ])('H35: -D publish %s is refused for answers', async (name, value) => {
    const outcome = await run([...serve, '--echo', '-D', 'publish', name, value], { at: [] })
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain(`${name} cannot be used with --serve.\n`)
  })

  test.each([
    ['payloads', 300, Buffer.alloc(1_000_000, 'x'), {}],
    ['Correlation Data', 5000, '', { correlationData: Buffer.alloc(60_000, 'x') }],
  ])(
    'H21: answers to a server that accepts none are limited in bytes: %s',
    async (_, count, payload, more) => {
      const properties = { responseTopic: 'a', ...more }
      const server = await scriptedServer({
        packet(packet, socket) {
          const answer = obliging(packet, 5)
          if (answer !== undefined) socket.write(bytes(answer, 5))
          if (packet.cmd !== 'subscribe') return
          for (let i = 0; i < count; i++) socket.write(bytes(request(payload, { properties }), 5))
          socket.pause()
        },
      })
      const running = startMqttx([...serve, '--echo', ...server.at], { timeoutMs: 90_000 })
      await running.until((_, stderr) => stderr.includes(' and later ones.\n'), 60_000)
      await sleep(1000) // the rest of the requests
      const status = readFileSync(`/proc/${running.child.pid}/status`, 'utf8')
      expect(Number(/VmRSS:\s+(\d+)/.exec(status)![1])).toBeLessThan(320_000)
      running.kill('SIGINT')
      await sleep(300) // sooner, it would count as a copy of the first
      running.kill('SIGINT')
      expect(await running.ended).toMatchObject({ status: 130 })
      expect(running.stderr().split('\n')).toHaveLength(2)
    },
    100_000,
  )

  test('MQTT 3.1.1: all answers go to -e', async () => {
    const server = await requesting([request('x', { properties: {} })], 4)
    const words = ['--echo', '-V', '311', '-e', 'a/3']
    expect(await serving(words, server, () => answers(server).length === 1)).toMatchObject({
      status: 0,
      stderr: '',
    })
    expect(answers(server)[0]).toMatchObject({ topic: 'a/3', payload: Buffer.from('x') })
  })

  test.each([1, 2])('QoS %i: more requests than the in-flight window of answers', async (qos) => {
    const many = Array.from({ length: 300 }, (_, index) => request(`${index}`))
    const server = await requesting(many)
    const words = ['--echo', '-q', `${qos}`, '-M', '5']
    const outcome = await serving(words, server, () => answers(server).length === 300)
    expect(outcome).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(answers(server).map(({ payload }) => String(payload))).toEqual(
      many.map(({ payload }) => String(payload)),
    )
  })

  test('a refused subscription ends it with the Reason Code', async () => {
    const server = await scriptedServer({
      packet(packet, socket) {
        const denied = { cmd: 'suback', messageId: packet.messageId!, granted: [0x8f] } as Packet
        const answer = packet.cmd === 'subscribe' ? denied : obliging(packet, 5)
        if (answer !== undefined) socket.write(bytes(answer, 5))
      },
    })
    const outcome = await run([...serve, '--echo'], server)
    expect(outcome.status).toBe(0x8f)
    expect(outcome.stderr).toContain("Subscription to 'q/#' was refused: 0x8f Topic Filter invalid.")
  })
})

describe('--exec', () => {
  test('passes the payload on standard input and answers with standard output', async () => {
    const script =
      'printf "%s " "$MQTTX_TOPIC" "$MQTTX_QOS" "$MQTTX_RESPONSE_TOPIC" "$MQTTX_CORRELATION_DATA"; tr a-z A-Z'
    const server = await requesting([request('hello', { qos: 1, messageId: 3 })])
    const outcome = await serving(['--exec', script], server, () => answers(server).length === 1)
    expect(outcome).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(String(answers(server)[0]?.payload)).toBe('q/1 1 a Yy1oZWxsbw== HELLO')
  })

  test('passes properties in the environment', async () => {
    const properties = { responseTopic: 'a', contentType: 'text/x', userProperties: { k: ['1', '2'] } }
    const server = await requesting([request('', { properties })])
    const script = 'echo "$MQTTX_CONTENT_TYPE $MQTTX_USER_PROPERTIES"'
    await serving(['--exec', script], server, () => answers(server).length === 1)
    expect(String(answers(server)[0]?.payload)).toBe('text/x {"k":["1","2"]}\n')
  })

  test('its variables are not options of a mqttx in the command', async () => {
    const broker = await startOwnBroker()
    const server = await requesting([request('x', { qos: 1, messageId: 3 })])
    const script = `${programInShell} pub -h 127.0.0.1 -p ${broker.port} -t t -m m -d 2>&1 | grep PUBLISH`
    await serving(['--exec', script], server, () => answers(server).length === 1)
    expect(String(answers(server)[0]?.payload)).toBe(
      "Client (null) sending PUBLISH (d0, q0, r0, m1, 't', ... (1 bytes))\n",
    )
    await broker.stop()
  })

  test('a failing command is reported on stderr and in the answer', async () => {
    const server = await requesting([request('x')])
    const words = ['--exec', 'printf part; echo oops >&2; exit 3']
    const outcome = await serving(words, server, () => answers(server).length === 1)
    expect(outcome.stderr).toBe("oops\nWarning: The command failed for a request on 'q/1': status 3\n")
    expect(answers(server)[0]).toMatchObject({
      payload: Buffer.from('part'),
      properties: { userProperties: { 'exit-status': '3' }, correlationData: Buffer.from('c-x') },
    })
  })

  test('before MQTT 5 the answer of a failing command is empty', async () => {
    const server = await requesting([request('x', { properties: {} })], 4)
    const words = ['--exec', 'echo part; false', '-V', '311', '-e', 'a']
    await serving(words, server, () => answers(server).length === 1)
    expect(String(answers(server)[0]?.payload)).toBe('')
  })

  test('-W: a command that takes too long is killed with its child processes', async () => {
    const server = await requesting([request('x')])
    const words = ['--exec', 'sleep 100 | cat', '-W', '1']
    const outcome = await serving(words, server, () => answers(server).length === 1)
    expect(outcome.stderr).toBe("Warning: The command failed for a request on 'q/1': timed out after 1 s\n")
    expect(answers(server)[0]).toMatchObject({ properties: { userProperties: { 'exit-status': '137' } } })
  })

  test('--jobs limits concurrency, and every request is answered', async () => {
    const many = Array.from({ length: 12 }, (_, index) => request(`${index}`))
    const server = await requesting(many)
    const busy = 'mkdir "$LOCK" && sleep 0.01 && rmdir "$LOCK" && cat'
    const words = [
      '--exec',
      `LOCK=${process.env.TMPDIR ?? '/tmp'}/mqttx-jobs-${process.pid}; ${busy}`,
      '--jobs',
      '1',
    ]
    const outcome = await serving(words, server, () => answers(server).length === 12)
    expect(outcome).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(answers(server).map(({ payload }) => Number(payload))).toEqual(many.map((_, index) => index))
  })

  test('a signal: running commands are answered before the end; a second signal does not wait', async () => {
    const server = await requesting([request('x')])
    const outcome = await run(
      [...serve, '--exec', 'echo began >&2; sleep 0.3; echo done'],
      server,
      async (fake) => {
        await once(() => fake.stderr.text() === 'began\n')
        fake.signal('SIGINT')
      },
    )
    expect(outcome).toMatchObject({ status: 0 })
    expect(String(answers(server)[0]?.payload)).toBe('done\n')

    const started = performance.now()
    const again = await requesting([request('x')])
    const hasty = await run([...serve, '--exec', 'echo began >&2; sleep 60'], again, async (fake) => {
      await once(() => fake.stderr.text() === 'began\n')
      fake.signal('SIGINT')
      fake.signal('SIGINT')
    })
    expect(hasty.status).toBe(0)
    expect(hasty.stderr).toContain('stopped with mqttx')
    expect(performance.now() - started).toBeLessThan(15_000)
  })

  test('E4: a background process of the command delays neither the answer nor the end', async () => {
    const server = await requesting([request('x')])
    const words = ['--exec', 'setsid sleep 25 & echo hi']
    const started = performance.now()
    const outcome = await serving(words, server, () => answers(server).length === 1)
    expect(outcome).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(String(answers(server)[0]?.payload)).toBe('hi\n')
    expect(performance.now() - started).toBeLessThan(15_000)
  })

  test('H33: a request too large for the environment is answered with exit-status 126', async () => {
    const userProperties = { large: '"'.repeat(65_535) }
    const properties = { responseTopic: 'a', correlationData: Buffer.of(1), userProperties }
    const server = await requesting([request('x', { properties }), request('y')])
    const outcome = await serving(['--exec', 'cat'], server, () => answers(server).length === 2)
    expect(outcome).toMatchObject({
      status: 0,
      stderr: "Warning: The command failed for a request on 'q/1': cannot be run: Argument list too long\n",
    })
    const byPayload = (text: string) => answers(server).find(({ payload }) => String(payload) === text)
    expect(byPayload('')).toMatchObject({ properties: { userProperties: { 'exit-status': '126' } } })
    expect(byPayload('y')).toBeDefined()
  })

  test('H33: too few file descriptors for all jobs: every request is answered', {
    timeout: 60_000,
  }, async () => {
    const many = Array.from({ length: 60 }, (_, index) => request(`${index}`))
    const server = await requesting(many)
    const line = `ulimit -n 40; exec mqttx ${serve.join(' ')} --jobs 64 --exec 'sleep 0.2; cat' ${server.at.join(' ')}`
    const running = start('bash', ['-c', line], { timeoutMs: 60_000 })
    await once(() => answers(server).length === 60)
    running.child.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ status: 0, stderr: '' })
    const payloads = answers(server).map(({ payload }) => Number(payload))
    expect(payloads.sort((a, b) => a - b)).toEqual(many.map((_, index) => index))
  })

  test('E5: unread standard error of a command does not fill memory', async () => {
    const server = await requesting([request('x')])
    const words = [...serve, '--exec', 'head -c 300000000 /dev/zero >&2', ...server.at]
    const running = startMqttx(words, { stdin: 'open' })
    running.child.stderr!.pause()
    await once(() => answers(server).length === 1 || running.child.stderr!.readableLength > 0)
    let most = 0
    for (let i = 0; i < 20; i++) {
      await sleep(100)
      const status = readFileSync(`/proc/${running.child.pid}/status`, 'utf8')
      most = Math.max(most, Number(/VmRSS:\s+(\d+)/.exec(status)![1]))
    }
    expect(most).toBeLessThan(150_000)
    running.child.kill('SIGINT')
    running.child.kill('SIGINT')
    running.child.stderr!.resume()
    expect((await running.ended).status).toBe(0)
  })
})

describe('every responder ends', () => {
  /** Answers CONNECT and SUBSCRIBE, sends one request, then stops reading. */
  const stalled = () =>
    scriptedServer({
      packet(packet, socket) {
        const answer = obliging(packet, 5)
        if (answer !== undefined) socket.write(bytes(answer, 5))
        if (packet.cmd !== 'subscribe') return
        const properties = { responseTopic: 'a' }
        socket.write(bytes(request(Buffer.alloc(16_000_000, 'x'), { properties }), 5))
        socket.pause()
      },
    })

  test.each([
    ['E4: with a command that ignores SIGTERM', ['--exec', 'trap "" TERM INT; echo began >&2; sleep 60']],
    ['E4: with a process left behind', ['--exec', 'setsid sleep 25 & echo began >&2; exec sleep 60']],
    ['E4: with a server that takes no answer', ['--echo']],
  ])('%s: two SIGINTs', async (_, words) => {
    const server = await (words[0] === '--echo' ? stalled() : requesting([request('x')]))
    let started = 0
    const outcome = await run([...serve, ...words, '-q', '1'], server, async (fake) => {
      if (words[0] === '--echo') await sleep(500)
      else await once(() => fake.stderr.text() === 'began\n')
      started = performance.now()
      fake.signal('SIGINT')
      await sleep(50)
      fake.signal('SIGINT')
    })
    expect(outcome.status).toBe(0)
    expect(performance.now() - started).toBeLessThan(15_000)
  })
})
