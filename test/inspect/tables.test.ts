// The tables of properties and rules: properties match mqtt-packet, rules match their use in the source.
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

const theirTypes: Record<string, string> = {
  int8: 'byte', // and flags, which are bytes too, are its byte
  byte: 'byte',
  int16: 'two byte integer',
  int32: 'four byte integer',
  var: 'variable byte integer',
  string: 'utf-8 string',
  pair: 'utf-8 string pair',
  binary: 'binary data',
}

test('the properties match mqtt-packet', () => {
  const theirs = Object.entries(constants.propertiesCodes).map(([code, name]) => {
    return [Number(code), theirTypes[constants.propertiesTypes[name]!]] as const
  })
  expect([...properties].map(([code, { type }]) => [code, type])).toEqual(theirs.sort(([a], [b]) => a - b))
})

test('a property has the packets and range of the standard', () => {
  const of = (identifier: number) => {
    const { packets, least, most } = properties.get(identifier)!
    return { packets, least, most }
  }
  expect(of(11)).toEqual({ packets: [3, 8], least: 1, most: Number.POSITIVE_INFINITY })
  expect(of(24)).toEqual({ packets: [0], least: 0, most: Number.POSITIVE_INFINITY })
  expect(of(36)).toEqual({ packets: [2], least: 0, most: 1 })
  for (const { packets } of properties.values()) expect(packets).not.toContain(-1)
  // These two have rules of their own.
  expect(of(1).most).toBe(Number.POSITIVE_INFINITY)
  expect(of(35).least).toBe(0)
})

test('there are 136 rules of MQTT and 33 of MQTT-SN', () => {
  expect(rules.size).toBe(169)
  expect([...rules.keys()].filter((key) => key.startsWith('sn-'))).toHaveLength(33)
})

test.each([...rules.values()])('$key has a severity, statements and a text', (rule) => {
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

test('the source uses only rules of the table', () => {
  const folder = resolve(import.meta.dirname, '../../src/inspect')
  const used = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== 'rules.ts')
    .flatMap((file) => [
      ...readFileSync(resolve(folder, file), 'utf8').matchAll(/report\([\w, ]*'([a-z0-9-]+)'/g),
    ])
    .map(([, key]) => key!)
  expect(used.length).toBeGreaterThan(80)
  expect(used.filter((key) => !rules.has(key))).toEqual([])
})
