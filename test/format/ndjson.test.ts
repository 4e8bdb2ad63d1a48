import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ndjson } from '../../src/format/ndjson.js'
import { collector, message, moment } from './rig.js'

/** The line of a message, without its line feed. */
function line(fields: Parameters<typeof message>[0]): string {
  const sink = collector()
  ndjson(() => moment)(message(fields), sink)
  const text = sink.all().toString()
  expect(text.endsWith('}\n')).toBe(true)
  return text.slice(0, -1)
}

const time = '"time":"2026-11-21T00:34:56.356944Z"'

describe('--json', () => {
  test('the members, in this order; the time is in UTC', () => {
    expect(line({ payload: 'hé "x"\n\0' })).toBe(
      `{${time},"topic":"f/t","qos":0,"retain":false,"dup":false,"payload":"hé \\"x\\"\\n\\u0000","encoding":"utf8"}`,
    )
  })

  test('bytes that are not UTF-8 are base64', () => {
    const text = line({ payload: Buffer.of(0, 255), qos: 2, retain: true, dup: true, messageId: 9 })
    expect(text).toBe(
      `{${time},"topic":"f/t","qos":2,"retain":true,"dup":true,"payload":"AP8=","encoding":"base64"}`,
    )
  })

  test('an empty payload is an empty string', () => {
    expect(JSON.parse(line({ payload: '' }))).toMatchObject({ payload: '', encoding: 'utf8' })
  })

  test.each([{}, undefined])('no properties: no member (%j)', (properties) => {
    expect(JSON.parse(line({ properties }))).not.toHaveProperty('properties')
  })

  test('properties under their names, Correlation Data as bytes', () => {
    const properties = {
      payloadFormatIndicator: true,
      messageExpiryInterval: 60,
      contentType: 'text/plain',
      responseTopic: 'a/b',
      correlationData: Buffer.of(1, 2, 255),
      subscriptionIdentifier: [1, 2],
      userProperties: Object.assign(Object.create(null), { __proto__x: '1', a: ['x', 'y'] }),
    }
    expect(JSON.parse(line({ properties })).properties).toEqual({
      ...properties,
      correlationData: { base64: 'AQL/' },
      userProperties: { __proto__x: '1', a: ['x', 'y'] },
    })
  })

  test('preserves any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const { payload, encoding } = JSON.parse(line({ payload: Buffer.from(bytes) }))
        expect(Buffer.from(payload, encoding)).toEqual(Buffer.from(bytes))
      }),
    )
  })

  test('a payload of a megabyte', () => {
    const payload = 'é\u{1f4a9}\n'.repeat(150_000)
    expect(JSON.parse(line({ payload })).payload).toBe(payload)
  })

  test('E43: pretty is the same object over several lines', () => {
    const fields = { payload: 'x', properties: { contentType: 'c', userProperties: { a: ['1', '2'] } } }
    const sink = collector()
    ndjson(() => moment, true)(message(fields), sink)
    const text = sink.all().toString()
    expect(JSON.parse(text)).toEqual(JSON.parse(line(fields)))
    expect(text).toContain('{\n\t"time":\t"2026-')
    expect(text).toContain('\n\t"properties":\t{\n\t\t"contentType":\t"c",\n')
  })
})
