// Limits of what views and checks keep, and the behaviour beyond them.
import { PbfWriter } from 'pbf'
import { expect, test } from 'vitest'
import { SeenClients } from '../../src/inspect/checks/seen-clients.js'
import { ServerStates } from '../../src/inspect/checks/servers.js'
import { decode } from '../../src/inspect/decode.js'
import { Fields } from '../../src/inspect/fields.js'
import { Sparkplug } from '../../src/inspect/sparkplug.js'
import { FlowView } from '../../src/inspect/views/flow.js'
import { StatsView } from '../../src/inspect/views/stats.js'
import type { TextSink, View } from '../../src/inspect/views/view.js'
import { packetOf } from './packet-of.js'
import { bytesOf, flow } from './scenarios.js'

function collecting(make: (sink: TextSink) => View) {
  const pieces: string[] = []
  const sink = {
    text: (text: string) => void pieces.push(text),
    bytes: (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes).toString()),
  }
  return { view: make(sink as unknown as TextSink), text: () => pieces.join('') }
}

function publish(topic: string, payload: string | Buffer = 'x', messageId?: number) {
  const qos = messageId === undefined ? 0 : 1
  const wire = bytesOf(
    { cmd: 'publish', topic, payload, qos, messageId, dup: false, retain: false } as never,
    4,
  )
  const packet = packetOf(wire, 'c2s', 4)
  decode(new Fields(), packet)
  return packet
}

const connection = { ...flow, number: 1, transport: 'tcp', version: 4 } as never

test('--view stats counts 20,000 topics individually, the others together', () => {
  const { view, text } = collecting((sink) => new StatsView(sink))
  for (let i = 0; i < 20_050; i++) view.packet(publish(`topic/${i}`), connection)
  view.end!()
  expect(text()).toContain('and 19991 more')
})

test('--view flow shows the rows of a connection after 2,000', () => {
  const { view, text } = collecting((sink) => new FlowView(sink))
  for (let i = 0; i < 2000; i++) view.packet(publish('t'), connection)
  expect(text()).toBe('')
  view.packet(publish('t'), connection)
  expect(text().split('\n').length).toBeGreaterThan(2000)
})

test('Sparkplug keeps 32 MiB of names, later aliases are shown by number', () => {
  const sparkplug = new Sparkplug()
  const name = 'x'.repeat(60_000)
  const message = (node: number, withName: boolean) => {
    const pbf = new PbfWriter()
    const metric = (_: null, writer: PbfWriter) => {
      if (withName) writer.writeStringField(1, name)
      writer.writeVarintField(2, 7)
    }
    pbf.writeMessage(2, metric, null)
    const topic = `spBv1.0/plant/${withName ? 'NBIRTH' : 'NDATA'}/${node}`
    return sparkplug.read(publish(topic, Buffer.from(pbf.finish())))
  }
  for (let node = 0; node < 559; node++) message(node, true)
  expect(message(0, false)!.metrics[0]!.name).toBe(name)
  message(559, true)
  message(560, true)
  expect(message(0, false)!.metrics[0]!.name).toBeUndefined() // all were forgotten
  expect(message(560, false)!.metrics[0]!.name).toBe(name)
})

test('state of 16 servers is kept', () => {
  const servers = new ServerStates()
  const first = servers.serverOf('a')
  for (let i = 0; i < 20; i++) servers.serverOf(`server ${i}`)
  expect(servers.serverOf('a')).toBe(first)
  expect(servers.serverOf('server 19')).not.toBe(servers.serverOf('server 19'))
})

test('20,000 clients are known; beyond that any may have connected before', () => {
  const seen = new SeenClients(false)
  for (let i = 0; i < 20_000; i++) expect(seen.add(`client ${i}`, 'host')).toBe(true)
  expect(seen.add('client 0', 'host')).toBe(false)
  seen.add('one more', 'host')
  expect(seen.add('another', 'host')).toBe(false)
  const long = new SeenClients(false)
  const name = 'x'.repeat(65_000)
  for (let i = 0; i < 270; i++) long.add(`${i} ${name}`, 'host')
  expect(long.add('another', 'host')).toBe(false)
})
