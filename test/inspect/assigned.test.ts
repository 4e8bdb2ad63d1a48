// --client with a Client Identifier assigned by the server: packets before CONNACK are held until it arrives.
import { expect, test } from 'vitest'
import { Filter } from '../../src/inspect/filter.js'
import { inspectSteps, type Step } from './scenarios.js'

const connect: Step = ['>', '10 0d 0004 4d515454 05 02 003c 00 0000']
const connack: Step = ['<', '20 0a 00 00 07 12 0004 6e616d65'] // "name"
const publish: Step = ['>', '30 04 0001 61 00']

function shown(client: string, ...steps: Step[]): string[] {
  const { packets } = inspectSteps(steps, { version: 5, filter: new Filter({ clients: [client] }) })
  return packets.map(({ number, type }) => `${number} ${type}`)
}

test('all packets of the connection are shown in order, including those before CONNACK', () => {
  expect(shown('name', connect, publish, connack, publish)).toEqual(['1 1', '2 3', '3 2', '4 3'])
  expect(shown('other', connect, publish, connack, publish)).toEqual([])
})

test('a connection that ends before CONNACK does not match', () => {
  expect(shown('name', connect, publish)).toEqual([])
  expect(shown('', connect, publish)).toEqual(['1 1', '2 3'])
})

test('at most 16 packets are held', () => {
  const many = new Array<Step>(15).fill(publish)
  expect(shown('name', connect, ...many, connack)).toHaveLength(17)
  expect(shown('name', connect, ...many, publish, connack, publish).map((one) => one.split(' ')[1])).toEqual([
    '2',
    '3',
  ])
})
