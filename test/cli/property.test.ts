// -D: the properties of each packet, and mosquitto's error texts.
import { describe, expect, test } from 'vitest'
import { addProperty, type PropertySets, parseProperty } from '../../src/cli/property.js'
import { properties } from '../../src/codec/properties.js'
import { encodePublish } from '../../src/codec/publish.js'
import { preparePublish } from '../../src/codec/publish-properties.js'
import { UsageError } from '../../src/errors.js'
import { keepingBatch } from '../codec/messages.js'

const split = (line: string) => line.split(' ')

describe('accepted', () => {
  test.each([
    ['publish content-type text/plain', 'contentType', 'text/plain'],
    ['PUBLISH Content-Type x', 'contentType', 'x'],
    ['publish payload-format-indicator 1', 'payloadFormatIndicator', true],
    ['publish message-expiry-interval 4294967295', 'messageExpiryInterval', 4_294_967_295],
    ['publish topic-alias 65535', 'topicAlias', 65_535],
    ['publish correlation-data abc', 'correlationData', Buffer.from('abc')],
    ['publish user-property a b', 'userProperties', { a: 'b' }],
    ['connect receive-maximum 1', 'receiveMaximum', 1],
    ['connect request-problem-information 0', 'requestProblemInformation', false],
    ['subscribe subscription-identifier 268435455', 'subscriptionIdentifier', 268_435_455],
    ['disconnect session-expiry-interval 0', 'sessionExpiryInterval', 0],
    ['will will-delay-interval 5', 'willDelayInterval', 5],
  ])('-D %s', (line, key, value) => {
    const given = parseProperty(split(line))
    expect(given.row.key).toBe(key)
    expect(given.value).toEqual(value)
  })

  test('User Properties add up in order, even with the same name', () => {
    const sets: PropertySets = {}
    for (const line of ['b 1', 'a 2', 'b 3'])
      addProperty(sets, parseProperty(split(`publish user-property ${line}`)))
    expect(sets).toEqual({ publish: { userProperties: { b: ['1', '3'], a: '2' } } })
  })

  test.each(['__proto__', 'constructor', 'toString'])('H16: a User Property named %s is sent', (name) => {
    const sets: PropertySets = {}
    for (const value of ['1', '2'])
      addProperty(sets, parseProperty(['publish', 'user-property', name, value]))
    const template = preparePublish('t', { qos: 0, retain: false, version: 5, properties: sets.publish })
    const { batch, kept } = keepingBatch()
    encodePublish(batch, template, 0, false, Buffer.alloc(0), 0, 0)
    batch.flush()
    const pair = (value: string) => `${name}\0${'\u0001'}${value}`
    expect(Buffer.concat(kept).toString()).toContain(pair('1'))
    expect(Buffer.concat(kept).toString()).toContain(pair('2'))
  })

  test('H17: adding a value to a name does not copy the earlier ones', () => {
    const sets: PropertySets = {}
    const given = parseProperty(split('publish user-property a 1'))
    addProperty(sets, given)
    addProperty(sets, given)
    const { a } = sets.publish!.userProperties as Record<string, string[]>
    addProperty(sets, given)
    expect(sets.publish!.userProperties).toHaveProperty('a', ['1', '1', '1'])
    expect((sets.publish!.userProperties as Record<string, string[]>).a).toBe(a)
  })
})

describe('refused', () => {
  test.each([
    ['frob content-type x', 'Invalid command frob given in --property argument.'],
    ['publish frob x', 'Invalid property name frob given in --property argument.'],
    ['connect content-type x', 'content-type property not allowed for connect in --property argument.'],
    [
      'publish server-keep-alive 1',
      'server-keep-alive property not allowed for publish in --property argument.',
    ],
    ['puback reason-string x', 'reason-string property not supported for puback in --property argument.'],
    ['auth user-property a', 'user-property property not supported for auth in --property argument.'],
    [
      'publish subscription-identifier 1',
      'subscription-identifier property not supported for publish in --property argument.',
    ],
    ['publish topic-alias 65536', 'Property value (65536) out of range for property topic-alias.'],
    ['publish topic-alias 0', 'Property value (0) out of range for property topic-alias.'],
    ['connect receive-maximum 0', 'Property value (0) out of range for property receive-maximum.'],
    [
      'publish payload-format-indicator 2',
      'Property value (2) out of range for property payload-format-indicator.',
    ],
    [
      'publish message-expiry-interval 1x',
      'Property value (1x) out of range for property message-expiry-interval.',
    ],
    [`publish content-type ${'x'.repeat(65_536)}`, 'Property value too long for property content-type.'],
    ['publish content-type a\u0001b', 'adding property content-type 6'],
  ])('-D %.60s', (line, message) => {
    expect(() => parseProperty(split(line))).toThrow(UsageError)
    expect(() => parseProperty(split(line))).toThrow(message)
  })

  test('a property twice, except a User Property', () => {
    const sets: PropertySets = {}
    const given = parseProperty(split('connect receive-maximum 5'))
    addProperty(sets, given)
    expect(() => addProperty(sets, given)).toThrow('Unable to connect (Duplicate property in property list).')
  })
})

test('the table of properties has each identifier, name and key once', () => {
  for (const of of ['id', 'name', 'key'] as const) {
    const all = properties.map((row) => row[of])
    expect(new Set(all).size).toBe(all.length)
  }
  expect(properties).toHaveLength(27)
})
