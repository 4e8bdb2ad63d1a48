// Limits of buffered bytes, for each connection and for all together, and of the number of connections.
import { expect, test } from 'vitest'
import { ByteBudget } from '../../src/capture/byte-budget.js'
import { ConnectionTable } from '../../src/capture/connection-table.js'
import { Frame } from '../../src/capture/frame.js'
import { pcap, tcp, timed, toServer } from '../helpers/capture-builder.js'
import { read } from '../helpers/capture-log.js'

/** A packet from port `a` to port `b`: addresses, then the segment. */
function frame(a: number, b: number, back = false): Frame {
  const [one, two] = [Buffer.from([10, 0, 0, 1]), Buffer.from([10, 0, 0, 2])]
  const made = new Frame()
  made.bytes = Buffer.concat([...(back ? [two, one] : [one, two]), tcp({ ports: [a, b] })])
  made.start = 8
  return made
}

test('a connection is found from both ends', () => {
  const table = new ConnectionTable<string>(() => {})
  table.add(frame(1000, 1883), 'first')
  table.add(frame(1001, 1883), 'second')
  expect([table.find(frame(1000, 1883))?.value, table.side]).toEqual(['first', 0])
  expect([table.find(frame(1883, 1000, true))?.value, table.side]).toEqual(['first', 1])
  expect(table.find(frame(1883, 1000))).toBeUndefined()
  expect([...table.values()]).toEqual(['second', 'first'])
})

test('the least recently used connection is removed', () => {
  const forgotten: number[] = []
  const table = new ConnectionTable<number>((value) => forgotten.push(value), 3)
  for (const port of [1, 2, 3]) table.add(frame(port, 1883), port)
  table.find(frame(1, 1883))
  for (const port of [4, 5]) table.add(frame(port, 1883), port)
  expect(forgotten).toEqual([2, 3])
  expect(table.find(frame(2, 1883))).toBeUndefined()
  expect([...table.values()]).toEqual([1, 4, 5])
})

test('connections can be removed in any order', () => {
  const table = new ConnectionTable<number>(() => {})
  const entries = Array.from({ length: 50 }, (_, port) => table.add(frame(port, 1883), port))
  for (let index = 0; index < 50; index += 2) table.remove(entries[(index * 7) % 50]!)
  const left = [...table.values()]
  expect(left).toHaveLength(25)
  for (let port = 0; port < 50; port++)
    expect(table.find(frame(port, 1883)) !== undefined).toBe(left.includes(port))
})

test('a budget counts the bytes of all buffers', () => {
  const budget = new ByteBudget(100)
  const first = budget.change(0, 60)
  const second = budget.change(0, 50)
  expect(budget.isSpent).toBe(true)
  budget.change(second, 0)
  expect(budget.isSpent).toBe(false)
  expect(budget.change(first, 0)).toBe(0)
})

test('holes of many connections are given up when too many bytes wait after them', () => {
  const payload = 'x'.repeat(60_000)
  const frames: Buffer[] = []
  for (let port = 20_000; port < 20_150; port++) {
    const ports = [port, 1883] as const
    frames.push(toServer({ ports, seq: 999, flags: 'S' }))
    for (let index = 0; index < 10; index++)
      frames.push(toServer({ ports, seq: 1001 + index * 60_000, payload }))
  }
  const late = toServer({ ports: [20_149, 1883], seq: 1000, payload: '!' })
  const early = toServer({ ports: [20_000, 1883], seq: 1000, payload: '!' })
  const { flows } = read(pcap(timed([...frames, early, late])))
  expect(flows.find(({ client }) => client.endsWith(':20000'))!.gaps).toEqual([])
  expect(flows.find(({ client }) => client.endsWith(':20149'))!.gaps).toEqual([
    'c2s 0 1 missing from the capture',
  ])
})
