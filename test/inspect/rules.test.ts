// Every rule: packets that break it, and similar packets that do not.
import { describe, expect, test } from 'vitest'
import { segmentOf } from '../../src/capture/stream.js'
import { Inspector } from '../../src/inspect/inspector.js'
import { messageOf } from '../../src/inspect/mqtt-sn.js'
import { rules } from '../../src/inspect/rules.js'
import { acrossConnections } from './across-connections.js'
import { feedSteps, inspectScenario, inspectSteps, Recorder, type Step } from './scenarios.js'
import { snCases, snExchanges } from './sn-rules.js'

const connect4 = '100d 0004 4d515454 04 02 000a 0001 61'
const connect5 = '100e 0004 4d515454 05 02 000a 00 0001 61'
const connack4 = '2002 00 00'
const connack5 = '2003 00 00 00'
const hello4: Step[] = [
  ['>', connect4],
  ['<', connack4],
]
const hello5: Step[] = [
  ['>', connect5],
  ['<', connack5],
]
/** CONNECT of version 5 with these properties, and CONNACK with those. */
function greet(asked: string, told: string): Step[] {
  const size = (hex: string) => hex.replaceAll(' ', '').length / 2
  const byte = (value: number) => value.toString(16).padStart(2, '0')
  return [
    ['>', `10 ${byte(14 + size(asked))} 0004 4d515454 05 02 000a ${byte(size(asked))} ${asked} 0001 61`],
    ['<', `20 ${byte(3 + size(told))} 00 00 ${byte(size(told))} ${told}`],
  ]
}
const subscribed = (filter: string, options = '00', code = '00'): Step[] => {
  const hex = Buffer.from(filter).toString('hex')
  const size = (n: number) => n.toString(16).padStart(2, '0')
  return [
    ['>', `82 ${size(5 + filter.length)} 0001 ${size(0)}${size(filter.length)} ${hex} ${options}`],
    ['<', `9003 0001 ${code}`],
  ]
}
const subscribed5 = (filter: string, options = '00', code = '00', properties = ''): Step[] => {
  const hex = Buffer.from(filter).toString('hex')
  const size = (n: number) => n.toString(16).padStart(2, '0')
  const own = properties.length / 2
  return [
    [
      '>',
      `82 ${size(6 + own + filter.length)} 0001 ${size(own)} ${properties} 00${size(filter.length)} ${hex} ${options}`,
    ],
    ['<', `9004 0001 00 ${code}`],
  ]
}

type Case = readonly [key: string, version: 3 | 4 | 5, fires: readonly Step[], silent: readonly Step[]]

const c2s = (...all: string[]): Step[] => all.map((hex) => ['>', hex])
const s2c = (...all: string[]): Step[] => all.map((hex) => ['<', hex])
const after4 = (...steps: Step[]): Step[] => [...hello4, ...steps]
const after5 = (...steps: Step[]): Step[] => [...hello5, ...steps]

/** Rules that a single packet breaks, after a valid start. */
const inPacket: Case[] = [
  ['type-reserved-0', 4, after4(['>', '0000']), after4(['>', 'c000'])],
  ['type-15-before-v5', 4, after4(['>', 'f000']), after4(['>', 'c000'])],
  ['flags-reserved', 4, after4(['>', 'c100']), after4(['>', 'c000'])],
  ['flags-pubrel', 4, after4(['>', '6002 0001']), after4(['>', '6202 0001'])],
  ['flags-subscribe', 4, after4(['>', '8006 0001 0001 61 00']), after4(['>', '8206 0001 0001 61 00'])],
  ['flags-unsubscribe', 4, after4(['>', 'a005 0001 0001 61']), after4(['>', 'a205 0001 0001 61'])],
  ['flags-disconnect', 4, after4(['>', 'e200']), after4(['>', 'e000'])],
  ['flags-auth', 5, after5(['>', 'f100']), after5(['>', 'f000'])],
  ['qos-3', 4, after4(['>', '3605 0001 61 0001']), after4(['>', '3405 0001 61 0001'])],
  ['dup-qos0', 4, after4(['>', '3803 0001 61']), after4(['>', '3003 0001 61'])],
  ['remlen-5-bytes', 4, after4(['>', '30ffffffff01']), after4(['>', '3003 0001 61'])],
  ['vbi-not-minimal', 4, after4(['>', '308300 0001 61']), after4(['>', '3003 0001 61'])],
  ['wrong-length', 4, after4(['>', 'c001 00']), after4(['>', 'c000'])],
  ['field-overrun', 4, after4(['>', '3003 0009 61']), after4(['>', '3003 0001 61'])],
  ['trailing-bytes', 5, after5(['>', '4005 0001 00 00 00']), after5(['>', '4004 0001 00 00'])],
  ['utf8-ill-formed', 4, after4(['>', '3003 0001 ff']), after4(['>', '3004 0002 c3a9'])],
  ['utf8-nul', 4, after4(['>', '3003 0001 00']), after4(['>', '3003 0001 61'])],
  [
    'utf8-pair',
    5,
    after5(['>', '300b 0001 61 07 26 0001 ff 0001 62']),
    after5(['>', '300b 0001 61 07 26 0001 61 0001 62']),
  ],
  ['protocol-name', 4, c2s('100d 0004 4d515455 04 02 000a 0001 61'), c2s(connect4)],
  [
    'protocol-level',
    4,
    c2s('100d 0004 4d515454 09 02 000a 0001 61'),
    c2s('100d 0004 4d515454 84 02 000a 0001 61'),
  ],
  ['connect-reserved-flag', 4, c2s('100d 0004 4d515454 04 03 000a 0001 61'), c2s(connect4)],
  ['will-bits-without-will', 4, c2s('100d 0004 4d515454 04 0a 000a 0001 61'), c2s(connect4)],
  [
    'will-qos-3',
    4,
    c2s('1013 0004 4d515454 04 1e 000a 0001 61 0001 77 0001 78'),
    c2s('1013 0004 4d515454 04 0e 000a 0001 61 0001 77 0001 78'),
  ],
  [
    'password-without-user',
    4,
    c2s('1010 0004 4d515454 04 42 000a 0001 61 0001 70'),
    c2s('1013 0004 4d515454 04 c2 000a 0001 61 0001 75 0001 70'),
  ],
  [
    'password-without-user',
    4,
    c2s('1010 0004 4d515454 04 42 000a 0001 61 0001 70'),
    c2s('1011 0004 4d515454 05 42 000a 00 0001 61 0001 70'),
  ],
  ['connect-payload-flags', 4, c2s('100f 0004 4d515454 04 02 000a 0001 61 7070'), c2s(connect4)],
  [
    'empty-clientid-session',
    4,
    c2s('100c 0004 4d515454 04 00 000a 0000'),
    c2s('100c 0004 4d515454 04 02 000a 0000'),
  ],
  [
    'will-topic',
    4,
    c2s('1013 0004 4d515454 04 06 000a 0001 61 0001 23 0001 78'),
    c2s('1013 0004 4d515454 04 06 000a 0001 61 0001 77 0001 78'),
  ],
  [
    'user-name-utf8',
    4,
    c2s('1010 0004 4d515454 04 82 000a 0001 61 0001 ff'),
    c2s('1010 0004 4d515454 04 82 000a 0001 61 0001 75'),
  ],
  ['connack-flags', 4, [...c2s(connect4), ...s2c('2002 02 00')], hello4],
  [
    'session-present-error',
    4,
    [...c2s('100d 0004 4d515454 04 00 000a 0001 61'), ...s2c('2002 01 05')],
    [...c2s('100d 0004 4d515454 04 00 000a 0001 61'), ...s2c('2002 01 00')],
  ],
  ['connack-code', 4, [...c2s(connect4), ...s2c('2002 00 07')], [...c2s(connect4), ...s2c('2002 00 05')]],
  [
    'connack-code',
    5,
    [...c2s(connect5), ...s2c('2003 00 01 00')],
    [...c2s(connect5), ...s2c('2003 00 87 00')],
  ],
  [
    'property-not-allowed',
    5,
    after5(['>', '3008 0001 61 03 13 0001 78']),
    after5(['>', '3007 0001 61 03 23 0001']),
  ],
  ['property-unknown', 5, after5(['>', '3006 0001 61 02 7f 00']), after5(['>', '3006 0001 61 02 01 00'])],
  [
    'property-twice',
    5,
    after5(['>', '3008 0001 61 04 01 00 01 00']),
    after5(['>', '3012 0001 61 0e 26 0001 61 0001 62 26 0001 61 0001 62']),
  ],
  ['property-length', 5, after5(['>', '3003 0001 61']), after5(['>', '3004 0001 61 00'])],
  ['property-range', 5, greet('21 0000', ''), greet('21 0001', '')],
  ['auth-data-without-method', 5, greet('16 0001 61', ''), greet('15 0001 61 16 0001 61', '15 0001 61')],
  ['topic-wildcard', 4, after4(['>', '3003 0001 2b']), after4(['>', '3003 0001 61'])],
  ['topic-empty', 4, after4(['>', '3002 0000']), after4(['>', '3003 0001 61'])],
  ['topic-nul', 4, after4(['>', '3003 0001 00']), after4(['>', '3003 0001 61'])],
  ['packet-id-zero', 4, after4(['>', '3205 0001 61 0000']), after4(['>', '3205 0001 61 0001'])],
  ['alias-zero', 5, after5(['>', '3007 0001 61 03 23 0000']), after5(['>', '3007 0001 61 03 23 0001'])],
  [
    'response-topic',
    5,
    after5(['>', '3008 0001 61 04 08 0001 23']),
    after5(['>', '3008 0001 61 04 08 0001 62']),
  ],
  ['payload-format', 5, after5(['>', '3006 0001 61 02 01 90']), after5(['>', '3006 0001 61 02 01 01'])],
  ['payload-format', 5, after5(['>', '3007 0001 61 02 01 01 ff']), after5(['>', '3007 0001 61 02 01 00 ff'])],
  [
    'content-type-utf8',
    5,
    after5(['>', '3008 0001 61 04 03 0001 ff']),
    after5(['>', '3008 0001 61 04 03 0001 62']),
  ],
  ['pub-reason-code', 5, after5(['>', '4003 0001 92']), after5(['>', '4003 0001 10'])],
  ['subscribe-empty', 4, after4(['>', '8202 0001']), after4(['>', '8206 0001 0001 61 00'])],
  ['subscribe-options', 4, after4(['>', '8206 0001 0001 61 04']), after4(['>', '8206 0001 0001 61 02'])],
  [
    'subscribe-options',
    5,
    after5(['>', '8207 0001 00 0001 61 30']),
    after5(['>', '8207 0001 00 0001 61 2e']),
  ],
  [
    'filter-hash',
    4,
    after4(['>', '8208 0001 0003 61 23 62 00']),
    after4(['>', '8208 0001 0003 61 2f 23 00']),
  ],
  ['filter-plus', 4, after4(['>', '8207 0001 0002 61 2b 00']), after4(['>', '8208 0001 0003 61 2f 2b 00'])],
  ['filter-empty', 4, after4(['>', '8205 0001 0000 00']), after4(['>', '8206 0001 0001 61 00'])],
  ['share-malformed', 5, after5(...subscribed5('$share/a')), after5(...subscribed5('$share/a/b'))],
  [
    'share-nolocal',
    5,
    after5(...subscribed5('$share/a/b', '04')),
    after5(...subscribed5('$share/a/b', '00')),
  ],
  ['suback-code', 4, after4(...subscribed('a', '00', '03')), after4(...subscribed('a', '00', '80'))],
  ['unsubscribe-empty', 4, after4(['>', 'a202 0001']), after4(['>', 'a205 0001 0001 61'])],
  ['disconnect-code', 5, after5(['>', 'e001 10']), after5(['>', 'e001 04'])],
  ['disconnect-expiry', 5, after5(['<', 'e007 8d 05 11 00000001']), after5(['<', 'e002 8d 00'])],
  ['auth-code', 5, after5(['<', 'f002 19 00']), after5(['<', 'f002 18 00'])],
]

const publish1 = '3205 0001 61 0007'
const publish2 = '3405 0001 61 0007'
const to1: Step[] = s2c('3205 0001 61 0001', '3205 0001 61 0002')
const to2: Step[] = s2c('3405 0001 61 0001', '3405 0001 61 0002')
const both1 = [...subscribed('a', '01', '01'), ...to1]
const both2 = [...subscribed('a', '02', '02'), ...to2]
const at = (second: number, ...steps: Step[]): Step[] => steps.map(([who, what]) => [who, what, second])
/** The server stays active but does not answer. */
const alive: Step[] = Array.from({ length: 8 }, (_, i): Step[] =>
  at(i * 5, ['>', 'c000'], ['<', 'd000']),
).flat()
const never: Step[] = Array.from({ length: 8 }, (_, i): Step[] =>
  at(i * 5, ['>', '3003 0001 62'], ['<', '3003 0001 61']),
).flat()

/** Rules that depend on other packets of the connection. */
const inFlow: Case[] = [
  ['direction', 4, after4(['<', 'c000']), after4(['>', 'c000'])],
  ['direction', 4, after4(['<', 'e000']), after5(['<', 'e001 8b'])],
  ['first-not-connect', 4, c2s('c000'), hello4],
  ['second-connect', 4, after4(['>', connect4]), hello4],
  [
    'empty-clientid-reply',
    4,
    [...c2s('100c 0004 4d515454 04 00 000a 0000'), ...s2c(connack4)],
    [...c2s('100c 0004 4d515454 04 00 000a 0000'), ...s2c('2002 00 02')],
  ],
  [
    'empty-clientid-reply',
    5,
    [...c2s('100d 0004 4d515454 05 02 000a 00 0000'), ...s2c(connack5)],
    [...c2s('100d 0004 4d515454 05 02 000a 00 0000'), ...s2c('2007 00 00 04 12 0001 61')],
  ],
  ['connack-first', 4, [...c2s(connect4), ...s2c('d000')], hello4],
  ['connack-twice', 4, after4(['<', connack4]), hello4],
  [
    'session-present-clean',
    4,
    [...c2s(connect4), ...s2c('2002 01 00')],
    [...c2s('100d 0004 4d515454 04 00 000a 0001 61'), ...s2c('2002 01 00')],
  ],
  [
    'refuse-then-close',
    4,
    [...c2s(connect4), ...s2c('2002 00 05'), ...at(30, ['>', 'c000'])],
    [...c2s(connect4), ...s2c('2002 00 05'), ...at(1, ['>', 'c000'])],
  ],
  [
    'data-after-refuse',
    4,
    [...c2s(connect4), ...s2c('2002 00 05', 'd000')],
    [...c2s(connect4), ...s2c('2002 00 05')],
  ],
  [
    'early-with-auth-method',
    5,
    [
      ...c2s('1012 0004 4d515454 05 02 000a 04 15 0001 61 0001 61'),
      ...s2c('f006 18 04 15 0001 61'),
      ...c2s('c000'),
    ],
    [
      ...c2s('1012 0004 4d515454 05 02 000a 04 15 0001 61 0001 61'),
      ...s2c('f006 18 04 15 0001 61'),
      ...c2s('f006 18 04 15 0001 61'),
    ],
  ],
  [
    'keepalive-client',
    4,
    after4(['>', 'c000', 1], ['<', 'd000'], ['>', 'c000', 18]),
    after4(['>', 'c000', 1], ['<', 'd000'], ['>', 'c000', 12]),
  ],
  [
    'keepalive-broker',
    4,
    after4(['>', 'c000', 1], ['<', 'd000'], ['>', 'c000', 40]),
    after4(['>', 'c000', 1], ['<', 'd000'], ['>', 'c000', 15]),
  ],
  [
    'server-keepalive',
    5,
    [...greet('', '13 0005'), ['>', 'c000', 1], ['>', 'c000', 20]],
    [...greet('', '13 0005'), ['>', 'c000', 1], ['>', 'c000', 6]],
  ],
  ['response-info-unasked', 5, greet('', '1a 0001 61'), greet('19 01', '1a 0001 61')],
  [
    'problem-info-unwanted',
    5,
    [...greet('17 00', ''), ['>', '3206 0001 61 0007 00'], ['<', '4008 0007 10 04 1f 0001 61']],
    [...greet('17 01', ''), ['>', '3206 0001 61 0007 00'], ['<', '4008 0007 10 04 1f 0001 61']],
  ],
  [
    'packet-too-large-s2c',
    5,
    [...greet('27 00000008', ''), ['<', '3009 0001 61 00 6161616161']],
    [...greet('27 00000010', ''), ['<', '3009 0001 61 00 6161616161']],
  ],
  [
    'packet-too-large-c2s',
    5,
    [...greet('', '27 00000008'), ['>', '3009 0001 61 00 6161616161']],
    [...greet('', '27 00000010'), ['>', '3009 0001 61 00 6161616161']],
  ],
  [
    'max-qos',
    5,
    [...greet('', '24 01'), ['>', '3406 0001 61 0001 00']],
    [...greet('', '24 01'), ['>', '3206 0001 61 0001 00']],
  ],
  [
    'retain-unavailable',
    5,
    [...greet('', '25 00'), ['>', '3104 0001 61 00']],
    [...greet('', '25 01'), ['>', '3104 0001 61 00']],
  ],
  [
    'feature-unavailable',
    5,
    [...greet('', '28 00'), ...subscribed5('a/#')],
    [...greet('', '28 00'), ...subscribed5('a/b')],
  ],
  [
    'feature-unavailable',
    5,
    [...greet('', '2a 00'), ...subscribed5('$share/a/b')],
    [...greet('', '2a 01'), ...subscribed5('$share/a/b')],
  ],
  [
    'topic-unsubscribed',
    4,
    after4(...subscribed('a'), ['<', '3003 0001 62']),
    after4(...subscribed('a'), ['<', '3003 0001 61']),
  ],
  [
    // CONNACK of MQTT 3.1 does not say whether there was a session.
    'topic-unsubscribed',
    3,
    [
      ['>', '100f 0006 4d5149736470 03 02 000a 0001 61'],
      ['<', connack4],
      ['<', '3003 0001 62'],
    ],
    [
      ['>', '100f 0006 4d5149736470 03 00 000a 0001 61'],
      ['<', connack4],
      ['<', '3003 0001 62'],
    ],
  ],
  [
    'dollar-match',
    4,
    after4(...subscribed('#'), ['<', '3004 0002 2462']),
    after4(...subscribed('$b'), ['<', '3004 0002 2462']),
  ],
  [
    'packet-id-in-use',
    4,
    after4(...c2s(publish1, '3206 0001 61 0007 62')),
    after4(['>', publish1], ['<', '4002 0007'], ['>', publish1]),
  ],
  [
    'packet-id-in-use',
    4,
    after4(...c2s('8206 0007 0001 61 00', publish1)),
    after4(...c2s('8206 0008 0001 61 00', publish1)),
  ],
  [
    'dup-on-first',
    4,
    after4(['>', '3a05 0001 61 0007']),
    [...c2s('100d 0004 4d515454 04 00 000a 0001 61'), ...s2c('2002 01 00'), ...c2s('3a05 0001 61 0007')],
  ],
  [
    'resend-without-dup',
    4,
    after4(...c2s(publish1, publish1)),
    after4(...c2s(publish1, '3a05 0001 61 0007')),
  ],
  [
    'resend-same-connection',
    5,
    after5(...c2s('3206 0001 61 0007 00', '3a06 0001 61 0007 00')),
    after4(...c2s(publish1, '3a05 0001 61 0007')),
  ],
  [
    'retain-on-live',
    4,
    after4(...at(0, ...subscribed('a')), ...at(70, ['>', 'c000'], ['<', 'd000']), ['<', '3103 0001 61', 100]),
    after4(...at(0, ...subscribed('a')), ['<', '3103 0001 61', 1]),
  ],
  [
    'retain-handling',
    5,
    after5(...subscribed5('a', '20'), ['<', '3104 0001 61 00']),
    after5(...subscribed5('a', '00'), ['<', '3104 0001 61 00']),
  ],
  [
    'qos-above-granted',
    4,
    after4(...subscribed('a', '01', '00'), ['<', publish1]),
    after4(...subscribed('a', '01', '01'), ['<', publish1]),
  ],
  ['c2s-subscription-id', 5, after5(['>', '3006 0001 61 02 0b 01']), after5(['<', '3006 0001 61 02 0b 01'])],
  [
    's2c-subscription-id',
    5,
    after5(...subscribed5('a', '00', '00', '0b05'), ['<', '3004 0001 61 00']),
    after5(...subscribed5('a', '00', '00', '0b05'), ['<', '3006 0001 61 02 0b 05']),
  ],
  [
    'alias-too-big-c2s',
    5,
    [...greet('', '22 0002'), ['>', '3007 0001 61 03 23 0003']],
    [...greet('', '22 0003'), ['>', '3007 0001 61 03 23 0003']],
  ],
  [
    'alias-too-big-s2c',
    5,
    [...greet('22 0002', ''), ['<', '3007 0001 61 03 23 0003']],
    [...greet('22 0003', ''), ['<', '3007 0001 61 03 23 0003']],
  ],
  [
    'alias-unknown',
    5,
    [...greet('', '22 0009'), ['>', '3006 0000 03 23 0003']],
    [...greet('', '22 0009'), ['>', '3007 0001 61 03 23 0003'], ['>', '3006 0000 03 23 0003']],
  ],
  [
    'receive-max-c2s',
    5,
    [...greet('', '21 0001'), ...c2s('3206 0001 61 0001 00', '3206 0001 61 0002 00')],
    [...greet('', '21 0002'), ...c2s('3206 0001 61 0001 00', '3206 0001 61 0002 00')],
  ],
  [
    'receive-max-s2c',
    5,
    [...greet('21 0001', ''), ...s2c('3206 0001 61 0001 00', '3206 0001 61 0002 00')],
    [
      ...greet('21 0001', ''),
      ['<', '3206 0001 61 0001 00'],
      ['>', '4002 0001'],
      ['<', '3206 0001 61 0002 00'],
    ],
  ],
  [
    'puback-missing',
    4,
    after4(['>', publish1, 0], ...alive),
    after4(['>', publish1, 0], ['<', '4002 0007', 1], ...alive),
  ],
  [
    'pubrec-missing',
    4,
    after4(['>', publish2, 0], ...alive),
    after4(['>', publish2, 0], ['<', '5002 0007', 1]),
  ],
  [
    'pubrel-missing',
    4,
    after4(['>', publish2, 0], ['<', '5002 0007', 1], ...alive),
    after4(['>', publish2, 0], ['<', '5002 0007', 1], ['>', '6202 0007'], ...alive),
  ],
  [
    'pubcomp-missing',
    4,
    after4(['>', publish2, 0], ['<', '5002 0007'], ['>', '6202 0007'], ...alive),
    after4(['>', publish2, 0], ['<', '5002 0007'], ['>', '6202 0007'], ['<', '7002 0007'], ...alive),
  ],
  [
    'wrong-ack-type',
    4,
    after4(['>', publish2], ['<', '4002 0007']),
    after4(['>', publish1], ['<', '4002 0007']),
  ],
  [
    'ack-unknown-id',
    4,
    after4(['>', publish1], ['<', '4002 0008']),
    after4(['>', publish1], ['<', '4002 0007']),
  ],
  ['ack-unknown-id', 4, after4(['>', '6202 0007']), after5(['>', '6203 0007 92'])],
  [
    'publish-after-pubrel',
    4,
    after4(['>', publish2], ['<', '5002 0007'], ['>', '6202 0007'], ['>', '3c05 0001 61 0007']),
    after4(['>', publish2], ['>', '3c05 0001 61 0007']),
  ],
  [
    'pubrel-after-error',
    5,
    after5(['>', '3406 0001 61 0007 00'], ['<', '5003 0007 87'], ['>', '6202 0007']),
    after5(['>', '3406 0001 61 0007 00'], ['<', '5003 0007 00'], ['>', '6202 0007']),
  ],
  [
    'puback-order',
    4,
    after4(...both1, ...c2s('4002 0002', '4002 0001')),
    after4(...both1, ...c2s('4002 0001', '4002 0002')),
  ],
  [
    'pubrec-order',
    4,
    after4(...both2, ...c2s('5002 0002', '5002 0001')),
    after4(...both2, ...c2s('5002 0001', '5002 0002')),
  ],
  [
    'pubrel-order',
    4,
    after4(
      ...c2s('3405 0001 61 0001', '3405 0001 61 0002'),
      ...s2c('5002 0001', '5002 0002'),
      ...c2s('6202 0002'),
    ),
    after4(
      ...c2s('3405 0001 61 0001', '3405 0001 61 0002'),
      ...s2c('5002 0001', '5002 0002'),
      ...c2s('6202 0001'),
    ),
  ],
  [
    'suback-missing',
    4,
    after4(['>', '8206 0001 0001 61 00', 0], ...alive),
    after4(...at(0, ...subscribed('a')), ...alive),
  ],
  ['suback-id', 4, after4(['>', '8206 0001 0001 61 00'], ['<', '9003 0002 00']), after4(...subscribed('a'))],
  [
    'suback-count',
    4,
    after4(['>', '8206 0001 0001 61 00'], ['<', '9004 0001 00 00']),
    after4(...subscribed('a')),
  ],
  ['suback-code', 4, after4(...subscribed('a', '00', '01')), after4(...subscribed('a', '01', '01'))],
  [
    'unsuback-missing',
    4,
    after4(['>', 'a205 0001 0001 61', 0], ...alive),
    after4(['>', 'a205 0001 0001 61', 0], ['<', 'b002 0001'], ...alive),
  ],
  [
    'unsuback-codes',
    5,
    after5(['>', 'a206 0001 00 0001 61'], ['<', 'b005 0001 00 00 00']),
    after5(['>', 'a206 0001 00 0001 61'], ['<', 'b004 0001 00 11']),
  ],
  [
    'publish-after-unsub',
    4,
    after4(
      ...at(0, ...subscribed('a')),
      ['>', 'a205 0002 0001 61'],
      ['<', 'b002 0002'],
      ...at(70, ['>', 'c000'], ['<', 'd000']),
      ['<', '3003 0001 61', 90],
    ),
    after4(
      ...at(0, ...subscribed('a')),
      ['>', 'a205 0002 0001 61'],
      ['<', 'b002 0002'],
      ['<', '3003 0001 61', 2],
    ),
  ],
  [
    'pingresp-missing',
    4,
    after4(['>', 'c000', 0], ...never),
    after4(['>', 'c000', 0], ['<', 'd000'], ...never),
  ],
  ['after-disconnect', 4, after4(...c2s('e000', 'c000')), after4(...c2s('c000', 'e000'))],
  ['disconnect-before-connack', 5, [...c2s(connect5), ...s2c('e001 87')], after5(['<', 'e001 87'])],
  [
    'disconnect-expiry',
    5,
    after5(['>', 'e007 00 05 11 00000001']),
    [...greet('11 00000005', ''), ['>', 'e007 00 05 11 00000001']],
  ],
  [
    'auth-without-method',
    5,
    after5(['>', 'f002 18 00']),
    [...greet('15 0001 61', '15 0001 61'), ['>', 'f006 19 04 15 0001 61']],
  ],
  ['auth-method-changed', 5, greet('15 0001 61', '15 0001 62'), greet('15 0001 61', '15 0001 61')],
  [
    'malformed-not-closed',
    4,
    after4(['>', 'c001 00', 0], ['<', 'd000', 30]),
    after4(['>', 'c000', 0], ['<', 'd000', 30]),
  ],
]

const cases = [...inPacket, ...inFlow]

describe.each(cases)('%s (%i)', (key, version, fires, silent) => {
  test('is reported', () => {
    expect(inspectSteps(fires, { version }).broken).toContain(key)
  })

  test('is not reported for valid packets', () => {
    expect(inspectSteps(silent, { version }).broken).not.toContain(key)
  })
})

describe.each(inFlow)('%s (%i)', (_key, version, fires) => {
  test('is not reported if bytes are missing or the start was not captured', () => {
    const own = new Set(inPacket.map(([key]) => key))
    const found = inspectSteps(fires, { version, gap: 'c2s', flow: { sawStart: true } }).broken
    const onlyPackets = found.filter((key) => !own.has(key) && !alone.has(key))
    expect(onlyPackets).toEqual([])
  })
})

/** Rules that do not need the whole connection: one packet, or two that were both captured, break them. */
const alone = new Set([
  'c2s-subscription-id',
  'disconnect-expiry',
  'suback-count',
  'suback-code',
  'unsuback-codes',
  'data-after-refuse',
  'second-connect',
  'connack-twice',
  'problem-info-unwanted',
])

describe('two connections', () => {
  function two(first: Step[], second: Step[], between: 'closed' | 'open'): string[] {
    const recorder = new Recorder()
    const inspector = new Inspector({ view: recorder })
    if (between === 'closed') {
      feedSteps(inspector, first, { flow: { id: 1 } })
      feedSteps(inspector, second, { flow: { id: 2, client: '192.0.2.1:50001' } })
      return recorder.broken
    }
    const flows = [1, 2].map((id) => ({
      id,
      protocol: 'tcp' as const,
      client: `192.0.2.1:${50_000 + id}`,
      server: '192.0.2.2:1883',
      sawStart: true,
    }))
    const offsets = new Map<string, number>()
    for (const flow of flows) inspector.open(flow)
    const late: Step = ['<', '3003 0001 61', 30]
    const all = [
      ...first.map((step) => [0, step] as const),
      ...second.map((step) => [1, step] as const),
      [0, late] as const,
    ]
    for (const [i, [who, what, at = 0]] of all) {
      const direction = who === '>' ? 'c2s' : 's2c'
      const bytes = Buffer.from(String(what).replaceAll(' ', ''), 'hex')
      const offset = offsets.get(`${i}${direction}`) ?? 0
      offsets.set(`${i}${direction}`, offset + bytes.length)
      const origin = { record: 1, fileOffset: 0, second: at, nanos: 0 }
      inspector.data(flows[i]!, direction, segmentOf(bytes, offset, origin))
    }
    inspector.end()
    return recorder.broken
  }

  test('takeover: the older connection continues', () => {
    const first: Step[] = [...hello4, ...subscribed('a')]
    expect(two(first, hello4, 'open')).toContain('takeover')
    expect(
      two(
        first,
        [
          ['>', connect4.replace(/61$/, '62')],
          ['<', connack4],
        ],
        'open',
      ),
    ).not.toContain('takeover')
  })

  test('session-lost-or-invented: Session Present for a session that had ended', () => {
    const again: Step[] = [
      ['>', '100d 0004 4d515454 04 00 000a 0001 61'],
      ['<', '2002 01 00'],
    ]
    expect(two(hello4, again, 'closed')).toContain('session-lost-or-invented')
    expect(two([again[0]!, ['<', connack4]], again, 'closed')).not.toContain('session-lost-or-invented')
  })
})

test('disconnect-close: the sender of DISCONNECT must close', () => {
  const close = (after: number) => {
    const recorder = new Recorder()
    const inspector = new Inspector({ view: recorder })
    const flow = { id: 1, protocol: 'tcp' as const, client: 'a:1', server: 'b:1883', sawStart: true }
    const origin = (second: number) => ({ record: 1, fileOffset: 0, second, nanos: 0 })
    inspector.open(flow)
    inspector.data(flow, 'c2s', segmentOf(Buffer.from(connect4.replaceAll(' ', ''), 'hex'), 0, origin(0)))
    inspector.data(flow, 's2c', segmentOf(Buffer.from('20020000', 'hex'), 0, origin(0)))
    inspector.data(flow, 'c2s', segmentOf(Buffer.from('e000', 'hex'), 15, origin(0)))
    inspector.close(flow, 'fin', { direction: 's2c', origin: origin(after) })
    return recorder.broken
  }
  expect(close(60)).toContain('disconnect-close')
  expect(close(1)).not.toContain('disconnect-close')
})

describe('WebSocket', () => {
  const facts = (fact: Parameters<NonNullable<Inspector['fact']>>[1]) => {
    const recorder = new Recorder()
    const inspector = new Inspector({ view: recorder })
    const flow = { id: 1, protocol: 'tcp' as const, client: 'a:1', server: 'b:1883', sawStart: true }
    const origin = { record: 1, fileOffset: 0, second: 0, nanos: 0 }
    inspector.open(flow)
    inspector.fact(flow, fact)
    inspector.data(flow, 'c2s', segmentOf(Buffer.from(connect4.replaceAll(' ', ''), 'hex'), 0, origin))
    inspector.data(flow, 's2c', segmentOf(Buffer.from('20020000', 'hex'), 0, origin))
    inspector.end()
    return recorder.broken
  }
  const origin = { record: 1, fileOffset: 0, second: 0, nanos: 0 }

  test('ws-text-frame and ws-masking come from the capture reader', () => {
    expect(facts({ kind: 'text-frame', direction: 'c2s', offset: 0, origin })).toContain('ws-text-frame')
    expect(facts({ kind: 'masking', direction: 's2c', offset: 0, origin })).toContain('ws-masking')
  })

  test('ws-offer and ws-select', () => {
    const socket = { kind: 'websocket', handshake: true } as const
    expect(facts({ ...socket, offered: ['chat'], selected: undefined })).toContain('ws-offer')
    expect(facts({ ...socket, offered: ['mqtt'], selected: 'chat' })).toContain('ws-select')
    expect(facts({ ...socket, offered: ['mqtt'], selected: 'mqtt' })).toEqual([])
    expect(facts({ ...socket, handshake: false, offered: [], selected: undefined })).toEqual([])
  })
})

describe('MQTT-SN', () => {
  const sn = (steps: readonly Step[]) => {
    const { packets, late } = inspectSteps(steps, { flow: { protocol: 'udp', server: '192.0.2.2:1884' } })
    return [...packets.flatMap(({ violations }) => violations), ...late]
  }
  const keysOf = (steps: readonly Step[]) => sn(steps).map(({ rule }) => rule.key)
  const brokenBy = (steps: readonly Step[]) =>
    sn(steps).flatMap(({ rule, severity, message }) => (severity === 'info' ? [] : `${rule.key}: ${message}`))

  test.each(snCases.map((row) => [`${row[0]} ${row[3] ?? ''}`, row] as const))(
    '%s',
    (_name, [key, fires, silent]) => {
      expect(keysOf(fires)).toContain(key)
      expect(keysOf(silent)).not.toContain(key)
    },
  )

  describe.each(snExchanges)('%s', (_name, steps) => {
    test('breaks no rule, whichever message is missing in the capture', () => {
      expect(brokenBy(steps)).toEqual([])
      for (let i = 0; i < steps.length; i++)
        expect([i, brokenBy(steps.filter((_, at) => at !== i))]).toEqual([i, []])
    })

    test('breaks no rule if the capture begins late or ends early', () => {
      for (let i = 1; i < steps.length; i++) {
        expect([i, brokenBy(steps.slice(i))]).toEqual([i, []])
        expect([i, brokenBy(steps.slice(0, i))]).toEqual([i, []])
      }
    })

    test('breaks no rule if the network delivers a message twice', () => {
      for (const [i, step] of steps.entries()) {
        const copy: Step = [step[0], step[1], step[2]! + 0.005]
        expect([i, brokenBy([...steps.slice(0, i + 1), copy, ...steps.slice(i + 1)])]).toEqual([i, []])
      }
    })
  })

  test('a datagram of one byte is not a message', () => {
    expect(messageOf(Uint8Array.of(1), 'c2s')).toBeUndefined()
  })

  test('1,000 clients behind a forwarder are known, with 32 requests outstanding each', () => {
    const hex = (value: number) => value.toString(16).padStart(4, '0')
    const from = (node: number, who: '>' | '<', message: string): Step => [
      who,
      `05 fe 01 ${hex(node)} ${message}`,
      1,
    ]
    const hello = (node: number): Step[] => [
      from(node, '>', '07 04 04 01 0000 61'),
      from(node, '<', '03 05 00'),
    ]
    const unknownTopic = (node: number) => from(node, '>', '08 0c 00 0005 0000 61')
    const all = (count: number) => Array.from({ length: count }, (_, node) => hello(node)).flat()
    expect(keysOf([...all(1000), unknownTopic(0)])).toEqual(['sn-topicid-unknown'])
    expect(keysOf([...all(1001), unknownTopic(0)])).toEqual([])
    const requests = (count: number) =>
      Array.from({ length: count }, (_, id) => from(7, '>', `08 0c 21 0005 ${hex(id + 1)} 61`))
    // PUBREC does not belong to QoS 1.
    const answered = (count: number) => keysOf([...hello(7), ...requests(count), from(7, '<', '04 0f 0001')])
    expect(answered(32)).toContain('sn-ack-type')
    expect(answered(33)).not.toContain('sn-ack-type')
  })

  test('without a gap, every acknowledgement of a live connection has its request', () => {
    const steps: Step[] = [
      ['>', '07 04 04 01 000a 61', 0],
      ['<', '03 05 00', 1],
      ['<', '07 0d 0005 0009 00', 2],
    ]
    const live = { protocol: 'udp', server: '192.0.2.2:1884', isLive: true } as const
    expect(inspectSteps(steps, { flow: live }).broken).toEqual(['sn-ack-unknown'])
    expect(inspectSteps(steps, { flow: live, gap: 'c2s' }).broken).toEqual([])
  })
})

const acrossKeys = Object.keys(acrossConnections)

describe.each(Object.entries(acrossConnections))('%s', (key, { fires, silent }) => {
  test.each(fires.map((one) => [one[0], one] as const))('is reported: %s', (_name, [, acts, where]) => {
    expect(inspectScenario(acts, where).broken).toContain(key)
  })

  test.each(silent.map((one) => [one[0], one] as const))('is not reported: %s', (_name, [, acts, where]) => {
    const { broken } = inspectScenario(acts, where)
    expect(broken.filter((found) => acrossKeys.includes(found))).toEqual([])
  })
})

const retained4 = '3103 0001 61'
const retained5 = '3104 0001 61 00'
const again5 = (options: string): Step[] => {
  const [[, hex]] = subscribed5('a', options) as [Step]
  return [
    ['>', String(hex).replace(' 0001 ', ' 0002 ')],
    ['<', '9004 0002 00 00'],
  ]
}
const retained1 = '3306 0001 61 0009 00'
const kept: Step[] = [
  ['<', retained1],
  ['>', '4002 0009'],
]
const unsubscribed: Step[] = [
  ['>', 'a205 0002 0001 61'],
  ['<', 'b002 0002'],
]
const unknownLevel = '100d 0004 4d515454 09 02 000a 0001 61'
const two5 = (first: string, second: string): Step[] => [
  ['>', `8209 0001 02 0b${first} 0001 61 00`],
  ['<', '9004 0001 00 00'],
  ['>', `8209 0002 02 0b${second} 0001 23 00`],
  ['<', '9004 0002 00 00'],
]

const withMethod: Step[] = [
  ['>', '1012 0004 4d515454 05 02 000a 04 15 0001 61 0001 61'],
  ['<', 'f006 18 04 15 0001 61'],
]
const pingAt = (second: number): Step[] => at(second, ['>', 'c000'], ['<', 'd000'])

/** More cases per rule. */
const more: Record<
  string,
  { version: 4 | 5; fires: Record<string, Step[]>; silent: Record<string, Step[]> }[]
> = {
  'first-not-connect': [{ version: 4, fires: { PUBLISH: c2s('3003 0001 61') }, silent: {} }],
  'connack-first': [
    { version: 4, fires: { PUBLISH: [...c2s(connect4), ...s2c('3003 0001 61')] }, silent: {} },
  ],
  'data-after-refuse': [
    {
      version: 4,
      fires: {
        PUBLISH: [...c2s(connect4), ...s2c('2002 00 05', '3003 0001 61')],
        PUBACK: [...c2s(connect4, '3205 0001 61 0007'), ...s2c('2002 00 05', '4002 0007')],
      },
      silent: {},
    },
  ],
  'auth-code': [
    {
      version: 5,
      fires: { '0x19 of the server': after5(['<', 'f001 19']), '0 of the client': after5(['>', 'f000']) },
      silent: {
        'of the server': after5(...s2c('f000', 'f001 18')),
        'of the client': after5(...c2s('f001 18', 'f001 19')),
      },
    },
  ],
  'early-with-auth-method': [
    {
      version: 5,
      fires: { PUBLISH: [...withMethod, ...c2s('3004 0001 61 00')] },
      silent: {
        'a second CONNECT': [...withMethod, ...c2s(connect5)],
        DISCONNECT: [...withMethod, ...c2s('e000')],
      },
    },
  ],
  'keepalive-client': [
    {
      version: 4,
      fires: { '5/4 of it and more than 5 s / 4': after4(...pingAt(1), ...pingAt(15)) },
      silent: { '5/4 of it and 5 s / 4': after4(...pingAt(1), ...pingAt(14.75)) },
    },
  ],
  'keepalive-broker': [
    {
      version: 4,
      fires: { '3/2 of it and more than 5 s / 2': after4(...pingAt(1), ...pingAt(18.75)) },
      silent: { '3/2 of it and 5 s / 2': after4(...pingAt(1), ...pingAt(18.5)) },
    },
  ],
  'retain-on-live': [
    {
      version: 4,
      fires: {
        'a little more than a minute after it': after4(
          ...at(0, ...subscribed('a')),
          ...at(60.5, ['>', 'c000'], ['<', 'd000']),
          ['<', retained4, 61],
        ),
        'a second one for one SUBSCRIBE': after4(...subscribed('a'), ...s2c(retained4, retained4)),
        'long after': after4(...at(0, ...subscribed('a')), ...at(70, ['>', 'c000'], ['<', 'd000']), [
          '<',
          retained4,
          71,
        ]),
      },
      silent: {
        'one for each SUBSCRIBE': after4(...subscribed('a'), ['<', retained4], ...subscribed('a'), [
          '<',
          retained4,
        ]),
        'one for each of two topics': after4(...subscribed('#'), ...s2c(retained4, '3103 0001 62')),
        'a long series of retained messages': after4(
          ...at(0, ...subscribed('#')),
          ...[50, 100, 150].map((second): Step => ['<', `3103 0001 ${(second + 11).toString(16)}`, second]),
        ),
        'a server that had stalled': after4(...at(0, ...subscribed('a')), ['<', retained4, 100]),
        'to a bridge': [
          ...c2s('100d 0004 4d515454 84 02 000a 0001 61'),
          ...s2c(connack4),
          ...subscribed('a'),
          ...s2c(retained4, retained4),
        ],
        'in a resumed session': [
          ...c2s('100d 0004 4d515454 04 00 000a 0001 61'),
          ...s2c('2002 01 00'),
          ...subscribed('a'),
          ...s2c(retained4, retained4),
        ],
        resent: after4(...subscribed('a', '01', '01'), ...s2c('3305 0001 61 0001', '3b05 0001 61 0001')),
        'a Retain As Published subscription': after5(...subscribed5('a', '08'), ...s2c(retained5, retained5)),
      },
    },
  ],
  'retain-handling': [
    {
      version: 5,
      fires: {
        'Retain Handling 1 with an existing subscription': after5(
          ...subscribed5('a', '10'),
          ['<', retained5],
          ...again5('10'),
          ['<', retained5],
        ),
        'Retain Handling 2 each time': after5(...subscribed5('a', '20'), ...again5('20'), ['<', retained5]),
        'Retain Handling 0, sent for the first and the last SUBSCRIBE': after5(
          ...subscribed5('a', '01', '01'),
          ...at(1, ...kept),
          ...at(30, ...again5('01')),
          ...at(60, ...again5('01')),
          ...at(61, ...kept),
        ),
      },
      silent: {
        'Retain Handling 1, the first time': after5(...subscribed5('a', '10'), ['<', retained5]),
        'Retain Handling 0 after 2': after5(...subscribed5('a', '20'), ...again5('00'), ['<', retained5]),
        'Retain Handling 1 after UNSUBSCRIBE': after5(
          ...subscribed5('a', '10'),
          ['<', retained5],
          ['>', 'a206 0003 00 0001 61'],
          ['<', 'b004 0003 00 00'],
          ...again5('10'),
          ['<', retained5],
        ),
        'Retain Handling 2, and another subscription that requests them': after5(
          ...subscribed5('#', '00'),
          ...again5('20'),
          ['<', retained5],
        ),
        'Retain As Published': after5(...subscribed5('a', '28'), ['<', retained5]),
        'sent each time': after5(
          ...subscribed5('a', '01', '01'),
          ...at(1, ...kept),
          ...at(30, ...again5('01'), ...kept),
          ...at(60, ...again5('01'), ...kept),
        ),
        'the message has changed': after5(
          ...subscribed5('a', '01', '01'),
          ...at(1, ...kept),
          ...at(30, ...again5('01')),
          ...at(60, ...again5('01')),
          ...at(61, ['<', '3307 0001 61 0009 00 62'], ['>', '4002 0009']),
        ),
        'at QoS 0, which a server may discard': after5(
          ...subscribed5('a', '00'),
          ['<', retained5, 1],
          ...at(30, ...again5('00')),
          ...at(60, ...again5('00')),
          ['<', retained5, 61],
        ),
      },
    },
  ],
  'publish-after-unsub': [
    {
      version: 4,
      fires: {
        'QoS 0': after4(
          ...at(0, ...subscribed('a'), ...unsubscribed),
          ...at(70, ['>', 'c000'], ['<', 'd000']),
          ['<', '3003 0001 61', 71],
        ),
        'QoS 1 with no other message in flight': after4(
          ...at(0, ...subscribed('a', '01', '01'), ...unsubscribed),
          ...at(70, ['>', 'c000'], ['<', 'd000']),
          ['<', '3205 0001 61 0001', 71],
        ),
      },
      silent: {
        'still in flight': after4(...at(0, ...subscribed('a'), ...unsubscribed), ['<', '3003 0001 61', 2]),
        'the network stalled': after4(...at(0, ...subscribed('a'), ...unsubscribed), [
          '<',
          '3003 0001 61',
          90,
        ]),
        'subscribed again': after4(
          ...at(0, ...subscribed('a'), ...unsubscribed, ...subscribed('a')),
          ...at(70, ['>', 'c000'], ['<', 'd000']),
          ['<', '3003 0001 61', 71],
        ),
        'another subscription matches': after4(
          ...at(0, ...subscribed('#'), ...subscribed('a'), ...unsubscribed),
          ...at(70, ['>', 'c000'], ['<', 'd000']),
          ['<', '3003 0001 61', 71],
        ),
        'QoS 1, delayed by an unacknowledged message': after4(
          ...at(0, ...subscribed('a', '01', '01'), ['<', '3205 0001 61 0009'], ...unsubscribed),
          ...at(70, ['>', 'c000'], ['<', 'd000']),
          ['<', '3205 0001 61 0001', 71],
        ),
        'not granted': after5(
          ...at(0, ...subscribed5('a'), ['>', 'a206 0002 00 0001 61'], ['<', 'b004 0002 00 87']),
          ...at(70, ['>', 'c000'], ['<', 'd000']),
          ['<', '3004 0001 61 00', 71],
        ),
      },
    },
  ],
  's2c-subscription-id': [
    {
      version: 5,
      fires: {
        'another one for a Shared Subscription': after5(
          ...subscribed5('$share/g/a', '00', '00', '0b05'),
          ...s2c('3006 0001 61 02 0b 07'),
        ),
        'an identifier of no subscription': after5(...two5('05', '06'), ['<', '3006 0001 61 02 0b 07']),
        'no identifier, although all matching subscriptions have one': after5(...two5('05', '06'), [
          '<',
          '3004 0001 61 00',
        ]),
        'the identifier of a subscription that does not match': after5(
          ...subscribed5('a', '00', '00', '0b05'),
          ...c2s('8209 0002 02 0b06 0001 62 00'),
          ...s2c('9004 0002 00 00', '3006 0001 61 02 0b 06'),
        ),
      },
      silent: {
        both: after5(...two5('05', '06'), ['<', '3008 0001 61 04 0b 05 0b 06']),
        'one for each copy': after5(
          ...two5('05', '06'),
          ...s2c('3006 0001 61 02 0b 05', '3006 0001 61 02 0b 06'),
        ),
        'no identifier for a subscription without one': after5(
          ...subscribed5('a', '00', '00', '0b05'),
          ...c2s('8207 0002 00 0001 23 00'),
          ...s2c('9004 0002 00 00', '3004 0001 61 00', '3006 0001 61 02 0b 05'),
        ),
        'the identifier before it was changed': after5(
          ...subscribed5('a', '00', '00', '0b05'),
          ...c2s('8209 0002 02 0b06 0001 61 00'),
          ...s2c('3006 0001 61 02 0b 05', '9004 0002 00 00', '3006 0001 61 02 0b 06'),
        ),
        'a Shared Subscription': after5(...subscribed5('$share/g/a', '00', '00', '0b05'), [
          '<',
          '3004 0001 61 00',
        ]),
        'a resumed session': [
          ...c2s('100e 0004 4d515454 05 00 000a 00 0001 61'),
          ...s2c('2003 01 00 00'),
          ...subscribed5('a', '00', '00', '0b05'),
          ...s2c('3006 0001 61 02 0b 07'),
        ],
      },
    },
  ],
}

describe.each(Object.entries(more))('%s', (key, all) => {
  for (const { version, fires, silent } of all) {
    test.each(Object.entries(fires))('is reported: %s', (_what, steps) => {
      expect(inspectSteps(steps, { version }).broken).toContain(key)
    })

    test.each(Object.entries(silent))('is not reported: %s', (_what, steps) => {
      expect(inspectSteps(steps, { version }).broken).not.toContain(key)
    })
  }
})

test('protocol-level: what the server answers', () => {
  const answered = (connack: string) => {
    const { packets } = inspectSteps([...c2s(unknownLevel), ...s2c(connack)])
    return packets[1]!.violations.map(({ rule, message }) => `${rule.key}: ${message}`)
  }
  expect(answered('2002 00 00')).toEqual(['protocol-level: protocol level 9 was accepted'])
  expect(answered('2002 00 05')).toEqual([
    'protocol-level: protocol level 9 was refused with a code other than 0x01',
  ])
  expect(answered('2003 00 00 00')).toEqual(['protocol-level: protocol level 9 was accepted'])
  expect(answered('2002 00 01')).toEqual([])
  expect(answered('2003 00 84 00')).toEqual([])
  expect(answered('2003 00 88 00')).toEqual([])
})

test('late violations have the packet, the byte offset and the statement', () => {
  const told = (key: string, version: 4 | 5) => {
    const [, acts, where] = acrossConnections[key]!.fires.find(
      ([, , where]) => (where?.version ?? 4) === version,
    )!
    const { late, packets } = inspectScenario(acts, where)
    const found = [...late, ...packets.flatMap(({ violations }) => violations)].find(
      ({ rule }) => rule.key === key,
    )!
    return `${found.id} ${found.severity} ${found.offset}`
  }
  expect(told('connack-missing', 4)).toBe('MQTT-3.1.4-4 warning 0')
  expect(told('session-lost-or-invented', 4)).toBe('MQTT-3.2.2-2 warning 2')
  expect(told('session-lost-or-invented', 5)).toBe('MQTT-3.2.2-3 warning 2')
  expect(told('resend-missing', 5)).toBe('MQTT-4.4.0-1 warning 0')
  expect(told('resend-order', 4)).toBe('MQTT-4.6.0-1 warning 5')
  expect(told('resend-new-id', 4)).toBe('MQTT-2.3.1-3 warning 5')
  expect(told('resend-new-id', 5)).toBe('MQTT-4.4.0-1 warning 5')
  expect(told('delivery-order', 4)).toBe('MQTT-4.6.0-6 warning 0')
  expect(told('qos2-duplicate', 4)).toBe('MQTT-4.3.3-2 error 0')
  expect(told('props-altered', 5)).toBe('MQTT-3.3.2-17 warning 0')
  expect(told('nolocal-broken', 5)).toBe('MQTT-3.8.3-3 error 0')
  expect(told('will-after-disconnect', 5)).toBe('MQTT-3.14.4-3 error 0')
  expect(told('will-missing', 4)).toBe('MQTT-3.1.2-8 warning 0')
})

const tested = new Set([
  ...cases.map(([key]) => key),
  ...Object.keys(acrossConnections),
  ...['takeover', 'disconnect-close', 'ws-text-frame', 'ws-masking', 'ws-offer', 'ws-select'],
  ...snCases.map(([key]) => key),
  ...['utf8-control', 'clientid-portable'], // severity info, tested below
])

test('every rule is tested', () => {
  expect([...rules.keys()].filter((key) => !tested.has(key))).toEqual([])
})

test('info rules have severity info', () => {
  const told = (steps: Step[]) =>
    inspectSteps(steps).packets.flatMap(({ violations }) => violations.map(({ rule }) => rule.key))
  expect(told(c2s('100d 0004 4d515454 04 02 000a 0001 2d'))).toEqual(['clientid-portable'])
  expect(told(after4(['>', '3003 0001 07']))).toEqual(['utf8-control'])
  expect(told(after4(['>', '3003 0001 61']))).toEqual([])
})
