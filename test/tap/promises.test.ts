// What our clients promise at QoS 1 and 2 holds under each fault: pub -l, publish() of the library, and sub.
import { describe, expect, test } from 'vitest'
import { type Broker, connect, startBroker, type Tap, tap } from '../../src/library/index.js'
import { main } from '../../src/main.js'
import { fakeHost, run } from '../commands/fake-host.js'
import { once } from '../helpers/wait.js'

type QoS = 1 | 2
/** `done`: all messages arrive. `stuck`: an answer never comes. `failed`: there is no session. */
type Result = 'done' | 'stuck' | 'failed'
/** Faults, as in mqttx tap --fault, and what becomes of a client; undefined: it depends on how the bytes are read. */
type Row = readonly [faults: string, result: Result | undefined, qos?: QoS]

const count = 40
const numbers = Array.from({ length: count }, (_, index) => index + 1)
/** Seconds after which `stuck` is assumed, and those that a busy machine may take. */
const [shortWait, longWait] = [1, 60]

const everywhere: readonly Row[] = [
  ['all delay 5ms', 'done'],
  ['all throttle 20KB/s', 'done'],
  ['connack delay 100ms', 'done', 1],
  ['connack duplicate times=1', undefined, 2],
  ['connack #1 close', 'failed', 1],
  ['connack #1 reset', 'failed', 2],
  ['connect #1 close after 5', 'failed', 2],
  ['connect answer 0x88', 'failed', 1],
  ['connect answer 5', 'failed', 2],
  ['disconnect drop', 'done', 1],
]

const publishing: readonly Row[] = [
  ...everywhere,
  ['connack truncate 2', 'stuck', 1],
  ['connack drop', 'stuck', 2],
  ['publish c2s #5 drop', 'stuck'],
  ['puback p=0.2 drop', 'stuck', 1],
  ['puback #5 drop', 'stuck', 1],
  ['pubrec #5 drop', 'stuck', 2],
  ['pubrel #5 drop', 'stuck', 2],
  ['pubcomp #5 drop', 'stuck', 2],
  ['publish c2s p=0.3 duplicate', 'done'],
  ['puback duplicate', 'done', 1],
  ['pubrec duplicate', 'done', 2],
  ['pubrel duplicate', 'done', 2],
  ['pubcomp duplicate', 'done', 2],
  ['publish c2s #9 truncate 2', undefined],
  ['puback #9 truncate 1', undefined, 1],
  ['pubrel #9 truncate 1', undefined, 2],
  ['publish c2s #7 close after 3', 'done'],
  ['publish c2s #7 reset after 1', 'done'],
  ['puback #5 close', 'done', 1],
  ['puback #5 reset', 'done', 1],
  ['pubrec #3 close', 'done', 2],
  ['pubrel #4 close after 1', 'done', 2],
  ['pubcomp #2 reset', 'done', 2],
  // Again on the second and third connection, which the server refuses at first.
  ['publish c2s #7 close; connect #2 answer 0x88; publish c2s #60 reset after 2', 'done'],
  ['publish c2s #7 close; pubrec #20 close; pubcomp #9 reset; pubrec p=0.2 duplicate', 'done', 2],
]

const subscribing: readonly Row[] = [
  ...everywhere,
  // The messages of the session come in place of CONNACK.
  ['connack truncate 2', 'failed', 1],
  ['connack drop', 'failed', 2],
  ['suback #1 close', 'done'],
  ['publish s2c #5 drop', 'stuck'],
  ['publish s2c p=0.3 duplicate', 'done'],
  ['publish s2c #9 truncate 2', undefined],
  ['publish s2c #5 close after 3', 'done'],
  ['publish s2c #5 reset', 'done'],
  ['puback #5 drop', 'done', 1],
  ['puback #5 close', 'done', 1],
  ['pubrec #5 drop', undefined, 2],
  ['pubrec #5 reset', 'done', 2],
  ['pubrec p=0.3 duplicate', 'done', 2],
  ['pubrel #3 drop', undefined, 2],
  ['pubrel #3 close', 'done', 2],
  ['pubrel p=0.3 duplicate', 'done', 2],
  ['pubcomp #2 close', 'done', 2],
]

const both = (rows: readonly Row[]) =>
  rows.flatMap(([faults, result, qos]) =>
    ([1, 2] as const).flatMap((each) => ((qos ?? each) === each ? [[faults, each, result] as const] : [])),
  )

const at = ({ port }: { port: number }) => ({ at: ['-h', '127.0.0.1', '-p', `${port}`] })
const wait = (result: Result | undefined): number =>
  result === 'done' || result === 'failed' ? longWait : shortWait

/** Runs `work` between a broker and a tap with faults. */
async function withFaults(faults: string, work: (made: Tap, broker: Broker) => Promise<void>): Promise<void> {
  await using broker = await startBroker()
  await using made = await tap({ to: broker.url, faults: faults.split('; ') })
  await work(made, broker)
}

/** The numbers that reach a subscriber without faults. */
async function receiver(broker: Broker) {
  const client = await connect(broker.url)
  const subscription = await client.subscribe('t', { qos: 2 })
  const received: number[] = []
  void (async () => {
    for await (const { payload } of subscription) received.push(Number(`${payload}`))
  })()
  return { received, [Symbol.asyncDispose]: () => client.close() }
}

const unique = (all: readonly number[]): number[] => [...new Set(all)]

describe.concurrent.each(both(publishing))('%s, QoS %i', (faults, qos, result) => {
  test(`pub -l: ${result ?? 'any result'}`, () =>
    withFaults(faults, async (made, broker) => {
      await using to = await receiver(broker)
      const words = ['pub', '-t', 't', '-l', '-q', `${qos}`, '-i', 'me', '-c', '--timeout', `${wait(result)}`]
      const { status, stderr } = await run(words, at(made), ({ stdin }) => void stdin.end(numbers.join('\n')))
      const told = /first without acknowledgement: (\d+)/.exec(stderr)?.[1]
      const sent = status === 0 ? numbers : numbers.slice(0, Number(told ?? 1) - 1)
      await once(() => sent.every((number) => to.received.includes(number)))
      if (qos === 2) expect(to.received).toEqual(unique(to.received))
      if (result === 'done') expect([status, stderr]).toEqual([0, stderr])
      if (result === 'stuck') expect([status, stderr]).toEqual([27, stderr])
      if (result === 'failed') expect(status).not.toBe(0)
    }))

  test(`publish(): ${result ?? 'any result'}`, () =>
    withFaults(faults, async (made, broker) => {
      await using to = await receiver(broker)
      const limit = setTimeout(() => void made.close(), wait(result) * 1000)
      const acknowledged: number[] = []
      const options = { clientId: 'me', cleanStart: false, retries: 0, reconnects: 2 } as const
      const client = await connect(made.url, options).catch(() => undefined)
      const sent = numbers.map(async (number) => {
        if (client === undefined) return
        await client.publish('t', `${number}`, { qos })
        acknowledged.push(number)
      })
      await Promise.allSettled(sent)
      clearTimeout(limit)
      await once(() => acknowledged.every((number) => to.received.includes(number)))
      if (qos === 2) expect(to.received).toEqual(unique(to.received))
      if (result === 'done') expect(acknowledged).toHaveLength(count)
      if (result === 'stuck') expect(acknowledged.length).toBeLessThan(count)
      if (result === 'failed') expect(client).toBe(undefined)
      await made.close()
      await client?.close().catch(() => {})
    }))
})

/** Runs sub, and ends it by SIGINT when `isAll` of what it has printed. */
async function subscribed(
  words: readonly string[],
  server: { port: number },
  isAll: (numbers: readonly number[]) => boolean,
): Promise<{ status: number; received: number[]; stderr: string }> {
  const fake = fakeHost()
  const received = () => fake.stdout.text().split('\n').filter(Boolean).map(Number)
  let hasEnded = false
  const running = main(['sub', ...words, ...at(server).at], fake.host).finally(() => {
    hasEnded = true
  })
  await once(() => hasEnded || isAll(received()))
  fake.signal('SIGINT')
  return { status: await running, received: received(), stderr: fake.stderr.text() }
}

describe.concurrent.each(both(subscribing))('%s, QoS %i', (faults, qos, result) => {
  test(`sub: ${result ?? 'any result'}`, () =>
    withFaults(faults, async (made, broker) => {
      const words = ['-t', 't', '-q', `${qos}`, '-i', 'me', '-c', '-W']
      await subscribed([...words, '60', '-E'], broker, () => false)
      const publisher = await connect(broker.url)
      for (const number of numbers) await publisher.publish('t', `${number}`, { qos: 2 })
      await publisher.close()
      const isAll = (all: readonly number[]) => unique(all).length === count
      const first = await subscribed([...words, `${wait(result)}`], made, isAll)
      if (qos === 2) expect(first.received).toEqual(unique(first.received))
      expect(unique(first.received)).toEqual(unique(first.received).sort((a, b) => a - b))
      if (result === 'done') expect([isAll(first.received), first]).toEqual([true, first])
      if (result === 'stuck') expect([isAll(first.received), first.status]).toEqual([false, 27])
      if (result === 'failed') expect([first.received, first.status === 0]).toEqual([[], false])
      if (isAll(first.received)) return
      const rest = await subscribed([...words, '60'], broker, (all) => isAll([...first.received, ...all]))
      expect(unique([...first.received, ...rest.received]).sort((a, b) => a - b)).toEqual(numbers)
    }))
})
