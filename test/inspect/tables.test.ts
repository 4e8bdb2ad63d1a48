// Our tables beside those of others: properties as in mqtt-packet, rules as the sources use them.
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { properties } from '../../src/inspect/properties.js'
import { rules, statementOf } from '../../src/inspect/rules.js'

const constants = createRequire(import.meta.url)('mqtt-packet/constants') as {
  propertiesCodes: Record<string, string>
  propertiesTypes: Record<string, string>
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const theirTypes: Record<string, string> = {
  int8: 'u8',
  byte: 'byte',
  int16: 'u16',
  int32: 'u32',
  var: 'variable',
  string: 'string',
  pair: 'pair',
  binary: 'binary',
}

test('the properties are those of mqtt-packet', () => {
  const theirs = Object.entries(constants.propertiesCodes).map(([code, name]) => {
    const type = theirTypes[constants.propertiesTypes[name]!]
    return [
      Number(code),
      snake(name).replace('user_properties', 'user_property'),
      type === 'u8' ? 'byte' : type,
    ]
  })
  const ours = [...properties.values()].map(({ identifier, name, type }) => [identifier, name, type])
  // It takes one-byte flags for bytes of its own kind, and has another word for two of them.
  const known = (rows: unknown[][]) => rows.map(([code]) => code).sort((a, b) => Number(a) - Number(b))
  expect(known(ours)).toEqual(known(theirs))
  for (const [code, , type] of theirs)
    expect([code, properties.get(code as number)?.type]).toEqual([code, type])
})

test('there are the 140 checks, of which one has four parts', () => {
  expect(rules.size).toBe(143)
})

test.each([...rules.values()])('$key has a severity, statements and a sentence', (rule) => {
  expect(['error', 'warning', 'info']).toContain(rule.severity)
  for (const id of [rule.before5, rule.since5])
    expect(id).toMatch(/^(-|§[\d.]+|\d+\.\d+\.\d+-\d+|SN 1\.2 §.*|RFC .*)$/)
  expect(rule.text.length).toBeGreaterThan(15)
})

test.each([
  ['first-not-connect', 4, 'MQTT-3.1.0-1'],
  ['first-not-connect', 3, 'MQTT 3.1 §3.1'],
  ['packet-id-zero', 3, 'MQTT 3.1 §2.4'],
  ['type-reserved-0', 5, 'MQTT 5.0 §2.1.2'],
  ['ws-masking', 4, 'RFC 6455 §5.1'],
])('%s in version %i is %s', (key, version, id) => {
  expect(statementOf(rules.get(key)!, version)).toBe(id)
})

test('no rule is named that the table does not have', () => {
  const folder = resolve(import.meta.dirname, '../../src/inspect')
  const used = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== 'rules.ts')
    .flatMap((file) => [
      ...readFileSync(resolve(folder, file), 'utf8').matchAll(/wrong\([\w, ]*'([a-z0-9-]+)'/g),
    ])
    .map(([, key]) => key!)
  expect(used.length).toBeGreaterThan(80)
  expect(used.filter((key) => !rules.has(key))).toEqual([])
})
