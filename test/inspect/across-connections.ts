// Cases for rules across several connections to a server: events that break a rule, and similar events that do not.
// Times are in seconds; the observing client subscribes at second 0.
import type { ScenarioEvent, ScenarioOptions } from './scenarios.js'

const at4 = (clientId: string, more: object = {}) =>
  ({ cmd: 'connect', clientId, keepalive: 0, protocolVersion: 4, clean: true, ...more }) as const
const at5 = (clientId: string, more: object = {}) => ({ ...at4(clientId, more), protocolVersion: 5 }) as const
const accept = (sessionPresent = false) =>
  ({ cmd: 'connack', returnCode: 0, reasonCode: 0, sessionPresent }) as const
const bye = { cmd: 'disconnect', reasonCode: 0 } as const
const ping = (name: string, at: number): ScenarioEvent[] => [
  [name, '>', { cmd: 'pingreq' }, at],
  [name, '<', { cmd: 'pingresp' }],
]
type Sent = { qos?: 0 | 1 | 2; id?: number; dup?: boolean; retain?: boolean; properties?: object }
const says = (
  topic: string,
  payload: string,
  { qos = 0, id = 1, dup = false, retain = false, properties }: Sent = {},
) =>
  ({
    cmd: 'publish',
    topic,
    payload,
    qos,
    dup,
    retain,
    ...(qos > 0 && { messageId: id }),
    ...(properties && { properties }),
  }) as const
const ack = (cmd: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp', messageId = 1) =>
  ({ cmd, messageId, reasonCode: 0 }) as const
/** A client that connects at second 0. */
const joins = (name: string, version = 4, more: object = {}): ScenarioEvent[] => [
  [name, '>', version === 5 ? at5(name, more) : at4(name, more), 0],
  [name, '<', accept()],
]
/** A client that connects at second 0 and subscribes. */
const watches = (
  name: string,
  topic: string,
  options: { qos?: 0 | 1 | 2; version?: number; nl?: boolean; id?: number } = {},
): ScenarioEvent[] => {
  const { qos = 0, version = 4, nl = false, id = 1 } = options
  return [
    ...joins(name, version),
    [
      name,
      '>',
      {
        cmd: 'subscribe',
        messageId: id,
        subscriptions: [{ topic, qos, ...(version === 5 && { nl, rap: false, rh: 0 }) }],
      } as never,
    ],
    [name, '<', { cmd: 'suback', messageId: id, granted: [qos] }],
  ]
}
/** Reconnects with its session at second `at`. */
const resumes = (
  name: string,
  clientId: string,
  at: number,
  { version = 4, present = true, more = {} } = {},
): ScenarioEvent[] => [
  [name, '>', (version === 5 ? at5 : at4)(clientId, { clean: false, ...more }), at],
  [name, '<', accept(present)],
]
const persistent4: ScenarioEvent[] = [
  ['a', '>', at4('a', { clean: false }), 0],
  ['a', '<', accept()],
]
const expiring = { clean: false, properties: { sessionExpiryInterval: 3600 } }
const persistent5: ScenarioEvent[] = [
  ['a', '>', at5('a', expiring), 0],
  ['a', '<', accept()],
]
const again5 = { version: 5, more: expiring }
/** A client that stays connected, which proves that the server did not restart. */
const steady: ScenarioEvent[] = [...joins('steady'), ...ping('steady', 0.5)]

const twoSent: ScenarioEvent[] = [
  ['a', '>', says('t', 'one', { qos: 1, id: 7 })],
  ['a', '>', says('t', 'two', { qos: 1, id: 8 })],
  ['a', 'x', 'rst', '>', 1],
]
const will = { topic: 'dead', payload: 'gone', qos: 1, retain: false } as const
/** A client with a will that publishes to its Will Topic first, and an observer that receives it. */
const alive = (version = 4, more: object = {}): ScenarioEvent[] => [
  ...watches('w', 'dead', { qos: 1, version }),
  ...joins('v', version, { will, ...more }),
  ['v', '>', says('dead', 'alive'), 5],
  ['w', '<', says('dead', 'alive')],
]
const gone = says('dead', 'gone', { qos: 1, id: 3 })
const shown = (name: string): ScenarioEvent => [name, '>', ack('puback', 3)]
/** A complete QoS 2 exchange. */
const twice = (
  name: string,
  message: ReturnType<typeof says>,
  from: '>' | '<',
  at: number,
): ScenarioEvent[] => {
  const to = from === '>' ? '<' : '>'
  const id = Number((message as { messageId?: number }).messageId)
  return [
    [name, from, message, at],
    [name, to, ack('pubrec', id)],
    [name, from, ack('pubrel', id)],
    [name, to, ack('pubcomp', id)],
  ]
}
/** Sent, resent after a reconnect, and acknowledged. */
const resent: ScenarioEvent[] = [
  ['p', '>', at4('p', { clean: false }), 0],
  ['p', '<', accept()],
  ['p', '>', says('t', 'once', { qos: 2, id: 5 }), 5],
  ['p', 'x', 'rst', '>', 6],
  ...resumes('p2', 'p', 7),
  ...twice('p2', says('t', 'once', { qos: 2, id: 5, dup: true }), '>', 8),
]
const marked = {
  userProperties: { from: 'here' },
  contentType: 'text/plain',
  correlationData: Buffer.from('c'),
}

type ScenarioCase = readonly [what: string, acts: readonly ScenarioEvent[], inspectScenario?: ScenarioOptions]

/** A message that is resent, or pretends to be. */
const repeated = () => says('t', 'one', { qos: 1, id: 7, dup: true })
/** The client of `name` in a new session at second 2. */
const again = (name: string, version = 4): ScenarioEvent[] => [
  [`${name}2`, '>', (version === 5 ? at5 : at4)(name), 2],
  [`${name}2`, '<', accept()],
]
/** What comes before `again('a')`: a connection on which a message was sent that is resent now, or could have been. */
const earlier: readonly ScenarioCase[] = [
  ...[4, 5].map(
    (version) =>
      [
        `sent on an earlier connection of MQTT ${version}`,
        [...joins('a', version), ['a', '>', says('t', 'one', { qos: 1, id: 7 })], ['a', 'x', 'rst', '<']],
        { version },
      ] as const,
  ),
  [
    'an earlier connection had no CONNACK',
    [
      ['a', '>', at4('a'), 0],
      ['a', 'x', 'fin', '<'],
    ],
  ],
  [
    'an earlier connection was refused',
    [
      ['a', '>', at4('a'), 0],
      ['a', '<', '2002 00 03'],
    ],
  ],
  [
    'the start of a connection from its host was not captured',
    [
      ['b', '>', says('t', 'one', { qos: 1, id: 7 }), 0],
      ['b', '<', ack('puback', 7)],
      ['b', 'x', 'rst', '<'],
    ],
    { joined: ['b'] },
  ],
  ['an earlier connection came from another host', joins('a'), { hosts: { a2: '192.0.2.9' } }],
  [
    'its Client Identifier is one that the server assigned',
    [
      ['b', '>', at5(''), 0],
      ['b', '<', { ...accept(), properties: { assignedClientIdentifier: 'a' } }],
    ],
    { version: 5 },
  ],
]

/** By rule: cases that break it, and cases that do not. */
export const acrossConnections: Record<
  string,
  { fires: readonly ScenarioCase[]; silent: readonly ScenarioCase[] }
> = {
  'connack-missing': {
    fires: [
      [
        'the client waits and disconnects',
        [...joins('b'), ['a', '>', at4('a'), 1], ['a', 'x', 'fin', '>', 40]],
      ],
      [
        'the client keeps sending',
        [...joins('b'), ['a', '>', at4('a'), 1], ['a', '>', { cmd: 'pingreq' }, 40]],
      ],
    ],
    silent: [
      ['answered', [...joins('b'), ...joins('a'), ['a', 'x', 'fin', '>', 40]]],
      [
        'refused',
        [...joins('b'), ['a', '>', at4('a'), 1], ['a', '<', '2002 00 05'], ['a', 'x', 'fin', '<', 40]],
      ],
      ['closed by the server', [...joins('b'), ['a', '>', at4('a'), 1], ['a', 'x', 'fin', '<', 40]]],
      ['the client does not wait', [...joins('b'), ['a', '>', at4('a'), 1], ['a', 'x', 'fin', '>', 3]]],
      [
        'no packet of the server was captured',
        [
          ['a', '>', at4('a'), 1],
          ['a', 'x', 'fin', '>', 40],
        ],
      ],
      [
        'other packets of the server went to another host',
        [...joins('b'), ['a', '>', at4('a'), 1], ['a', 'x', 'fin', '>', 40]],
        { hosts: { b: '192.0.2.9' } },
      ],
      [
        'bytes are missing',
        [...joins('b'), ['a', '>', at4('a'), 1], ['a', 'gap'], ['a', 'x', 'fin', '>', 40]],
      ],
    ],
  },
  'dup-on-first': {
    fires: [
      ['of the only connection of its client', [...joins('a'), ['a', '>', repeated(), 1]]],
      ['of another client', [...joins('b'), ...joins('a'), ['a', '>', repeated(), 1]]],
      [
        'of the server, in a new session',
        [...watches('a', 't', { qos: 1 }), ['a', 'x', 'rst', '<'], ...again('a'), ['a2', '<', repeated(), 3]],
      ],
    ],
    silent: earlier.map(([what, acts, { version = 4, ...where } = {}]) => [
      what,
      [...acts, ...again('a', version), ['a2', '>', repeated(), 3]],
      { ...where, version },
    ]),
  },
  'ack-unknown-id': {
    fires: [['a PUBREL of the only connection of its client', [...joins('a'), ['a', '>', ack('pubrel'), 1]]]],
    silent: earlier.map(([what, acts, { version = 4, ...where } = {}]) => [
      `a PUBREL: ${what}`,
      [...acts, ...again('a', version), ['a2', '>', ack('pubrel'), 3]],
      { ...where, version },
    ]),
  },
  'session-lost-or-invented': {
    fires: [
      [
        'invented after Clean Session',
        [...joins('a'), ['a', '>', bye, 1], ['a', 'x', 'fin', '>', 1], ...resumes('a2', 'a', 2)],
      ],
      [
        'invented after Session Expiry Interval 0',
        [
          ...joins('a', 5),
          ['a', '>', bye, 1],
          ['a', 'x', 'fin', '>', 1],
          ...resumes('a2', 'a', 2, { version: 5 }),
        ],
        { version: 5 },
      ],
      [
        'lost',
        [
          ...steady,
          ...persistent4,
          ['a', '>', bye, 1],
          ['a', 'x', 'fin', '>', 1],
          ...resumes('a2', 'a', 2, { present: false }),
          ...ping('steady', 3),
        ],
      ],
      [
        'lost before its expiry',
        [
          ...steady,
          ...persistent5,
          ['a', '>', bye, 1],
          ['a', 'x', 'fin', '>', 1],
          ...resumes('a2', 'a', 2, { ...again5, present: false }),
          ...ping('steady', 3),
        ],
        { version: 5 },
      ],
    ],
    silent: [
      [
        'kept',
        [
          ...steady,
          ...persistent4,
          ['a', '>', bye, 1],
          ['a', 'x', 'fin', '>', 1],
          ...resumes('a2', 'a', 2),
          ...ping('steady', 3),
        ],
      ],
      [
        'Clean Session requested',
        [
          ...steady,
          ...persistent4,
          ['a', '>', bye, 1],
          ['a', 'x', 'fin', '>', 1],
          ['a2', '>', at4('a'), 2],
          ['a2', '<', accept()],
          ...ping('steady', 3),
        ],
      ],
      [
        'the server may have restarted',
        [
          ...persistent4,
          ['a', '>', bye, 1],
          ['a', 'x', 'fin', '>', 1],
          ...resumes('a2', 'a', 2, { present: false }),
        ],
      ],
      [
        'the server closed the connection',
        [
          ...steady,
          ...persistent4,
          ['a', 'x', 'fin', '<', 1],
          ...resumes('a2', 'a', 2, { present: false }),
          ...ping('steady', 3),
        ],
      ],
      [
        'much later, with a possible connection in between',
        [
          ...steady,
          ...persistent4,
          ['a', '>', bye, 1],
          ['a', 'x', 'fin', '>', 1],
          ...resumes('a2', 'a', 90, { present: false }),
          ...ping('steady', 99),
        ],
      ],
      [
        'from another address',
        [...joins('a'), ['a', '>', bye, 1], ['a', 'x', 'fin', '>', 1], ...resumes('a2', 'a', 2)],
        { hosts: { a2: '192.0.2.7' } },
      ],
      [
        'expired',
        [
          ...steady,
          ['a', '>', at5('a', { clean: false, properties: { sessionExpiryInterval: 1 } }), 0],
          ['a', '<', accept()],
          ['a', '>', bye, 1],
          ['a', 'x', 'fin', '>', 1],
          ...resumes('a2', 'a', 6, { ...again5, present: false }),
          ...ping('steady', 7),
        ],
        { version: 5 },
      ],
      [
        'ended by DISCONNECT',
        [
          ...steady,
          ...persistent5,
          ['a', '>', { ...bye, properties: { sessionExpiryInterval: 0 } } as never, 1],
          ['a', 'x', 'fin', '>', 1],
          ...resumes('a2', 'a', 2, { ...again5, present: false }),
          ...ping('steady', 3),
        ],
        { version: 5 },
      ],
      [
        'bytes are missing',
        [...joins('a'), ['a', 'gap'], ['a', 'x', 'fin', '>', 1], ...resumes('a2', 'a', 2)],
      ],
      [
        'the CONNECT was not captured',
        [['a', '<', accept(), 0], ['a', '>', bye, 1], ['a', 'x', 'fin', '>', 1], ...resumes('a2', 'a', 2)],
        { joined: ['a'] },
      ],
    ],
  },
  'resend-missing': {
    fires: [
      [
        'after a takeover',
        [
          ...persistent4,
          ['a', '>', says('t', 'one', { qos: 1, id: 7 })],
          ...resumes('a2', 'a', 2),
          ...ping('a2', 40),
        ],
      ],
      [
        'after a normal DISCONNECT',
        [
          ...persistent5,
          ['a', '>', says('t', 'one', { qos: 1, id: 7 })],
          ['a', '>', bye],
          ['a', 'x', 'fin', '>', 1],
          ...resumes('a2', 'a', 2, again5),
          ...ping('a2', 40),
        ],
        { version: 5 },
      ],
      [
        'a PUBLISH of the client',
        [
          ...persistent4,
          ['a', '>', says('t', 'one', { qos: 1, id: 7 })],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2),
          ...ping('a2', 40),
        ],
      ],
      [
        'a PUBREL of the client',
        [
          ...persistent4,
          ['a', '>', says('t', 'one', { qos: 2, id: 7 })],
          ['a', '<', ack('pubrec', 7)],
          ['a', '>', ack('pubrel', 7)],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2),
          ...ping('a2', 40),
        ],
      ],
      [
        'a PUBLISH of the server',
        [
          ...persistent5,
          ['a', '<', says('t', 'one', { qos: 1, id: 7 })],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2, again5),
          ...ping('a2', 40),
        ],
        { version: 5 },
      ],
      [
        'its Packet Identifier is used for another message',
        [
          ...persistent4,
          ['a', '>', says('t', 'one', { qos: 1, id: 7 })],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2),
          ['a2', '>', says('u', 'two', { qos: 1, id: 7 })],
          ['a2', '<', ack('puback', 7)],
          ...ping('a2', 40),
        ],
      ],
      [
        'nor in the connection after that',
        [
          ...persistent4,
          ['a', '>', says('t', 'one', { qos: 1, id: 7 })],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2),
          ['a2', 'x', 'rst', '>', 3],
          ...resumes('a3', 'a', 4),
          ...ping('a3', 40),
        ],
      ],
    ],
    silent: [
      [
        'after a DISCONNECT with an error',
        [
          ...persistent5,
          ['a', '>', says('t', 'one', { qos: 1, id: 7 })],
          ['a', '>', { ...bye, reasonCode: 0x80 }],
          ['a', 'x', 'fin', '>', 1],
          ...resumes('a2', 'a', 2, again5),
          ...ping('a2', 40),
        ],
        { version: 5 },
      ],
      [
        'sent again',
        [
          ...persistent4,
          ['a', '>', says('t', 'one', { qos: 1, id: 7 })],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2),
          ['a2', '>', says('t', 'one', { qos: 1, id: 7, dup: true })],
          ['a2', '<', ack('puback', 7)],
          ...ping('a2', 40),
        ],
      ],
      [
        'PUBREL resent',
        [
          ...persistent4,
          ['a', '>', says('t', 'one', { qos: 2, id: 7 })],
          ['a', '<', ack('pubrec', 7)],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2),
          ['a2', '>', ack('pubrel', 7)],
          ['a2', '<', ack('pubcomp', 7)],
          ...ping('a2', 40),
        ],
      ],
      [
        'the PUBREC did not arrive',
        [
          ...persistent4,
          ['a', '>', says('t', 'one', { qos: 2, id: 7 })],
          ['a', '<', ack('pubrec', 7)],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2),
          ['a2', '>', says('t', 'one', { qos: 2, id: 7, dup: true })],
          ['a2', '<', ack('pubrec', 7)],
          ['a2', '>', ack('pubrel', 7)],
          ['a2', '<', ack('pubcomp', 7)],
          ...ping('a2', 40),
        ],
      ],
      [
        'acknowledged before',
        [
          ...persistent4,
          ['a', '>', says('t', 'one', { qos: 1, id: 7 })],
          ['a', '<', ack('puback', 7)],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2),
          ...ping('a2', 40),
        ],
      ],
      [
        'QoS 0',
        [
          ...persistent4,
          ['a', '>', says('t', 'one')],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2),
          ...ping('a2', 40),
        ],
      ],
      [
        'the session is gone',
        [
          ...persistent4,
          ['a', '>', says('t', 'one', { qos: 1, id: 7 })],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2, { present: false }),
          ...ping('a2', 40),
        ],
      ],
      [
        'too little time',
        [
          ...persistent4,
          ['a', '>', says('t', 'one', { qos: 1, id: 7 })],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2),
          ...ping('a2', 5),
        ],
      ],
      [
        'the server waits for acknowledgements',
        [
          ...persistent5,
          ['a', '<', says('t', 'one', { qos: 1, id: 7 })],
          ['a', '<', says('t', 'two', { qos: 1, id: 8 })],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2, again5),
          ['a2', '<', says('t', 'one', { qos: 1, id: 7, dup: true })],
          ...ping('a2', 40),
        ],
        { version: 5 },
      ],
      [
        'the message may expire',
        [
          ...persistent5,
          ['a', '<', says('t', 'one', { qos: 1, id: 7, properties: { messageExpiryInterval: 1 } })],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 4, again5),
          ...ping('a2', 40),
        ],
        { version: 5 },
      ],
      [
        'too large for the new connection',
        [
          ...persistent5,
          ['a', '<', says('t', 'one two three four', { qos: 1, id: 7 })],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2, {
            version: 5,
            more: { clean: false, properties: { sessionExpiryInterval: 3600, maximumPacketSize: 20 } },
          }),
          ...ping('a2', 40),
        ],
        { version: 5 },
      ],
      [
        'much later, with a possible connection in between',
        [
          ...persistent4,
          ['a', '>', says('t', 'one', { qos: 1, id: 7 })],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 50),
          ...ping('a2', 90),
        ],
      ],
      [
        'from another address',
        [
          ...persistent4,
          ['a', '>', says('t', 'one', { qos: 1, id: 7 })],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2),
          ...ping('a2', 40),
        ],
        { hosts: { a2: '192.0.2.7' } },
      ],
      [
        'bytes are missing',
        [
          ...persistent4,
          ['a', '>', says('t', 'one', { qos: 1, id: 7 })],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2),
          ['a2', 'gap'],
          ...ping('a2', 40),
        ],
      ],
    ],
  },
  'resend-order': {
    fires: [
      [
        'the second message first',
        [
          ...persistent4,
          ...twoSent,
          ...resumes('a2', 'a', 2),
          ['a2', '>', says('t', 'two', { qos: 1, id: 8, dup: true })],
          ['a2', '>', says('t', 'one', { qos: 1, id: 7, dup: true })],
        ],
      ],
      [
        'the order of the first connection is required',
        [
          ...persistent4,
          ...twoSent,
          ...resumes('a2', 'a', 2),
          ['a2', '>', says('t', 'one', { qos: 1, id: 7, dup: true })],
          ['a2', 'x', 'rst', '>', 3],
          ...resumes('a3', 'a', 4),
          ['a3', '>', says('t', 'two', { qos: 1, id: 8, dup: true })],
          ['a3', '>', says('t', 'one', { qos: 1, id: 7, dup: true })],
        ],
      ],
    ],
    silent: [
      [
        'in order',
        [
          ...persistent4,
          ...twoSent,
          ...resumes('a2', 'a', 2),
          ['a2', '>', says('t', 'one', { qos: 1, id: 7, dup: true })],
          ['a2', '>', says('t', 'two', { qos: 1, id: 8, dup: true })],
        ],
      ],
      [
        'Packet Identifiers start over',
        [
          ...persistent4,
          ['a', '>', says('t', 'one', { qos: 1, id: 65535 })],
          ['a', '>', says('t', 'two', { qos: 1, id: 1 })],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2),
          ['a2', '>', says('t', 'one', { qos: 1, id: 65535, dup: true })],
          ['a2', '>', says('t', 'two', { qos: 1, id: 1, dup: true })],
        ],
      ],
      [
        'in order after a second loss',
        [
          ...persistent4,
          ...twoSent,
          ...resumes('a2', 'a', 2),
          ['a2', '>', says('t', 'one', { qos: 1, id: 7, dup: true })],
          ['a2', 'x', 'rst', '>', 3],
          ...resumes('a3', 'a', 4),
          ['a3', '>', says('t', 'one', { qos: 1, id: 7, dup: true })],
          ['a3', '>', says('t', 'two', { qos: 1, id: 8, dup: true })],
        ],
      ],
      [
        'the acknowledgement of the first did not arrive',
        [
          ...persistent4,
          ['a', '>', says('t', 'one', { qos: 1, id: 7 })],
          ['a', '>', says('t', 'two', { qos: 1, id: 8 })],
          ['a', '<', ack('puback', 8)],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2),
          ['a2', '>', says('t', 'one', { qos: 1, id: 7, dup: true })],
          ['a2', '>', says('t', 'two', { qos: 1, id: 8, dup: true })],
        ],
      ],
      [
        'a new message first',
        [
          ...persistent4,
          ...twoSent,
          ...resumes('a2', 'a', 2),
          ['a2', '>', says('t', 'three', { qos: 1, id: 9 })],
          ['a2', '>', says('t', 'one', { qos: 1, id: 7, dup: true })],
          ['a2', '>', says('t', 'two', { qos: 1, id: 8, dup: true })],
        ],
      ],
      [
        'the session is gone',
        [
          ...persistent4,
          ...twoSent,
          ...resumes('a2', 'a', 2, { present: false }),
          ['a2', '>', says('t', 'two', { qos: 1, id: 8 })],
          ['a2', '>', says('t', 'one', { qos: 1, id: 7 })],
        ],
      ],
    ],
  },
  'resend-new-id': {
    fires: [
      [
        'by the client',
        [
          ...persistent4,
          ...twoSent,
          ...resumes('a2', 'a', 2),
          ['a2', '>', says('t', 'one', { qos: 1, id: 20, dup: true })],
        ],
      ],
      [
        'by the server',
        [
          ...persistent5,
          ['a', '<', says('t', 'one', { qos: 1, id: 7 })],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2, again5),
          ['a2', '<', says('t', 'one', { qos: 1, id: 20, dup: true })],
        ],
        { version: 5 },
      ],
    ],
    silent: [
      [
        'the same',
        [
          ...persistent4,
          ...twoSent,
          ...resumes('a2', 'a', 2),
          ['a2', '>', says('t', 'one', { qos: 1, id: 7, dup: true })],
        ],
      ],
      [
        'a new message with the same content',
        [
          ...persistent4,
          ...twoSent,
          ...resumes('a2', 'a', 2),
          ['a2', '>', says('t', 'one', { qos: 1, id: 20 })],
        ],
      ],
      [
        'another message whose acknowledgement did not arrive',
        [
          ...persistent4,
          ['a', '>', says('t', 'one', { qos: 1, id: 6 })],
          ['a', '<', ack('puback', 6)],
          ['a', '>', says('t', 'one', { qos: 1, id: 7 })],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2),
          ['a2', '>', says('t', 'one', { qos: 1, id: 6, dup: true })],
        ],
      ],
      [
        'two messages with the same content',
        [
          ...persistent4,
          ['a', '>', says('t', 'one', { qos: 1, id: 6 })],
          ['a', '>', says('t', 'one', { qos: 1, id: 7 })],
          ['a', 'x', 'rst', '>', 1],
          ...resumes('a2', 'a', 2),
          ['a2', '>', says('t', 'one', { qos: 1, id: 9, dup: true })],
        ],
      ],
      [
        'other content',
        [
          ...persistent4,
          ...twoSent,
          ...resumes('a2', 'a', 2),
          ['a2', '>', says('t', 'six', { qos: 1, id: 20, dup: true })],
        ],
      ],
    ],
  },
  'delivery-order': {
    fires: [
      [
        'two messages of one topic',
        [
          ...watches('w', 't'),
          ...joins('p'),
          ['p', '>', says('t', 'one'), 5],
          ['p', '>', says('t', 'two')],
          ['w', '<', says('t', 'two')],
          ['w', '<', says('t', 'one')],
        ],
      ],
      [
        'at QoS 2',
        [
          ...watches('w', 't', { qos: 2 }),
          ...joins('p'),
          ...twice('p', says('t', 'one', { qos: 2, id: 1 }), '>', 5),
          ...twice('p', says('t', 'two', { qos: 2, id: 2 }), '>', 5),
          ...twice('w', says('t', 'two', { qos: 2, id: 1 }), '<', 6),
          ...twice('w', says('t', 'one', { qos: 2, id: 2 }), '<', 6),
        ],
      ],
      [
        'published before another subscriber left',
        [
          ...watches('w', 't'),
          ...watches('x', 't'),
          ...joins('p'),
          ['p', '>', says('t', 'one'), 5],
          ['p', '>', says('t', 'two')],
          ['x', '<', says('t', 'one')],
          ['x', '<', says('t', 'two')],
          ['x', 'x', 'rst', '>', 6],
          ['w', '<', says('t', 'two'), 7],
          ['w', '<', says('t', 'one')],
        ],
      ],
      [
        'the same content was published before anybody subscribed',
        [
          ...joins('p'),
          ['p', '>', says('t', 'one')],
          ...watches('w', 't'),
          ['p', '>', says('t', 'one'), 5],
          ['p', '>', says('t', 'two')],
          ['w', '<', says('t', 'two')],
          ['w', '<', says('t', 'one')],
        ],
      ],
      [
        'after a message that was published and delivered twice',
        [
          ...watches('w', 't'),
          ...joins('p'),
          ['p', '>', says('t', 'twice'), 5],
          ['p', '>', says('t', 'twice')],
          ['w', '<', says('t', 'twice')],
          ['w', '<', says('t', 'twice')],
          ['p', '>', says('t', 'one'), 6],
          ['p', '>', says('t', 'two')],
          ['w', '<', says('t', 'two')],
          ['w', '<', says('t', 'one')],
        ],
      ],
    ],
    silent: [
      [
        'in order',
        [
          ...watches('w', 't'),
          ...joins('p'),
          ['p', '>', says('t', 'one'), 5],
          ['p', '>', says('t', 'two')],
          ['w', '<', says('t', 'one')],
          ['w', '<', says('t', 'two')],
        ],
      ],
      [
        'two topics',
        [
          ...watches('w', '#'),
          ...joins('p'),
          ['p', '>', says('t', 'one'), 5],
          ['p', '>', says('u', 'two')],
          ['w', '<', says('u', 'two')],
          ['w', '<', says('t', 'one')],
        ],
      ],
      [
        'two QoS',
        [
          ...watches('w', 't', { qos: 1 }),
          ...joins('p'),
          ['p', '>', says('t', 'one', { qos: 1 }), 5],
          ['p', '>', says('t', 'two')],
          ['w', '<', says('t', 'two')],
          ['w', '<', says('t', 'one', { qos: 1 })],
        ],
      ],
      [
        'two publishers',
        [
          ...watches('w', 't'),
          ...joins('p'),
          ...joins('q'),
          ['p', '>', says('t', 'one'), 5],
          ['q', '>', says('t', 'two')],
          ['w', '<', says('t', 'two')],
          ['w', '<', says('t', 'one')],
        ],
      ],
      [
        'the same content again',
        [
          ...watches('w', 't'),
          ...joins('p'),
          ['p', '>', says('t', 'on'), 5],
          ['p', '>', says('t', 'off')],
          ['p', '>', says('t', 'on')],
          ['w', '<', says('t', 'on')],
          ['w', '<', says('t', 'off')],
          ['w', '<', says('t', 'on')],
        ],
      ],
      [
        'resent by the publisher',
        [
          ...watches('w', 't', { qos: 1 }),
          ...joins('p'),
          ['p', '>', says('t', 'one', { qos: 1, id: 1 }), 5],
          ['p', '>', says('t', 'two', { qos: 1, id: 2 })],
          ['p', '>', says('t', 'one', { qos: 1, id: 1, dup: true })],
          ['w', '<', says('t', 'two', { qos: 1, id: 1 })],
          ['w', '<', says('t', 'one', { qos: 1, id: 2 })],
        ],
      ],
      [
        'an uncaptured client publishes the same',
        [
          ...watches('w', 't'),
          ...joins('p'),
          ['p', '>', says('t', 'one'), 5],
          ['p', '>', says('t', 'two')],
          ['w', '<', says('t', 'two')],
          ['w', '<', says('t', 'one')],
          ['w', '<', says('t', 'two')],
        ],
      ],
      [
        'an uncaptured client publishes to the topic',
        [
          ...watches('w', 't'),
          ...joins('p'),
          ['p', '>', says('t', 'one'), 5],
          ['p', '>', says('t', 'two')],
          ['w', '<', says('t', 'two')],
          ['w', '<', says('t', 'one')],
          ['w', '<', says('t', 'zero')],
        ],
      ],
      [
        'overlapping subscriptions',
        [
          ...watches('w', 't'),
          ['w', '>', { cmd: 'subscribe', messageId: 9, subscriptions: [{ topic: '#', qos: 0 }] } as never],
          ['w', '<', { cmd: 'suback', messageId: 9, granted: [0] }],
          ...joins('p'),
          ['p', '>', says('t', 'one'), 5],
          ['p', '>', says('t', 'two')],
          ['w', '<', says('t', 'two')],
          ['w', '<', says('t', 'one')],
        ],
      ],
      [
        'a Shared Subscription',
        [
          ...watches('w', '$share/g/t', { version: 5 }),
          ...joins('p', 5),
          ['p', '>', says('t', 'one'), 5],
          ['p', '>', says('t', 'two')],
          ['w', '<', says('t', 'two')],
          ['w', '<', says('t', 'one')],
        ],
        { version: 5 },
      ],
      [
        'bytes of the publisher are missing',
        [
          ...watches('w', 't'),
          ...joins('p'),
          ['p', '>', says('t', 'one'), 5],
          ['p', '>', says('t', 'two')],
          ['p', 'gap'],
          ['w', '<', says('t', 'two')],
          ['p', '<', { cmd: 'pingresp' }],
          ['w', '<', says('t', 'one')],
        ],
      ],
      [
        'another connection was joined in mid-stream',
        [
          ...watches('w', 't'),
          ...joins('p'),
          ['q', '>', says('t', 'x'), 4],
          ['q', '>', says('t', 'y')],
          ['q', '>', says('t', 'z')],
          ['p', '>', says('t', 'one'), 5],
          ['p', '>', says('t', 'two')],
          ['w', '<', says('t', 'two')],
          ['w', '<', says('t', 'one')],
        ],
        { joined: ['q'] },
      ],
    ],
  },
  'qos2-duplicate': {
    fires: [
      [
        'resent before its PUBREL',
        [
          ...watches('w', 't', { qos: 2 }),
          ...resent,
          ...twice('w', says('t', 'once', { qos: 2, id: 1 }), '<', 9),
          ...twice('w', says('t', 'once', { qos: 2, id: 2 }), '<', 9),
        ],
      ],
    ],
    silent: [
      [
        'delivered once',
        [
          ...watches('w', 't', { qos: 2 }),
          ...resent,
          ...twice('w', says('t', 'once', { qos: 2, id: 1 }), '<', 9),
        ],
      ],
      [
        'to two subscribers',
        [
          ...watches('w', 't', { qos: 2 }),
          ...watches('u', 't', { qos: 2 }),
          ...resent,
          ...twice('w', says('t', 'once', { qos: 2, id: 1 }), '<', 9),
          ...twice('u', says('t', 'once', { qos: 2, id: 1 }), '<', 9),
        ],
      ],
      [
        'resent to the subscriber too',
        [
          ...watches('w', 't', { qos: 2 }),
          ...resent,
          ['w', '<', says('t', 'once', { qos: 2, id: 1 }), 9],
          ...twice('w', says('t', 'once', { qos: 2, id: 1, dup: true }), '<', 9),
        ],
      ],
      [
        'to a subscriber of QoS 1',
        [
          ...watches('w', 't', { qos: 1 }),
          ...resent,
          ['w', '<', says('t', 'once', { qos: 1, id: 1 })],
          ['w', '>', ack('puback', 1)],
          ['w', '<', says('t', 'once', { qos: 1, id: 2 })],
          ['w', '>', ack('puback', 2)],
        ],
      ],
      [
        'published twice',
        [
          ...watches('w', 't', { qos: 2 }),
          ...joins('p'),
          ...twice('p', says('t', 'once', { qos: 2, id: 1 }), '>', 5),
          ...twice('p', says('t', 'once', { qos: 2, id: 2 }), '>', 6),
          ...twice('w', says('t', 'once', { qos: 2, id: 1 }), '<', 9),
          ...twice('w', says('t', 'once', { qos: 2, id: 2 }), '<', 9),
        ],
      ],
      [
        'an uncaptured client published the same',
        [
          ...watches('w', 't', { qos: 2 }),
          ...joins('p'),
          ...twice('p', says('t', 'once', { qos: 2, id: 1 }), '>', 5),
          ...twice('w', says('t', 'once', { qos: 2, id: 1 }), '<', 9),
          ...twice('w', says('t', 'once', { qos: 2, id: 2 }), '<', 9),
        ],
      ],
      [
        'overlapping subscriptions',
        [
          ...watches('w', 't', { qos: 2 }),
          ['w', '>', { cmd: 'subscribe', messageId: 9, subscriptions: [{ topic: '#', qos: 2 }] } as never],
          ['w', '<', { cmd: 'suback', messageId: 9, granted: [2] }],
          ...resent,
          ...twice('w', says('t', 'once', { qos: 2, id: 1 }), '<', 9),
          ...twice('w', says('t', 'once', { qos: 2, id: 2 }), '<', 9),
        ],
      ],
    ],
  },
  'props-altered': {
    fires: [
      [
        'a User Property is missing',
        [
          ...watches('w', 't', { version: 5 }),
          ...joins('p', 5),
          ['p', '>', says('t', 'one', { properties: marked }), 5],
          ['w', '<', says('t', 'one', { properties: { ...marked, userProperties: undefined } })],
        ],
        { version: 5 },
      ],
      [
        'another Content Type',
        [
          ...watches('w', 't', { version: 5 }),
          ...joins('p', 5),
          ['p', '>', says('t', 'one', { properties: marked }), 5],
          ['w', '<', says('t', 'one', { properties: { ...marked, contentType: 'text/html' } })],
        ],
        { version: 5 },
      ],
      [
        'other Correlation Data',
        [
          ...watches('w', 't', { version: 5 }),
          ...joins('p', 5),
          ['p', '>', says('t', 'one', { properties: marked }), 5],
          ['w', '<', says('t', 'one', { properties: { ...marked, correlationData: Buffer.from('d') } })],
        ],
        { version: 5 },
      ],
      [
        'no properties',
        [
          ...watches('w', 't', { version: 5 }),
          ...joins('p', 5),
          ['p', '>', says('t', 'one', { properties: marked }), 5],
          ['w', '<', says('t', 'one')],
        ],
        { version: 5 },
      ],
    ],
    silent: [
      [
        'unaltered',
        [
          ...watches('w', 't', { version: 5 }),
          ...joins('p', 5),
          ['p', '>', says('t', 'one', { properties: marked }), 5],
          ['w', '<', says('t', 'one', { properties: marked })],
        ],
        { version: 5 },
      ],
      [
        'shorter Message Expiry Interval and a Topic Alias',
        [
          ...watches('w', 't', { version: 5 }),
          ...joins('p', 5),
          ['p', '>', says('t', 'one', { properties: { ...marked, messageExpiryInterval: 9 } }), 5],
          [
            'w',
            '<',
            says('t', 'one', {
              properties: { ...marked, messageExpiryInterval: 8, subscriptionIdentifier: 1 },
            }),
          ],
        ],
        { version: 5 },
      ],
      [
        'additional properties',
        [
          ...watches('w', 't', { version: 5 }),
          ...joins('p', 5),
          ['p', '>', says('t', 'one', { properties: marked }), 5],
          [
            'w',
            '<',
            says('t', 'one', { properties: { ...marked, userProperties: { by: 'server', from: 'here' } } }),
          ],
        ],
        { version: 5 },
      ],
      [
        'an uncaptured client published it too',
        [
          ...watches('w', 't', { version: 5 }),
          ...joins('p', 5),
          ['p', '>', says('t', 'one', { properties: marked }), 5],
          ['w', '<', says('t', 'one')],
          ['w', '<', says('t', 'one', { properties: marked })],
        ],
        { version: 5 },
      ],
      [
        'published twice, once without properties',
        [
          ...watches('w', 't', { version: 5 }),
          ...joins('p', 5),
          ['p', '>', says('t', 'one', { properties: marked }), 5],
          ['p', '>', says('t', 'one')],
          ['w', '<', says('t', 'one')],
          ['w', '<', says('t', 'one', { properties: marked })],
        ],
        { version: 5 },
      ],
      [
        'bytes of another connection are missing',
        [
          ...watches('w', 't', { version: 5 }),
          ...joins('p', 5),
          ...joins('q', 5),
          ['q', 'gap'],
          ['q', '<', { cmd: 'pingresp' }],
          ['p', '>', says('t', 'one', { properties: marked }), 5],
          ['w', '<', says('t', 'one')],
        ],
        { version: 5 },
      ],
    ],
  },
  'nolocal-broken': {
    fires: [
      [
        'its own message, which another client received once',
        [
          ...watches('w', 't', { version: 5 }),
          ...watches('p', 't', { version: 5, nl: true }),
          ['p', '>', says('t', 'mine'), 5],
          ['w', '<', says('t', 'mine')],
          ['p', '<', says('t', 'mine')],
        ],
        { version: 5 },
      ],
      [
        'in the other order',
        [
          ...watches('w', 't', { version: 5 }),
          ...watches('p', 't', { version: 5, nl: true }),
          ['p', '>', says('t', 'mine'), 5],
          ['p', '<', says('t', 'mine')],
          ['w', '<', says('t', 'mine')],
        ],
        { version: 5 },
      ],
    ],
    silent: [
      [
        "another's",
        [
          ...watches('p', 't', { version: 5, nl: true }),
          ...joins('q', 5),
          ['q', '>', says('t', 'yours'), 5],
          ['p', '<', says('t', 'yours')],
        ],
        { version: 5 },
      ],
      [
        'the same message, also published by another client',
        [
          ...watches('w', 't', { version: 5 }),
          ...watches('p', 't', { version: 5, nl: true }),
          ...joins('q', 5),
          ['p', '>', says('t', 'mine'), 5],
          ['q', '>', says('t', 'mine')],
          ['w', '<', says('t', 'mine')],
          ['w', '<', says('t', 'mine')],
          ['p', '<', says('t', 'mine')],
        ],
        { version: 5 },
      ],
      [
        'an uncaptured client published the same',
        [
          ...watches('w', 't', { version: 5 }),
          ...watches('p', 't', { version: 5, nl: true }),
          ['p', '>', says('t', 'mine'), 5],
          ['w', '<', says('t', 'mine')],
          ['w', '<', says('t', 'mine')],
          ['p', '<', says('t', 'mine')],
        ],
        { version: 5 },
      ],
      [
        'no other subscriber to compare with',
        [
          ...watches('p', 't', { version: 5, nl: true }),
          ['p', '>', says('t', 'mine'), 5],
          ['p', '<', says('t', 'mine')],
        ],
        { version: 5 },
      ],
      [
        'without No Local',
        [
          ...watches('w', 't', { version: 5 }),
          ...watches('p', 't', { version: 5 }),
          ['p', '>', says('t', 'mine'), 5],
          ['w', '<', says('t', 'mine')],
          ['p', '<', says('t', 'mine')],
        ],
        { version: 5 },
      ],
      [
        'another subscription without No Local',
        [
          ...watches('w', 't', { version: 5 }),
          ...watches('p', 't', { version: 5, nl: true }),
          [
            'p',
            '>',
            {
              cmd: 'subscribe',
              messageId: 9,
              subscriptions: [{ topic: '#', qos: 0, nl: false, rap: false, rh: 0 }],
            } as never,
          ],
          ['p', '<', { cmd: 'suback', messageId: 9, granted: [0] }],
          ['p', '>', says('t', 'mine'), 5],
          ['w', '<', says('t', 'mine')],
          ['p', '<', says('t', 'mine')],
        ],
        { version: 5 },
      ],
    ],
  },
  'will-after-disconnect': {
    fires: [
      [
        'soon after DISCONNECT',
        [
          ...watches('w', 'dead'),
          ...joins('v', 4, { will }),
          ['v', '>', bye, 5],
          ['w', '<', says('dead', 'gone')],
          ['v', 'x', 'fin', '>'],
        ],
      ],
      [
        'MQTT 5',
        [
          ...watches('w', 'dead', { version: 5 }),
          ...joins('v', 5, { will }),
          ['v', '>', bye, 5],
          ['v', 'x', 'fin', '>'],
          ['w', '<', says('dead', 'gone'), 5.5],
        ],
        { version: 5 },
      ],
    ],
    silent: [
      [
        'without DISCONNECT',
        [
          ...watches('w', 'dead'),
          ...joins('v', 4, { will }),
          ['v', 'x', 'fin', '>', 5],
          ['w', '<', says('dead', 'gone')],
        ],
      ],
      [
        'DISCONNECT with will message',
        [
          ...watches('w', 'dead', { version: 5 }),
          ...joins('v', 5, { will }),
          ['v', '>', { cmd: 'disconnect', reasonCode: 4 }, 5],
          ['v', 'x', 'fin', '>'],
          ['w', '<', says('dead', 'gone')],
        ],
        { version: 5 },
      ],
      [
        'the client published the same itself',
        [
          ...watches('w', 'dead'),
          ...joins('v', 4, { will }),
          ['v', '>', says('dead', 'gone'), 5],
          ['v', '>', bye],
          ['w', '<', says('dead', 'gone')],
        ],
      ],
      [
        'another client published the same',
        [
          ...watches('w', 'dead'),
          ...joins('v', 4, { will }),
          ...joins('q'),
          ['v', '>', bye, 5],
          ['q', '>', says('dead', 'gone')],
          ['w', '<', says('dead', 'gone')],
        ],
      ],
      [
        'another client with the same will disconnected',
        [
          ...watches('w', 'dead'),
          ...joins('v', 4, { will }),
          ...joins('q', 4, { will }),
          ['q', 'x', 'rst', '>', 5],
          ['v', '>', bye, 5],
          ['w', '<', says('dead', 'gone')],
        ],
      ],
      [
        'much later',
        [
          ...watches('w', 'dead'),
          ...joins('v', 4, { will }),
          ['v', '>', bye, 5],
          ['w', '<', says('dead', 'gone'), 9],
        ],
      ],
      [
        'before it',
        [
          ...watches('w', 'dead'),
          ...joins('v', 4, { will }),
          ['w', '<', says('dead', 'gone'), 4],
          ['v', '>', bye, 5],
        ],
      ],
      [
        'a retained message',
        [
          ...watches('w', 'dead'),
          ...joins('v', 4, { will }),
          ['v', '>', bye, 5],
          ['w', '<', says('dead', 'gone', { retain: true })],
        ],
      ],
      [
        'the client exceeded its Keep Alive',
        [
          ...watches('w', 'dead'),
          ...joins('v', 4, { will, keepalive: 2 }),
          ['v', '>', bye, 5],
          ['w', '<', says('dead', 'gone')],
        ],
      ],
      [
        'an uncaptured client publishes',
        [
          ...watches('w', 'dead'),
          ...joins('v', 4, { will }),
          ['v', '>', bye, 5],
          ['w', '<', says('dead', 'gone')],
          ['w', '<', says('dead', 'and alive')],
        ],
      ],
      [
        'the client broke a rule',
        [
          ...watches('w', 'dead'),
          ...joins('v', 4, { will }),
          ['v', '>', 'c100', 4],
          ['v', '>', bye, 5],
          ['w', '<', says('dead', 'gone')],
        ],
      ],
      [
        'bytes of its connection are missing',
        [
          ...watches('w', 'dead'),
          ...joins('v', 4, { will }),
          ['v', 'gap'],
          ['v', '<', { cmd: 'pingresp' }, 4],
          ['v', '>', bye, 5],
          ['w', '<', says('dead', 'gone')],
        ],
      ],
    ],
  },
  'will-missing': {
    fires: [
      ['after a close without DISCONNECT', [...alive(), ['v', 'x', 'fin', '>', 10], ...ping('w', 40)]],
      ['after a reset', [...alive(), ['v', 'x', 'rst', '>', 10], ...ping('w', 40)]],
      ['after PINGREQ', [...alive(), ...ping('v', 9), ['v', 'x', 'fin', '>', 10], ...ping('w', 40)]],
      [
        'DISCONNECT with will message',
        [
          ...alive(5),
          ['v', '>', { cmd: 'disconnect', reasonCode: 4 }, 10],
          ['v', 'x', 'fin', '>'],
          ...ping('w', 40),
        ],
        { version: 5 },
      ],
      [
        'after Will Delay Interval',
        [
          ...alive(5, {
            will: { ...will, properties: { willDelayInterval: 5 } },
            properties: { sessionExpiryInterval: 60 },
          }),
          ['v', 'x', 'fin', '>', 10],
          ...ping('w', 40),
        ],
        { version: 5 },
      ],
    ],
    silent: [
      ['it came', [...alive(), ['v', 'x', 'fin', '>', 10], ['w', '<', gone], shown('w'), ...ping('w', 40)]],
      ['DISCONNECT', [...alive(), ['v', '>', bye, 10], ['v', 'x', 'fin', '>'], ...ping('w', 40)]],
      ['too little time', [...alive(), ['v', 'x', 'fin', '>', 10], ...ping('w', 15)]],
      [
        'the Will Delay Interval has not passed',
        [
          ...alive(5, {
            will: { ...will, properties: { willDelayInterval: 60 } },
            properties: { sessionExpiryInterval: 600 },
          }),
          ['v', 'x', 'fin', '>', 10],
          ...ping('w', 40),
        ],
        { version: 5 },
      ],
      [
        'the client reconnected',
        [
          ...alive(),
          ['v', 'x', 'fin', '>', 10],
          ...resumes('v2', 'v', 10.5, { present: false }),
          ...ping('w', 40),
        ],
      ],
      [
        'the subscriber never received a message of this client',
        [
          ...watches('w', 'dead', { qos: 1 }),
          ...joins('v', 4, { will }),
          ['v', 'x', 'fin', '>', 10],
          ...ping('w', 40),
        ],
      ],
      [
        'a will of QoS 0',
        [...alive(4, { will: { ...will, qos: 0 } }), ['v', 'x', 'fin', '>', 10], ...ping('w', 40)],
      ],
      [
        'the subscriber unsubscribed',
        [
          ...alive(),
          ['w', '>', { cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['dead'] } as never, 9],
          ['w', '<', { cmd: 'unsuback', messageId: 2, granted: [] } as never],
          ['v', 'x', 'fin', '>', 10],
          ...ping('w', 40),
        ],
      ],
      [
        'the subscriber has unacknowledged messages',
        [
          ...alive(),
          ['w', '<', says('dead', 'x', { qos: 1, id: 9 }), 6],
          ['v', 'x', 'fin', '>', 10],
          ...ping('w', 40),
        ],
      ],
      ['the server has closed the connection', [...alive(), ['v', 'x', 'fin', '<', 10], ...ping('w', 40)]],
      [
        'bytes to the subscriber are missing',
        [...alive(), ['v', 'x', 'fin', '>', 10], ['w', 'gap'], ...ping('w', 40)],
      ],
      ['the server says no more', [...alive(), ['v', 'x', 'fin', '>', 10]]],
    ],
  },
}
