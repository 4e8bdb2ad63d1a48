// Real clients and brokers in scenes that are all right: `mqttx inspect` has nothing to say about what tcpdump saw of them.
import { describe, expect } from 'vitest'
import { isOneOfEvery } from '../helpers/amount.js'
import { type Client, publish } from '../helpers/clients.js'
import { type Broker, brokers, type Peer, peerTest } from '../helpers/peers.js'
import { RawClient } from '../helpers/raw-client.js'
import { recorded } from '../helpers/recorded.js'
import { mqttx, type Running, start, startMqttx } from '../helpers/run.js'
import { once, sleep } from '../helpers/wait.js'

const needs: readonly Peer[] = ['tcpdump', 'mosquitto_pub', 'mosquitto_sub', 'mosquitto_rr']
const limitMs = 120_000
/** Longer than what inspect takes for the beginning of a subscription (checks/subscriptions.ts). */
const settled = 2500

const versions = [
  { version: 4, flag: ['-V', 'mqttv311'] },
  { version: 5, flag: ['-V', 'mqttv5'] },
] as const
const clients: readonly Client[] = ['mqttx', 'mosquitto']

/** A subscriber that talks to the broker itself, and is there when its first retained message or `ready` has come. */
async function watching(
  client: Client,
  broker: Broker,
  args: readonly string[],
  ready: string,
): Promise<Running> {
  const all = [...broker.at, '-t', ready, ...args]
  const running = client === 'mqttx' ? startMqttx(['sub', ...all]) : start('mosquitto_sub', all)
  const isReady = async () => {
    await publish('mosquitto', broker, ['-t', ready, '-m', 'ready'])
    return running.stdout().includes('ready')
  }
  await once(isReady)
  return running
}

async function ended(running: Running): Promise<void> {
  running.kill('SIGINT')
  await running.ended
}

async function violations(file: string, port: number, atLeast: Record<string, number>): Promise<string> {
  const all = await mqttx(['inspect', '--view', 'json', '-p', String(port), file], { timeoutMs: 60_000 })
  const rows = all.stdout
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const counts: Record<string, number> = {}
  for (const { type } of rows) counts[type] = (counts[type] ?? 0) + 1
  for (const [type, count] of Object.entries(atLeast))
    expect(counts[type] ?? 0, type).toBeGreaterThanOrEqual(count)
  const bad = rows.filter(({ violations = [] }: { violations?: { severity: string }[] }) =>
    violations.some(({ severity }) => severity !== 'info'),
  )
  return bad.map((row) => JSON.stringify(row)).join('\n')
}

/** Fewer at once than clients' Receive Maximum of 20: mosquitto 2.0.11 does not keep to it, which is no false alarm. */
const few = 15
const lines = (count: number): string =>
  Array.from({ length: count }, (_, i) => `a reading, number ${i}\n`).join('')

describe.each(brokers.map((each, row) => ({ ...each, row })))(
  'on $name',
  ({ name: brokerName, launch, needs: brokerNeeds, row }) => {
    // The embedded broker does not speak MQTT 5.
    const spoken = versions.filter(({ version }) => version === 4 || brokerName === 'mosquitto')
    describe.each(spoken)('version $version', ({ version, flag }) => {
      const all: readonly Peer[] = [...needs, ...brokerNeeds]
      let scenes = 0
      let isShared = true
      const scene = (
        name: string,
        atLeast: Record<string, number>,
        play: (broker: Broker) => Promise<void>,
      ) => {
        if (isShared && !isOneOfEvery(3, row + version + scenes++)) return
        peerTest(
          name,
          all,
          async (context) => {
            const broker = await launch()
            try {
              const file = await recorded(context, broker.port, () => play(broker))
              expect(await violations(file, broker.port, atLeast)).toBe('')
            } finally {
              await broker.stop()
            }
          },
          limitMs,
        )
      }

      scene('messages of all QoS, from and to both clients', { PUBLISH: 500, PUBREL: 80 }, async (broker) => {
        const subscribers = await Promise.all(
          clients.flatMap((client) =>
            ['0', '1', '2'].map((qos) =>
              watching(client, broker, [...flag, '-q', qos, '-t', 'm/#'], `r/${client}${qos}`),
            ),
          ),
        )
        await sleep(settled)
        let times = 1
        for (const client of clients) {
          for (const qos of ['0', '1', '2']) {
            await publish(client, broker, [...flag, '-q', qos, '-t', `m/${client}/${qos}`, '-l'], {
              stdin: lines(few),
            })
            times++
            await once(() =>
              subscribers.every((one) => one.stdout().toString().split('number 14').length === times),
            )
          }
        }
        await Promise.all(subscribers.map(ended))
      })

      scene('retained messages, before and after they change', { PUBLISH: 20 }, async (broker) => {
        for (const client of clients) {
          await publish(client, broker, [...flag, '-r', '-q', '1', '-t', `kept/${client}`, '-m', 'first'])
        }
        const subscribers = await Promise.all(
          clients.map((client) =>
            watching(client, broker, [...flag, '-q', '1', '-t', 'kept/#'], `r/${client}`),
          ),
        )
        await sleep(settled)
        for (const text of ['second', 'third', 'second']) {
          await publish('mqttx', broker, [...flag, '-r', '-q', '1', '-t', 'kept/mqttx', '-m', text])
        }
        await publish('mosquitto', broker, [...flag, '-r', '-n', '-t', 'kept/mosquitto'])
        const raw = await new RawClient(broker.port, version).connected('again')
        for (const rh of [0, 1, 2, 0])
          await raw.subscribed({ topic: 'kept/#', qos: 1, nl: false, rap: false, rh })
        await sleep(200)
        for (const { messageId } of raw.all('publish')) raw.send({ cmd: 'puback', messageId, reasonCode: 0 })
        await sleep(200)
        await raw.left()
        await Promise.all(subscribers.map(ended))
      })

      scene('wills, published and not', { PUBLISH: 8, DISCONNECT: 3 }, async (broker) => {
        const watcher = await watching('mqttx', broker, [...flag, '-q', '1', '-t', 'w/#'], 'r/w')
        await sleep(settled)
        const will = (name: string, more: object = {}) => ({
          will: { topic: `w/${name}`, payload: 'gone', qos: 1, retain: false },
          ...more,
        })
        for (const [name, end] of [
          ['polite', 'left'],
          ['dead', 'gone'],
          ['reset', 'reset'],
        ] as const) {
          const client = await new RawClient(broker.port, version).connected(name, will(name))
          client.send({ cmd: 'publish', topic: `w/${name}`, payload: 'alive', qos: 0 })
          await once(() => watcher.stdout().toString().includes('alive'))
          if (end === 'left') await client.left()
          else await client.gone(end === 'reset')
        }
        const first = await new RawClient(broker.port, version).connected('same', will('same'))
        const second = await new RawClient(broker.port, version).connected('same', will('same'))
        await first.gone()
        second.send({ cmd: 'publish', topic: 'w/same', payload: 'gone', qos: 1, messageId: 1 })
        await second.got('puback')
        await second.left()
        await sleep(500)
        await ended(watcher)
      })

      scene('sessions that go on', { CONNECT: 8, PUBLISH: 20 }, async (broker) => {
        const session = [
          '-c',
          '-i',
          'keeper',
          '-q',
          '2',
          '-t',
          's/#',
          ...(version === 5 ? ['-x', '600'] : []),
        ]
        for (const client of clients) {
          const own = [...flag, ...session.with(2, `keeper-${client}`)]
          await ended(await watching(client, broker, own, `r/${client}`))
          await publish('mqttx', broker, [...flag, '-q', '2', '-t', `s/${client}`, '-l'], {
            stdin: lines(few),
          })
          await ended(await watching(client, broker, own, `r/${client}`))
        }
        const more = { clean: false, ...(version === 5 && { properties: { sessionExpiryInterval: 600 } }) }
        const receiver = await new RawClient(broker.port, version).connected('slow', more)
        await receiver.subscribed({ topic: 'u/#', qos: 2, nl: false, rap: false, rh: 0 })
        for (const qos of ['1', '2'])
          await publish('mosquitto', broker, [...flag, '-q', qos, '-t', `u/${qos}`, '-m', qos])
        await receiver.got('publish', 2)
        await receiver.gone()
        const again = await new RawClient(broker.port, version).connected('slow', more)
        await again.got('publish', 2)
        for (const { messageId, ...packet } of again.all('publish')) {
          again.send({
            cmd: 'qos' in packet && packet.qos === 2 ? 'pubrec' : 'puback',
            messageId,
            reasonCode: 0,
          })
        }
        await again.got('pubrel')
        for (const { messageId } of again.all('pubrel'))
          again.send({ cmd: 'pubcomp', messageId, reasonCode: 0 })
        await again.left()
        const publisher = await new RawClient(broker.port, version).connected('sender', more)
        const message = { cmd: 'publish', topic: 'u/x', payload: 'sent again', qos: 2, messageId: 9 }
        publisher.send(message)
        await publisher.got('pubrec')
        await publisher.gone(true)
        const resumed = await new RawClient(broker.port, version).connected('sender', more)
        resumed.send({ ...message, dup: true })
        await resumed.got('pubrec')
        resumed.send({ cmd: 'pubrel', messageId: 9, reasonCode: 0 })
        await resumed.got('pubcomp')
        await resumed.left()
      })

      scene('overlapping subscriptions, and some that end', { PUBLISH: 12, UNSUBACK: 1 }, async (broker) => {
        const raw = await new RawClient(broker.port, version).connected('many')
        await raw.subscribed(
          { topic: 'o/#', qos: 0, nl: false, rap: false, rh: 0 },
          { topic: 'o/+', qos: 2, nl: false, rap: false, rh: 0 },
          { topic: 'o/a', qos: 1, nl: false, rap: false, rh: 0 },
        )
        await sleep(settled)
        for (const client of clients)
          await publish(client, broker, [...flag, '-t', 'o/a', '-l'], { stdin: lines(5) })
        raw.send({ cmd: 'unsubscribe', messageId: 50, unsubscriptions: ['o/#', 'o/+'] })
        await raw.got('unsuback')
        for (const client of clients)
          await publish(client, broker, [...flag, '-t', 'o/a', '-l'], { stdin: lines(5) })
        await once(() => raw.all('publish').length >= 20)
        await raw.left()
      })

      scene('request and response', { PUBLISH: 4 }, async (broker) => {
        const server = await watching('mqttx', broker, [...flag, '-t', 'rr/#'], 'r/rr')
        for (const client of clients) {
          const args = [...broker.at, ...flag, '-t', 'rr/q', '-e', 'rr/a', '-m', 'q', '-W', '2']
          const asking = client === 'mqttx' ? startMqttx(['rr', ...args]) : start('mosquitto_rr', args)
          await sleep(700)
          await publish('mosquitto', broker, [...flag, '-t', 'rr/a', '-m', 'a'])
          await asking.ended
        }
        await ended(server)
      })

      if (version === 4) return
      isShared = false // these scenes are of MQTT 5 alone

      scene('No Local, Subscription Identifiers and properties', { PUBLISH: 30 }, async (broker) => {
        const watcher = await watching('mosquitto', broker, [...flag, '-q', '2', '-t', 'n/#'], 'r/n')
        const ours = await watching('mqttx', broker, [...flag, '-q', '1', '-t', 'n/#'], 'r/ours')
        const raws = await Promise.all(
          ['one', 'two'].map((id) => new RawClient(broker.port, 5).connected(id)),
        )
        for (const [i, raw] of raws.entries()) {
          raw.send({
            ...{ cmd: 'subscribe', messageId: 1, properties: { subscriptionIdentifier: i + 5 } },
            subscriptions: [{ topic: 'n/#', qos: 0, nl: true, rap: i === 1, rh: 0 }],
          })
          await raw.got('suback')
        }
        await sleep(settled)
        for (let i = 0; i < 5; i++) {
          const userProperties = { a: ['1', '2'], b: String(i) }
          const properties = {
            userProperties,
            contentType: 'text',
            responseTopic: 'x',
            correlationData: Buffer.from('c'),
          }
          for (const raw of raws)
            raw.send({ cmd: 'publish', topic: 'n/x', payload: `the same ${i}`, qos: 0, properties })
          raws[0]!.send({
            cmd: 'publish',
            topic: 'n/y',
            payload: `mine ${i}`,
            qos: 0,
            retain: i === 4,
            properties,
          })
        }
        await once(() => watcher.stdout().includes('mine 4') && ours.stdout().includes('mine 4'))
        await once(() => raws[1]!.all('publish').length === 10)
        await Promise.all(raws.map((raw) => raw.left()))
        await ended(watcher)
        await ended(ours)
      })

      scene('Shared Subscriptions', { PUBLISH: 70 }, async (broker) => {
        const shared = await Promise.all(
          clients.map((client) =>
            watching(client, broker, [...flag, '-q', '1', '-t', '$share/g/sh/#'], `r/${client}`),
          ),
        )
        const whole = await watching('mqttx', broker, [...flag, '-q', '1', '-t', 'sh/#'], 'r/whole')
        await sleep(settled)
        for (const client of clients)
          await publish(client, broker, [...flag, '-q', '1', '-t', 'sh/x', '-l'], { stdin: lines(few) })
        await once(() => whole.stdout().toString().split('number 14').length === 3)
        await Promise.all([...shared, whole].map(ended))
      })
    })
  },
)
