// Rules of MQTT-SN: messages that break each, and messages like them that do not.
import type { Step } from './scenarios.js'

/** CONNECT with a clean session and Duration 10, and CONNACK. */
const hello: Step[] = [
  ['>', '07 04 04 01 000a 61', 0],
  ['<', '03 05 00', 0.01],
]
/** The same with Duration 0, for tests that take long. */
const patient: Step[] = [
  ['>', '07 04 04 01 0000 61', 0],
  ['<', '03 05 00', 0.01],
]
const register = (id: string, at: number): Step => ['>', `07 0a 0000 ${id} 61`, at]
const regack = (id: string, at: number, topic = '0005', code = '00'): Step => [
  '<',
  `07 0b ${topic} ${id} ${code}`,
  at,
]
const registered: Step[] = [...patient, register('0001', 1), regack('0001', 1.1)]
/** A PUBLISH to topic id 5. */
const publish = (id: string, at: number, flags = '20', who: '>' | '<' = '>'): Step => [
  who,
  `08 0c ${flags} 0005 ${id} 61`,
  at,
]
const puback = (id: string, at: number, code = '00', topic = '0005'): Step => [
  '<',
  `07 0d ${topic} ${id} ${code}`,
  at,
]
const subscribe = (id: string, at: number): Step => ['>', `06 12 20 ${id} 61`, at]
const suback = (id: string, at: number): Step => ['<', `08 13 20 0006 ${id} 00`, at]
const ping = (at: number): Step => ['>', '03 16 61', at]
const pong = (at: number): Step => ['<', '02 17', at]
/** DISCONNECT with Duration 60, and its answer. */
const sleeps: Step[] = [...registered, ['>', '04 18 003c', 2], ['<', '02 18', 2.1]]
const leaves: Step[] = [...registered, ['>', '02 18', 2], ['<', '02 18', 2.1]]
const withWill: Step = ['>', '07 04 0c 01 000a 61', 0]

/** PUBREC, PUBREL and PUBCOMP. */
function steps2(id: string, at: number): Step[] {
  return [
    ['<', `04 0f ${id}`, at + 0.1],
    ['>', `04 10 ${id}`, at + 0.2],
    ['<', `04 0e ${id}`, at + 0.3],
  ]
}

export type SnCase = readonly [key: string, fires: readonly Step[], silent: readonly Step[], name?: string]

/** One message breaks the rule. */
const ofMessages: SnCase[] = [
  ['sn-type-reserved', [['>', '02 03']], [['>', '02 16']]],
  ['sn-type-reserved', [['>', '03 fe 00 03 fe 00 02 16']], [['>', '03 fe 00 02 16']], 'twice encapsulated'],
  ['sn-length', [['>', '05 16']], [['>', '02 16']]],
  ['sn-length', [['>', '01 0005 16 61']], [['>', '03 16 61']], 'three bytes needlessly'],
  ['sn-flags', [['>', '08 0c 03 0001 0000 61']], [['>', '08 0c 01 0001 0000 61']]],
  ['sn-flags-unused', [['>', '08 0c 09 0001 0000 61']], [['>', '08 0c 01 0001 0000 61']]],
  ['sn-flags-unused', [['>', '07 04 24 01 000a 61']], [['>', '07 04 0c 01 000a 61']], 'QoS in CONNECT'],
  ['sn-qos', [['>', '06 12 60 0001 61']], [['>', '06 12 40 0001 61']]],
  ['sn-dup-qos0', [['>', '08 0c 80 0005 0000 61']], [['>', '08 0c a0 0005 0001 61']]],
  ['sn-utf8', [['>', '06 12 00 0001 ff']], [['>', '07 12 00 0001 c3a9']]],
  ['sn-client-id', [['>', '06 04 04 01 000a']], [['>', '07 04 04 01 000a 61']]],
  ['sn-protocol-id', [['>', '07 04 04 02 000a 61']], [['>', '07 04 04 01 000a 61']]],
  ['sn-return-code', [['<', '03 05 04']], [['<', '03 05 03']]],
  ['sn-msg-id', [['>', '08 0c 20 0005 0000 61']], [['>', '08 0c 20 0005 0001 61']]],
  ['sn-msg-id', [['>', '08 0c 00 0005 0001 61']], [['>', '08 0c 00 0005 0000 61']], 'at QoS 0'],
  ['sn-topic-id-reserved', [['>', '08 0c 01 ffff 0000 61']], [['>', '08 0c 01 fffe 0000 61']]],
  ['sn-topic-id-reserved', [['<', '07 0b 0000 0001 00']], [['<', '07 0b 0000 0001 02']], 'REGACK'],
  ['sn-topic-name', [['>', '06 0a 0000 0001']], [['>', '07 0a 0000 0001 61']]],
  ['sn-topic-name', [['>', '07 0a 0000 0001 23']], [['>', '06 12 00 0001 23']], 'a wildcard'],
  ['sn-trailing', [['>', '04 0e 0001 ff']], [['>', '04 0e 0001']]],
  ['sn-qos-1-session', [['>', '08 0c 60 0005 0000 61']], [['>', '08 0c 61 0005 0000 61']]],
]

/** What came before decides. */
const ofClients: SnCase[] = [
  ['sn-direction', [...hello, ['<', '03 16 61', 1]], [...hello, ['>', '03 16 61', 1]]],
  ['sn-register-id', [...hello, ['>', '07 0a 0005 0001 61', 1]], [...hello, ['>', '07 0a 0000 0001 61', 1]]],
  [
    'sn-register-id',
    [...hello, ['<', '07 0a 0000 0001 61', 1]],
    [...hello, ['<', '07 0a 0005 0001 61', 1]],
    'gateway',
  ],
  ['sn-will', [withWill, ['<', '03 05 00', 1]], [withWill, ['<', '03 05 03', 1]]],
  [
    'sn-will',
    [withWill, ['<', '02 06', 1], ['>', '04 07 00 61', 2], ['<', '03 05 00', 3]],
    [withWill, ['<', '02 06', 1], ['>', '02 07', 2], ['<', '03 05 00', 3]],
    'no WILLMSGREQ; an empty WILLTOPIC',
  ],
  ['sn-will', [withWill, ['<', '02 08', 1]], [withWill, ['<', '02 06', 1]], 'WILLMSGREQ first'],
  [
    'sn-will',
    [hello[0]!, ['<', '02 06', 1]],
    [
      withWill,
      ['<', '02 06', 1],
      ['>', '04 07 00 61', 2],
      ['<', '02 08', 3],
      ['>', '03 09 62', 4],
      ['<', '03 05 00', 5],
    ],
    'not asked for; all of it',
  ],
  [
    'sn-not-connected',
    [hello[0]!, ['<', '03 05 01', 1], register('0001', 2)],
    [...hello, register('0001', 2)],
  ],
  ['sn-not-connected', [ping(0), ['<', '02 18', 1]], [ping(0), pong(1), ['<', '02 18', 2]], 'PINGREQ'],
  [
    'sn-after-disconnect',
    [...leaves, publish('0002', 3)],
    [...leaves, hello[0]!, hello[1]!, publish('0002', 3)],
  ],
  [
    'sn-after-disconnect',
    [...leaves, ['>', '02 16', 3]],
    [...leaves, ['>', '08 0c 61 0005 0000 61', 3]],
    'QoS -1 may',
  ],
  ['sn-topicid-unknown', [...hello, publish('0000', 1, '00')], [...registered, publish('0000', 2, '00')]],
  [
    'sn-topicid-unknown',
    [...hello, publish('0001', 1, '20', '<')],
    [...hello, ['<', '07 0a 0005 0009 61', 1], ['>', '07 0b 0005 0009 00', 1], publish('0001', 1, '20', '<')],
    'from the gateway',
  ],
  [
    'sn-one-outstanding',
    [...registered, publish('0002', 2), publish('0003', 2.1), puback('0002', 2.2)],
    [...registered, publish('0002', 2), puback('0002', 2.1), publish('0003', 2.2), puback('0003', 2.3)],
  ],
  [
    'sn-one-outstanding',
    [...hello, register('0001', 1), register('0002', 2), regack('0001', 3)],
    // Without the answer, the capture may have lost it.
    [...hello, register('0001', 1), register('0002', 2)],
    'REGISTER',
  ],
  [
    'sn-one-outstanding',
    [...hello, subscribe('0001', 1), subscribe('0002', 2), suback('0001', 3)],
    [...hello, register('0001', 1), subscribe('0002', 2), regack('0001', 3), suback('0002', 4)],
    'SUBSCRIBE; of two kinds',
  ],
  [
    'sn-ack-unknown',
    [...registered, publish('0002', 2), puback('0009', 2.1)],
    [...registered, publish('0002', 2), puback('0002', 2.1), puback('0002', 2.2)],
  ],
  ['sn-ack-uncaptured', [...registered, puback('0009', 2)], [publish('0009', 1), puback('0009', 2)]],
  [
    'sn-ack-type',
    [...registered, publish('0002', 2, '40'), puback('0002', 2.1)],
    [...registered, publish('0002', 2, '40'), puback('0002', 2.1, '02')],
  ],
  [
    'sn-ack-type',
    [...registered, publish('0002', 2, '40'), ['<', '04 0e 0002', 3]],
    [
      ...registered,
      publish('0002', 2, '40'),
      ['<', '04 0f 0002', 3],
      ['>', '04 10 0002', 4],
      ['<', '04 0e 0002', 5],
    ],
    'PUBCOMP without PUBREC',
  ],
  [
    'sn-ack-type',
    [...hello, subscribe('0001', 1), ['<', '04 15 0001', 2]],
    [...hello, subscribe('0001', 1)],
    'UNSUBACK',
  ],
  [
    'sn-ack-topic',
    [...registered, publish('0002', 2), puback('0002', 2.1, '00', '0006')],
    [...registered, publish('0002', 2), puback('0002', 2.1, '02', '0000')],
  ],
  [
    'sn-ack-topic',
    [...hello, ['<', '07 0a 0005 0001 61', 1], ['>', '07 0b 0006 0001 00', 2]],
    [...hello, ['<', '07 0a 0005 0001 61', 1], ['>', '07 0b 0005 0001 00', 2]],
    'REGACK of a client',
  ],
  ['sn-dup-first', [...registered, publish('0002', 1.2, 'a0')], [...registered, publish('0002', 11.2, 'a0')]],
  [
    'sn-dup-first',
    [...registered, ...['2', '3', '4'].map((id, at) => publish(`000${id}`, 20 + at * 20, 'a0'))],
    [...registered, ...['2', '3'].map((id, at) => publish(`000${id}`, 20 + at * 20, 'a0'))],
    'always',
  ],
  [
    'sn-dup-missing',
    [...registered, publish('0002', 2), publish('0002', 12)],
    [...registered, publish('0002', 2), publish('0002', 12, 'a0'), publish('0002', 12.1, 'a0')],
  ],
  [
    'sn-dup-missing',
    [...registered, publish('0001', 2), publish('0001', 12), publish('0001', 22)],
    // A client that always uses the same MsgId, and an acknowledgement that was not captured.
    [...registered, publish('0001', 2), publish('0001', 12), puback('0001', 12.1)],
    'the MsgId is used again',
  ],
  [
    'sn-dup-missing',
    [...registered, publish('0002', 2, '40'), publish('0002', 14, '40')],
    [...registered, publish('0002', 2, '40'), publish('0002', 2.1, '40')],
    'a copy that the network made',
  ],
  [
    'sn-late-answer',
    [...registered, publish('0002', 2), puback('0002', 20)],
    [...registered, publish('0002', 2), publish('0002', 14, 'a0'), puback('0002', 20)],
  ],
  [
    'sn-retry-time',
    [...registered, publish('0002', 2), publish('0002', 4, 'a0')],
    [...registered, publish('0002', 2), publish('0002', 12, 'a0'), publish('0002', 26, 'a0')],
  ],
  [
    'sn-to-sleeping',
    [...sleeps, publish('0000', 3, '00', '<')],
    [...sleeps, ping(3), publish('0000', 4, '00', '<'), pong(5)],
  ],
  [
    'sn-to-sleeping',
    [...sleeps, publish('0000', 3, '00', '<'), ping(50)],
    // A PINGREQ may be missing in the capture.
    [...sleeps, publish('0000', 3, '00', '<'), pong(3.1), ping(50)],
    'reported when the client wakes',
  ],
  [
    'sn-from-sleeping',
    [...sleeps, publish('0003', 3)],
    [...sleeps, ['<', '03 05 00', 3], publish('0003', 4)],
  ],
  ['sn-from-sleeping', [...sleeps, ['>', '02 16', 3]], [...sleeps, ping(3), pong(3.1), ping(50)], 'PINGREQ'],
  ['sn-keepalive', [...hello, ['>', '02 16', 30]], [...hello, ['>', '02 16', 20]]],
  ['sn-keepalive', [...sleeps, ping(180)], [...sleeps, ping(61), pong(61.1), ping(121)], 'asleep'],
]

export const snCases: readonly SnCase[] = [...ofMessages, ...ofClients]

/** Valid exchanges from start to end: no message of them breaks a rule, whichever is missing or repeated by the network. */
export const snExchanges: readonly (readonly [name: string, steps: readonly Step[]])[] = [
  [
    'a session',
    [...registered, publish('0002', 2), puback('0002', 2.1), ['>', '02 18', 3], ['<', '02 18', 3.1]],
  ],
  [
    'QoS 2 and a retransmission',
    [
      ...registered,
      ...[publish('0002', 2, '40'), publish('0002', 12, 'c0')],
      ...([
        ['<', '04 0f 0002', 12.1],
        ['>', '04 10 0002', 12.2],
        ['<', '04 0e 0002', 12.3],
      ] as Step[]),
      ...[publish('0003', 13), puback('0003', 13.1), publish('0004', 13.2), puback('0004', 13.3)],
    ],
  ],
  [
    'acknowledgements that get lost after the capture',
    [
      ...registered,
      ...[publish('0002', 2), puback('0002', 2.1), publish('0002', 12, 'a0'), puback('0002', 12.1)],
      ...[publish('0003', 13, '40'), ...steps2('0003', 13), publish('0003', 23, 'c0'), ...steps2('0003', 23)],
      ...[register('0004', 30), regack('0004', 30.1), register('0004', 40), regack('0004', 40.1)],
      ...[publish('0005', 41), puback('0005', 41.1)],
    ],
  ],
  [
    'the gateway publishes',
    [
      ...[...patient, subscribe('0001', 1), suback('0001', 1.1)],
      ...([
        ['<', '07 0a 0005 0001 61', 2],
        ['>', '07 0b 0005 0001 00', 2.1],
      ] as Step[]),
      publish('0002', 2.2, '20', '<'),
      ['>', '07 0d 0005 0002 00', 2.3],
      publish('0002', 30, '40', '<'),
      ...([
        ['>', '04 0f 0002', 30.1],
        ['<', '04 10 0002', 30.2],
        ['>', '04 0e 0002', 30.3],
      ] as Step[]),
    ],
  ],
  [
    'a client that sleeps',
    [
      ...sleeps,
      ...[ping(60), publish('0000', 60.1, '00', '<'), pong(60.2), ping(120), pong(120.1)],
      ...([
        ['>', '07 04 00 01 0000 61', 125],
        ['<', '03 05 00', 125.1],
      ] as Step[]),
      ...[publish('0003', 126), puback('0003', 126.1)],
    ],
  ],
  [
    'with a will, and refused at first',
    [
      ...([
        withWill,
        ['<', '02 06', 0.1],
        ['>', '04 07 00 61', 0.2],
        ['<', '02 08', 0.3],
        ['>', '03 09 62', 0.4],
      ] as Step[]),
      ...([
        ['<', '03 05 01', 0.5],
        [withWill[0], withWill[1], 5],
        ['<', '02 06', 5.1],
        ['>', '04 07 00 61', 5.2],
      ] as Step[]),
      ...([
        ['<', '02 08', 5.3],
        ['>', '03 09 62', 5.4],
        ['<', '03 05 00', 5.5],
        ['>', '05 1a 10 6262', 6],
      ] as Step[]),
      ...([
        ['<', '03 1b 00', 6.1],
        ['>', '03 1c 63', 7],
        ['<', '03 1d 00', 7.1],
      ] as Step[]),
    ],
  ],
  [
    'behind a forwarder',
    [
      ...([
        ['>', '04 fe 01 0a 07 04 04 01 0000 61', 0],
        ['<', '04 fe 01 0a 03 05 00', 0.1],
      ] as Step[]),
      ...([
        ['>', '04 fe 01 0b 07 04 04 01 0000 62', 0.2],
        ['<', '04 fe 01 0b 03 05 00', 0.3],
      ] as Step[]),
      ...([
        ['>', '04 fe 01 0a 07 0a 0000 0001 61', 1],
        ['>', '04 fe 01 0b 07 0a 0000 0001 62', 1.1],
      ] as Step[]),
      ...([
        ['<', '04 fe 01 0b 07 0b 0005 0001 00', 1.2],
        ['<', '04 fe 01 0a 07 0b 0005 0001 00', 1.3],
      ] as Step[]),
    ],
  ],
  [
    'a client whose beginning was not captured',
    [
      ...[publish('0007', 1), puback('0007', 1.1), publish('0008', 2, '40')],
      ...([
        ['<', '04 0f 0008', 2.1],
        ['>', '04 10 0008', 2.2],
        ['<', '04 0e 0008', 2.3],
        ['<', '04 0e 0006', 3],
      ] as Step[]),
      ...[publish('0009', 4, 'a0'), puback('0009', 4.1), ping(5), pong(5.1)],
    ],
  ],
]
