// Every networked command against each limit that a MQTT 5 CONNACK can set: the command respects the
// limit and ends with a documented status, with and without a timeout (E1, E2).
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import mqtt, { type IConnackPacket, type Packet } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { exitStatuses } from '../../src/errors.js'
import { matches } from '../../src/session/topic-filter.js'
import { choose, isOneOfEvery } from '../helpers/amount.js'
import { isCheckout, startMqttx } from '../helpers/run.js'
import { type ScriptedServer, scriptedServer } from '../helpers/scripted-server.js'
import { run } from './fake-host.js'

type Limits = NonNullable<IConnackPacket['properties']>

const limits: readonly [name: string, limits: Limits][] = [
  ['no limit', {}],
  ['Maximum QoS 0', { maximumQoS: 0 }],
  ['Maximum QoS 1', { maximumQoS: 1 }],
  ['Retain Available 0', { retainAvailable: false }],
  ['Maximum Packet Size 200', { maximumPacketSize: 200 }],
  ['Maximum Packet Size 20', { maximumPacketSize: 20 }],
  ['Receive Maximum 1', { receiveMaximum: 1 }],
  ['Topic Alias Maximum 0', { topicAliasMaximum: 0 }],
  ['Wildcard Subscription Available 0', { wildcardSubscriptionAvailable: false }],
  ['Subscription Identifiers Available 0', { subscriptionIdentifiersAvailable: false }],
  ['Shared Subscription Available 0', { sharedSubscriptionAvailable: false }],
  ['Server Keep Alive 1', { serverKeepAlive: 1 }],
]

const long = 'x'.repeat(500)
/** Without and with a timeout of SECONDS. */
const commands: readonly [line: string, limited: string, stdin?: string][] = [
  [`pub -t t -m ${long} -q 2 -r -D publish topic-alias 1`, '--timeout 30'],
  ['pub -t t -q 2 -r -l', '--timeout 30', `short\n${long}\nshort\n`],
  ['sub -t a/+ -t $share/g/b -q 2 -C 1 -D subscribe subscription-identifier 1', '-W 30'],
  ['sub -t a/+ -q 2 -C 1 --remove-retained', '-W 30'],
  [`rr -t a/1 -e answers -m ${long} -q 2`, '-W 30'],
  ['rr -t a/1 -e answers -q 2 -l', '-W 30', `short\n${long}\n`],
  ['rr --serve --echo -t a/+ -q 2', '-W 30'],
  ['bench pub -q 2 -r --size 500 --count 20 --clients 2', '--duration 1s'],
  ['bench sub -q 2 -t a/+ --count 1', '--duration 1s'],
  ['bench rr -q 2 --size 500 --count 20', '--duration 1s'],
  ['bench pubsub -q 2 -r --size 500 --count 20', '--duration 1s'],
  ['bench pub -q 2 -r --size 500 --count 20 --workers 2 --clients 2', '--duration 1s'],
  ['bench conn --clients 5 --duration 2s', '--duration 1s'],
]

const documented = new Set<number>(exitStatuses.map(([code]) => code))
const isDocumented = (status: number) => status !== 70 && (documented.has(status) || status >= 0x80)

interface LimitedServer extends ScriptedServer {
  /** Packets that violate an announced limit. */
  readonly broken: readonly string[]
  /** Answers received from a responder. */
  answers(): number
}

/** Routes messages at QoS 0 and enforces `limits`. */
async function limitedServer(limits: Limits): Promise<LimitedServer> {
  const filters = new Map<Socket, string[]>()
  const broken: string[] = []
  let answers = 0
  const send = (socket: Socket, packet: Packet) => {
    if (!socket.destroyed) socket.write(mqtt.generate(packet, { protocolVersion: 5 }))
  }
  const route = (packet: Extract<Packet, { cmd: 'publish' }>) => {
    for (const [socket, list] of filters) {
      if (list.some((filter) => matches(filter, packet.topic))) {
        const { topicAlias, ...properties } = packet.properties ?? {}
        send(socket, { ...packet, properties, qos: 0, dup: false, retain: false })
      }
    }
  }
  const faultOf = (packet: Packet): [text: string, reasonCode: number] | undefined => {
    if (
      packet.cmd !== 'connect' && // the client does not know it yet
      'length' in packet &&
      (packet.length ?? 0) + 2 > (limits.maximumPacketSize ?? Number.POSITIVE_INFINITY)
    ) {
      return [`${packet.cmd} of ${packet.length} bytes`, 0x95]
    }
    if (packet.cmd !== 'publish') return undefined
    if (packet.qos > (limits.maximumQoS ?? 2)) return [`QoS ${packet.qos}`, 0x9b]
    if (packet.retain && limits.retainAvailable === false) return ['RETAIN', 0x9a]
    if (packet.properties?.topicAlias !== undefined && !limits.topicAliasMaximum) return ['Topic Alias', 0x94]
    return undefined
  }
  const message = (topic: string, socket: Socket) => {
    const properties = { responseTopic: 'answers/of/responder', correlationData: Buffer.from('1') }
    const packet = { topic, payload: long, qos: 0, dup: false, properties } as const
    send(socket, { cmd: 'publish', retain: true, ...packet })
    send(socket, { cmd: 'publish', retain: false, ...packet })
  }
  const server = await scriptedServer({
    packet(packet, socket) {
      const fault = faultOf(packet)
      if (fault !== undefined) {
        broken.push(fault[0])
        send(socket, { cmd: 'disconnect', reasonCode: fault[1] })
        return void socket.end()
      }
      const messageId = packet.messageId ?? 0
      switch (packet.cmd) {
        case 'connect':
          return send(socket, { cmd: 'connack', reasonCode: 0, sessionPresent: false, properties: limits })
        case 'pingreq':
          return send(socket, { cmd: 'pingresp' })
        case 'publish':
          if (packet.qos === 1) send(socket, { cmd: 'puback', messageId })
          if (packet.qos === 2) send(socket, { cmd: 'pubrec', messageId })
          if (packet.topic === 'answers/of/responder') answers++
          // Answers a request itself if there is no responder.
          else if (
            packet.properties?.responseTopic !== undefined &&
            !packet.topic.startsWith('mqttx/bench')
          ) {
            const { responseTopic, correlationData } = packet.properties
            const properties = correlationData === undefined ? {} : { correlationData }
            const { payload } = packet
            route({
              cmd: 'publish',
              topic: responseTopic,
              payload,
              qos: 0,
              dup: false,
              retain: false,
              properties,
            })
          }
          return route(packet)
        case 'pubrel':
          return send(socket, { cmd: 'pubcomp', messageId })
        case 'subscribe': {
          const granted = packet.subscriptions.map(({ topic }) => {
            if (/[+#]/.test(topic) && limits.wildcardSubscriptionAvailable === false) return 0xa2
            if (topic.startsWith('$share/') && limits.sharedSubscriptionAvailable === false) return 0x9e
            const identified = packet.properties?.subscriptionIdentifier !== undefined
            return identified && limits.subscriptionIdentifiersAvailable === false ? 0xa1 : 0
          })
          send(socket, { cmd: 'suback', messageId, granted })
          const topics = packet.subscriptions.map(({ topic }) => topic.replace(/^\$share\/[^/]*\//, ''))
          const taken = topics.filter((_, at) => granted[at]! < 0x80)
          filters.set(socket, [...(filters.get(socket) ?? []), ...taken])
          // With a short keep alive, waits for a PINGREQ first.
          const delay = limits.serverKeepAlive === undefined ? 0 : 1600
          if (taken.includes('a/+')) setTimeout(() => message('a/1', socket), delay)
        }
      }
    },
  })
  return Object.assign(server, { broken, answers: () => answers })
}

/**
 * Runs a command to its end, an executable as a process; ends a responder by a signal after its answer or a timeout.
 */
async function outcome(words: readonly string[], stdin: string | undefined, limits: Limits) {
  const server = await limitedServer(limits)
  const all = [...words, '-V', '5', '-k', '20']
  const answered = async (end: () => void) => {
    if (!words.includes('--serve')) return
    const began = performance.now()
    while (server.answers() === 0 && performance.now() - began < 3000) await sleep(20)
    end()
  }
  if (isCheckout) {
    const ended = await run(all, server, (fake) => {
      fake.stdin.end(stdin ?? '')
      return answered(() => fake.signal('SIGTERM'))
    })
    return { ...ended, broken: server.broken }
  }
  const running = startMqttx([...all, ...server.at], { stdin: stdin ?? '', timeoutMs: 60_000 })
  await answered(() => running.kill('SIGTERM'))
  return { ...(await running.ended), broken: server.broken }
}

const rows = commands.map((command, row) => ({ command, row }))

/** What is wrong with each outcome of a command, without and with a timeout. */
async function faultsOf({ command, row }: (typeof rows)[number], limits: Limits, index: number) {
  const [line, limited, stdin] = command
  const words = line.split(' ')
  // bench ends by --count, or by --duration instead.
  const withLimit =
    words[0] === 'bench'
      ? line
          .replace(/--count \d+/, '')
          .trim()
          .split(/ +/)
      : words
  const forms = [words, [...withLimit, ...limited.split(' ')]]
  const outcomes = choose(forms, index + row).map(async (form) => {
    const { status, stdout, stderr, broken } = await outcome(form, stdin, limits)
    const faults = [
      !isDocumented(status) && 'is no documented status',
      status === 27 && 'it ran out of time',
      // bench reports the failures itself.
      status !== 0 && stderr + (words[0] === 'bench' ? stdout : '') === '' && 'says nothing',
      ...broken,
    ].filter((fault) => fault !== false)
    return faults.map(
      (fault) => `${form.join(' ')}: status ${status}, ${fault}\n${stderr}\n${stdout.slice(0, 300)}`,
    )
  })
  return (await Promise.all(outcomes)).flat()
}

// All commands at once: most of their time they wait.
test.each(limits.map((each, index) => [...each, index] as const))('E1: %s', async (_, limit, index) => {
  const chosen = rows.filter(({ row }) => isOneOfEvery(6, index + row))
  const faults = await Promise.all(chosen.map((row) => faultsOf(row, limit, index)))
  expect(faults.flat()).toEqual([])
})
