// Each probe finds what the embedded broker lacks when packets are changed between it and its clients.
import type { IConnectPacket, IPublishPacket, ISubscribePacket, Packet } from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import { discover } from '../../src/check/capabilities/discover.js'
import { probes } from '../../src/check/capabilities/probes/index.js'
import { type Breaking, type Passing, startEmbedded } from './rig.js'

type PacketOf<Cmd extends Packet['cmd']> = Extract<Packet, { cmd: Cmd }>
/** What is passed on in place of a packet. */
type Change<Cmd extends Packet['cmd']> = (packet: PacketOf<Cmd>) => Packet | 'drop' | 'close' | undefined

/** Changes packets of one type from the clients, or from the broker. `undefined`: the packet as it is. */
function changing<Cmd extends Packet['cmd']>(
  side: 'fromClient' | 'fromServer',
  cmd: Cmd,
  change: (packet: PacketOf<Cmd>, connection: number) => Packet | 'drop' | 'close' | undefined,
): Breaking {
  return (between) => {
    const pass = side === 'fromClient' ? between.toServer : between.toClient
    return {
      [side]({ packet, bytes }: Passing) {
        const changed = packet?.cmd === cmd ? change(packet as PacketOf<Cmd>, between.number) : undefined
        if (changed === 'close') between.close()
        else if (changed !== 'drop') pass(changed ?? bytes)
      },
    }
  }
}

const connect = (change: (packet: IConnectPacket, connection: number) => ReturnType<Change<'connect'>>) =>
  changing('fromClient', 'connect', change)
const publish = (change: Change<'publish'>) => changing('fromClient', 'publish', change)
const deliver = (change: Change<'publish'>) => changing('fromServer', 'publish', change)

const without = <Carrier extends IConnectPacket | IPublishPacket>(
  packet: Carrier,
  property: keyof NonNullable<Carrier['properties']>,
): Carrier => ({ ...packet, properties: { ...packet.properties, [property]: undefined } })

const subscribe = (change: (one: ISubscribePacket['subscriptions'][number]) => object): Breaking =>
  changing('fromClient', 'subscribe', (packet) => ({
    ...packet,
    subscriptions: packet.subscriptions.map((one) => ({ ...one, ...change(one) })),
  }))

/** SUBACK with `code` for filters that `refuses` selects. */
const refusing =
  (code: number, refuses: (filter: string) => boolean): Breaking =>
  ({ toClient, toServer }) => ({
    fromClient({ packet, bytes }) {
      if (packet?.cmd === 'subscribe' && refuses(packet.subscriptions[0]!.topic))
        toClient({ cmd: 'suback', messageId: packet.messageId!, granted: [code] })
      else toServer(bytes)
    },
  })

/** The second of two messages on a topic is delivered before the first. */
const swapping: Breaking = ({ toClient }) => {
  let held: Buffer | undefined
  return {
    fromServer({ packet, bytes }) {
      const isFirst = packet?.cmd === 'publish' && packet.topic.includes('/ordered-') && held === undefined
      if (isFirst) held = bytes
      else {
        toClient(bytes)
        if (packet?.cmd === 'publish' && held?.length) toClient(held)
        if (packet?.cmd === 'publish' && held !== undefined) held = Buffer.alloc(0)
      }
    },
  }
}

const refused =
  (code: number, refuses: (packet: IConnectPacket) => boolean): Breaking =>
  ({ toClient, toServer }) => ({
    fromClient({ packet, bytes }) {
      if (packet?.cmd === 'connect' && refuses(packet))
        toClient({ cmd: 'connack', sessionPresent: false, returnCode: code, reasonCode: code })
      else toServer(bytes)
    },
  })

const nothing = () => ({})
const rows: [key: string, value: unknown, detail: string | RegExp, breaking: Breaking, settings?: object][] =
  [
    ['mqtt-3.1', false, '0x01', refused(1, (packet) => packet.protocolVersion === 3)],
    [
      'mqtt-3.1.1',
      false,
      'ended',
      connect(({ protocolVersion }) => (protocolVersion === 4 ? 'close' : undefined)),
    ],
    ['mqtt-5', false, '0x01', refused(1, (packet) => packet.protocolVersion === 5)],
    ['anonymous', false, '0x87', refused(0x87, ({ username }) => username === undefined)],
    ['empty-client-identifier', false, '0x85', refused(0x85, ({ clientId }) => clientId === '')],
    [
      'takeover',
      false,
      'nothing came',
      connect((packet, number) => ({ ...packet, clientId: packet.clientId + number })),
    ],
    ['keep-alive-maximum', 600, '', nothing, { maxKeepAlive: 600 }],
    [
      'sys-topics',
      undefined,
      'nothing came',
      deliver(({ topic }) => (topic.startsWith('$SYS') ? 'drop' : undefined)),
    ],
    ['sys-topics', false, '0x87', refusing(0x87, (filter) => filter.startsWith('$SYS'))],
    ['publish-and-receive', false, 'not delivered', deliver(() => 'drop')],
    ['maximum-qos', 1, 'grants QoS 1', subscribe(({ qos }) => ({ qos: Math.min(qos, 1) }))],
    [
      'maximum-qos',
      0,
      'PUBACK 0x97',
      ({ toClient, toServer }) => ({
        fromClient({ packet, bytes }) {
          if (packet?.cmd !== 'publish' || packet.qos === 0) return toServer(bytes)
          toClient({
            cmd: packet.qos === 1 ? 'puback' : 'pubrec',
            messageId: packet.messageId!,
            reasonCode: 0x97,
          })
        },
      }),
    ],
    [
      'maximum-qos',
      1,
      'came at QoS 1',
      deliver((packet) => (packet.qos === 2 ? { ...packet, qos: 1 } : undefined)),
    ],
    ['ordered', false, 'another order', swapping],
    [
      'ordered',
      false,
      '99 of 100',
      deliver(({ payload }) => (String(payload) === '70' ? 'drop' : undefined)),
    ],
    ['retained-messages', false, 'gets nothing', deliver(({ retain }) => (retain ? 'drop' : undefined))],
    ['retained-messages', false, 'without RETAIN', deliver((packet) => ({ ...packet, retain: false }))],
    ['retained-messages', false, '0x9a', nothing, { retain: false }],
    ['will', false, 'not sent', connect(({ will: _will, ...packet }) => packet)],
    [
      'will-delay',
      false,
      'at once',
      connect((packet) => packet.will && { ...packet, will: { ...packet.will, properties: {} } }),
    ],
    ['will-delay', false, 'not sent', connect(({ will: _will, ...packet }) => packet)],
    ['message-expiry', false, 'had expired', publish((packet) => without(packet, 'messageExpiryInterval'))],
    ['wildcards', false, '+ matches nothing', subscribe(({ topic }) => ({ topic: topic.replace('+', 'x') }))],
    ['wildcards', false, '# matches nothing', subscribe(({ topic }) => ({ topic: topic.replace('#', 'x') }))],
    ['wildcards', false, '0xa2', refusing(0xa2, (filter) => /[+#]/.test(filter))],
    [
      'shared-subscriptions',
      false,
      '20 deliveries of 10',
      subscribe(({ topic }) => ({ topic: topic.replace(/^\$share\/\w+\//, '') })),
    ],
    [
      'shared-subscriptions',
      false,
      'no message',
      subscribe(({ topic }) => ({ topic: topic.replace('$share', 'share') })),
    ],
    ['shared-subscriptions', false, '0x9e', refusing(0x9e, (filter) => filter.startsWith('$share'))],
    [
      'shared-balance',
      'not to all',
      /30/,
      changing('fromClient', 'subscribe', (packet, number) => {
        const [one] = packet.subscriptions
        return number % 3 === 0 ? { ...packet, subscriptions: [{ ...one!, topic: 'x' }] } : undefined
      }),
    ],
    ['no-local', false, 'comes back', subscribe(() => ({ nl: false }))],
    ['retain-as-published', false, 'always cleared', subscribe(() => ({ rap: false }))],
    ['retain-as-published', false, 'always set', subscribe(() => ({ rap: true }))],
    ['retain-handling', false, '2 (do not send)', subscribe(() => ({ rh: 0 }))],
    [
      'retain-handling',
      false,
      '1 (send if new) sends',
      subscribe(({ rh }) => ({ rh: rh === 1 ? 0 : (rh ?? 0) })),
    ],
    [
      'retain-handling',
      false,
      '1 (send if new) does not',
      subscribe(({ rh }) => ({ rh: rh === 1 ? 2 : (rh ?? 0) })),
    ],
    [
      'subscription-identifiers',
      false,
      'without it',
      deliver((packet) => without(packet, 'subscriptionIdentifier')),
    ],
    ['persistent-sessions', false, 'session is gone', connect((packet) => ({ ...packet, clean: true }))],
    [
      'persistent-sessions',
      false,
      'its messages are not',
      deliver(({ topic }) => (topic.endsWith('persistent') ? 'drop' : undefined)),
    ],
    ['session-expiry', false, 'gone at once', connect((packet) => ({ ...packet, clean: true }))],
    [
      'session-expiry',
      false,
      'still there',
      connect((packet) => packet.properties && { ...packet, properties: { sessionExpiryInterval: 60 } }),
    ],
    [
      'session-expiry-maximum',
      3600,
      '',
      changing('fromServer', 'connack', (packet) => ({
        ...packet,
        properties: { ...packet.properties, sessionExpiryInterval: 3600 },
      })),
    ],
    ['topic-alias-maximum', 0, 'is 0', nothing, { topicAliasMaximum: 0 }],
    [
      'topic-alias-maximum',
      0,
      'alias 5 does not work',
      ({ toServer, toClient }) => ({
        fromServer: ({ packet, bytes }) =>
          toClient(
            packet?.cmd === 'connack'
              ? { ...packet, properties: { ...packet.properties, topicAliasMaximum: 5 } }
              : bytes,
          ),
        fromClient: ({ packet, bytes }) =>
          packet?.cmd !== 'publish' || packet.topic !== '' ? toServer(bytes) : undefined,
      }),
    ],
    [
      'topic-alias-to-clients',
      false,
      'Topic Name',
      connect((packet) => without(packet, 'topicAliasMaximum')),
    ],
    [
      'maximum-packet-size',
      5000,
      '',
      ({ toServer, close }) => ({
        fromClient: ({ bytes }) => (bytes.length > 5000 ? close() : toServer(bytes)),
      }),
    ],
    ['maximum-packet-size', 1000, '', nothing, { maxPacketSize: 1000 }],
    ['longest-topic', 256, '', publish(({ topic }) => (topic.length > 256 ? 'close' : undefined))],
    ['most-topic-levels', 8, '', publish(({ topic }) => (topic.split('/').length > 8 ? 'drop' : undefined))],
    ['longest-client-identifier', 23, '', refused(0x85, ({ clientId }) => clientId.length > 23)],
    ['receive-maximum', 9, 'one more: DISCONNECT 0x93', nothing, { receiveMaximum: 9 }],
    ['obeys-receive-maximum', false, '6 messages', connect((packet) => without(packet, 'receiveMaximum'))],
  ]

describe.concurrent('a broker that differs:', () => {
  it.each(rows)('%s is %s: %s', async (key, value, detail, breaking, settings = {}) => {
    const { target, close } = await startEmbedded({ settings }, breaking)
    const login = key === 'anonymous' ? { username: 'ada', password: Buffer.from('x') } : {}
    const { capabilities } = await discover({
      ...{ target: { ...target, ...login }, jobs: 4, progress: () => {} },
      ...{ signal: new AbortController().signal, wanted: (probe) => probe === key },
    }).finally(close)
    const found = capabilities.find((capability) => capability.key === key)!
    expect(found.value).toBe(value)
    expect(found.detail).toMatch(detail)
  })
})

it('every probe has such a row', () => {
  const tried = new Set(rows.map(([key]) => key))
  // Not taken away from the embedded broker, which does not queue them.
  tried.add('queued-qos-0')
  expect(probes.map(({ key }) => key).filter((key) => !tried.has(key))).toEqual([])
})

it('a server that floods ends the probe', async () => {
  const flood = Array.from({ length: 200 }, () => ({
    ...{ cmd: 'publish', topic: '$SYS/x', payload: '', qos: 0, retain: false, dup: false },
  })) as IPublishPacket[]
  const flooding: Breaking = ({ toClient, toServer }) => ({
    fromClient({ packet, bytes }) {
      toServer(bytes)
      const begins = packet?.cmd === 'subscribe' && packet.subscriptions[0]!.topic === '$SYS/#'
      for (let round = 0; begins && round < 60; round++) toClient(...flood)
    },
  })
  const { target, close } = await startEmbedded({}, flooding)
  const { capabilities } = await discover({
    ...{ target, jobs: 1, progress: () => {}, signal: new AbortController().signal },
    wanted: (key) => key === 'sys-topics',
  }).finally(close)
  expect(capabilities.find(({ key }) => key === 'sys-topics')).toMatchObject({
    value: false,
    detail: 'the server sends far more messages than were published',
  })
})
