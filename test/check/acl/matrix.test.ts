// The file of --acl: what it may say, and the mistakes that are refused.
import { describe, expect, it } from 'vitest'
import { expectedOf, parseMatrix, writtenTopic } from '../../../src/check/acl/matrix.js'
import { type Cell, compared, printed } from '../../../src/check/acl/report.js'
import { Dice } from '../../helpers/dice.js'

const text = `
# Who may do what.
user ada                # the context of that name
user gateway
  context prod-gateway
user sensor
  username sensor 7
  password-file secrets/sensor 7
  client-id s7
user guest
  anonymous
  refused   # nobody without a login
user old
  username old
  password-env OLD

topic sensors/+/temperature
  ada      publish subscribe receive
  sensor   publish receive:silent subscribe:any # a comment
  *        none
topic # # all
topic "with \\"quotes\\" and a tab\\t"
topic a b/# # and a comment
  gateway  subscribe
`

const names = { users: 'user a\n', topics: 'topic t\n' }

describe('the file', () => {
  it('has users, topics and rights', () => {
    const { users, topics, asksOnly } = parseMatrix(text, 'm')
    const none = {
      passwordFile: undefined,
      passwordEnv: undefined,
      clientId: undefined,
      mustBeRefused: false,
    }
    expect(users).toEqual([
      { ...none, name: 'ada', context: 'ada', username: undefined },
      { ...none, name: 'gateway', context: 'prod-gateway', username: undefined },
      {
        ...{ ...none, name: 'sensor', context: undefined, username: 'sensor 7' },
        ...{ passwordFile: 'secrets/sensor 7', clientId: 's7' },
      },
      { ...none, name: 'guest', context: undefined, username: undefined, mustBeRefused: true },
      { ...none, name: 'old', context: undefined, username: 'old', passwordEnv: 'OLD' },
    ])
    expect(topics.map(({ filter }) => filter)).toEqual([
      'sensors/+/temperature',
      '#',
      'with "quotes" and a tab\t',
      'a b/#',
    ])
    expect(asksOnly).toBe(false)
    const rights = (topic: number, user: string) => Object.values(expectedOf(topics[topic]!, user)).join(' ')
    expect(rights(0, 'ada')).toBe('granted granted granted')
    expect(rights(0, 'sensor')).toBe('granted any silent')
    expect(rights(0, 'gateway')).toBe('no no no')
    expect(rights(1, 'ada')).toBe('no no no')
    expect(rights(3, 'gateway')).toBe('no granted no')
  })

  it('a line for * is for all users without a line', () => {
    const { topics } = parseMatrix('user a\nuser b\ntopic t\n* receive\nb none', 'm')
    expect([expectedOf(topics[0]!, 'a').receive, expectedOf(topics[0]!, 'b').receive]).toEqual([
      'granted',
      'no',
    ])
  })

  it('without lines for users it asks only', () => {
    expect(parseMatrix('user a\r\ntopic t\r\n', 'm').asksOnly).toBe(true)
  })

  it.each([
    ['', 'm: it names no user'],
    ['user a', 'm: it names no topic'],
    ['topic t', 'm: it names no user'],
    ['ada publish', "m, line 1: 'ada' comes before the first user or topic"],
    ['user a b', "m, line 1: 'a b' is no name for a user"],
    ['user topic', "m, line 1: 'topic' is no name for a user"],
    [`user ${'a'.repeat(101)}`, /^m, line 1: 'a+' is no name for a user$/],
    ['user a\nuser a', 'm, line 2: user a is there already'],
    ['user a\npassword secret', "m, line 2: 'password' is no setting of a user"],
    ['user a\ncolour red', "m, line 2: 'colour' is no setting of a user"],
    ['user a\nusername', 'm, line 2: username takes a value'],
    ['user a\nanonymous yes', 'm, line 2: anonymous takes no value'],
    ['user a\nusername x\nusername y', 'm, line 3: user a has username already'],
    ['user a\nusername x\nanonymous\ntopic t', 'm, line 1: user a has both username and anonymous'],
    ['user a\npassword-file x\ntopic t', 'm, line 1: user a has a password but no username'],
    ['user a\nusername a\npassword-file x\npassword-env X\ntopic t', /line 1: user a has both password-file/],
    ['user a\nclient-id x\nuser b\nclient-id x\ntopic t', 'm: users a and b have the same client-id'],
    ['topic', "m, line 1: invalid topic '': it is empty [MQTT-4.7.3-1]"],
    ['topic a+', "m, line 1: invalid topic 'a+': + is not alone in its level"],
    ['topic #/a', "m, line 1: invalid topic '#/a': # is not the last level"],
    ['topic a\0b', "m, line 1: invalid topic 'a\\u0000b': it has a character that MQTT does not allow"],
    ['topic "\\ud800"', /line 1: invalid topic .*: it has a character that MQTT does not allow/],
    ['topic "a', 'm, line 1: "a is no JSON string'],
    [`topic ${'a'.repeat(65_536)}`, /line 1: invalid topic .*: it is longer than 65535 bytes$/],
    [`topic ${'a/'.repeat(200)}`, /line 1: invalid topic .*: it has more than 200 levels$/],
    ['topic $share/g/a', /line 1: invalid topic .*: shared subscriptions are tried/],
    [`${names.users}${names.topics}b publish`, "m, line 3: there is no user 'b' before this line"],
    [`${names.users}${names.topics}a fly`, "m, line 3: 'fly' is nothing that a user can do"],
    [`${names.users}${names.topics}a`, "m, line 3: '' is nothing that a user can do"],
    [`${names.users}${names.topics}a publish:yes`, "m, line 3: 'yes' is no outcome"],
    [`${names.users}${names.topics}a publish publish`, 'm, line 3: publish is there twice'],
    [`${names.users}${names.topics}a none publish`, "m, line 3: 'none' is nothing that a user can do"],
    [`${names.users}${names.topics}a publish\na receive`, 'm, line 4: topic t has a line for a already'],
    ['user a\nrefused\ntopic t\na none', 'm: topic t has a line for a, whose login must be refused'],
    [Array.from({ length: 101 }, (_, at) => `user u${at}`).join('\n'), 'm, line 101: more than 100 users'],
    [
      `user a\n${Array.from({ length: 1001 }, (_, at) => `topic ${at}\n`).join('')}`,
      'm, line 1002: more than 1000 topics',
    ],
    [
      `${Array.from({ length: 100 }, (_, at) => `user u${at}\n`).join('')}${Array.from({ length: 101 }, (_, at) => `topic ${at}\n`).join('')}`,
      'm: users times topics are 10100, the limit is 10000',
    ],
  ])('%.60j: %s', (file, message) => {
    expect(() => parseMatrix(file, 'm')).toThrow(message)
  })

  it('any bytes are a file or an error', () => {
    const dice = new Dice(1)
    const pieces = [
      'user ',
      'topic ',
      'a',
      '\n',
      ':',
      '*',
      '#',
      '"',
      '\\',
      ' ',
      '\t',
      '+',
      '/',
      'publish',
      '\u2028',
      '\0',
    ]
    for (let round = 0; round < 2000; round++) {
      const file = Array.from({ length: dice.below(30) }, () => dice.of(pieces)).join('')
      try {
        parseMatrix(file, 'm')
      } catch (error) {
        expect(error).toMatchObject({ name: 'MqttxError' })
      }
    }
  })
})

function cell(more: Partial<Cell>): Cell {
  return {
    ...{ topic: 't', user: 'ada', action: 'publish', outcome: 'granted', detail: '' },
    ...{ expected: undefined, isExpected: true, ...more },
  }
}

describe('the report', () => {
  it('is a file that expects what was found', () => {
    const topics = ['a/b', '#', ' a', 'a ', '"', '"a"', 'a\tb', 'é', 'user a', 'a\u202eb']
    const found = topics.flatMap((topic) => [
      cell({ topic }),
      cell({ topic, action: 'subscribe', outcome: 'silent' }),
      cell({ topic, action: 'receive', outcome: 'unknown', detail: 'nobody # received' }),
    ])
    const matrix = parseMatrix(`user ada\n${printed({ cells: found, refusals: [] })}`, 'm')
    expect(matrix.topics.map(({ filter }) => filter)).toEqual(topics)
    for (const topic of matrix.topics) {
      expect(expectedOf(topic, 'ada')).toEqual({
        publish: 'granted',
        subscribe: 'silent',
        receive: 'unknown',
      })
    }
    expect(writtenTopic('a\u202eb')).toBe('"a\\u202eb"')
  })

  it('says what was expected instead, and why', () => {
    const matrix = parseMatrix('user ada\nuser b\ntopic t\nada publish receive:silent', 'm')
    const refused = { outcome: 'refused', detail: 'PUBACK 0x87 Not authorized' } as const
    const granted = { outcome: 'granted', detail: '' } as const
    const silent = { outcome: 'silent', detail: '' } as const
    const cells = compared(matrix, matrix.users, [
      { publish: refused, subscribe: silent, receive: { outcome: 'granted', detail: "through '#'" } },
      { publish: granted, subscribe: refused, receive: { outcome: 'unknown', detail: 'no answer' } },
    ])
    expect(cells.map(({ isExpected }) => isExpected)).toEqual([false, true, false, false, true, false])
    expect(
      printed({
        cells,
        refusals: [
          { user: 'x', isExpected: true, detail: 'CONNACK 5' },
          { user: 'y', isExpected: false, detail: '' },
        ],
      }),
    ).toBe(`topic t
  ada  publish:refused subscribe:silent receive  # expected publish:granted, PUBACK 0x87 Not authorized; expected receive:silent, through '#'
  b    publish subscribe:refused receive:unknown  # expected no publish; expected no receive, no answer
# user x refused: CONNACK 5
# user y connects, expected refused
`)
  })
})
