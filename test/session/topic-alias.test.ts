// Topic Aliases of the server (MQTT 5.0, 3.3.2.3.4).
import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../src/errors.js'
import { TopicAliases } from '../../src/session/topic-alias.js'

describe('a Topic Alias', () => {
  test('stands for its topic until it is set to another', () => {
    const aliases = new TopicAliases(2)
    expect(aliases.resolve(1, 'a')).toBe('a')
    expect(aliases.resolve(2, 'b')).toBe('b')
    expect(aliases.resolve(1, '')).toBe('a')
    expect(aliases.resolve(1, 'c')).toBe('c')
    expect(aliases.resolve(1, '')).toBe('c')
  })

  test.each([
    ['0', 0, 2, 'a', 0x94],
    ['above the maximum', 3, 2, 'a', 0x94],
    ['when none is accepted', 1, 0, 'a', 0x94],
    ['that stands for nothing', 1, 2, '', 0x82],
  ])('%s is refused', (_, alias, maximum, topic, reasonCode) => {
    const attempt = () => new TopicAliases(maximum).resolve(alias, topic)
    expect(attempt).toThrow(ProtocolError)
    expect(attempt).toThrow(expect.objectContaining({ reasonCode }))
  })
})
