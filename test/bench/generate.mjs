// Writes captures of any size to standard output, to measure speed and memory.
//   node test/bench/generate.mjs traffic MB       complete connections with messages of every QoS
//   node test/bench/generate.mjs stalled COUNT    connections that stop inside a PUBLISH and stay open
//   node test/bench/generate.mjs idle COUNT       connections with typical packets that stay open
// For example: node test/bench/generate.mjs traffic 2000 | /usr/bin/time -v node bin/mqttx.js inspect --view line > /dev/null
import { once } from 'node:events'

const [kind, amount] = process.argv.slice(2)
const limit = Number(amount)
if (!['traffic', 'stalled', 'idle'].includes(kind) || !(limit > 0)) {
  console.error('usage: node test/bench/generate.mjs traffic MB | stalled COUNT | idle COUNT')
  process.exit(1)
}

const broker = 0x0a000001
const batch = 1024 * 1024
let pending = Buffer.alloc(batch)
let filled = 0
let written = 0
let clock = 1_700_000_000_000_000

async function write(bytes) {
  if (filled + bytes.length > pending.length) await flush()
  filled += bytes.copy(pending, filled)
}

async function flush() {
  const chunk = pending.subarray(0, filled)
  written += chunk.length
  pending = Buffer.alloc(batch)
  filled = 0
  if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
}

/** A record with IPv4 and TCP (link type 101). `connection` has the sequence numbers of both sides. */
function record(connection, toBroker, flags, payload = Buffer.alloc(0)) {
  const bytes = Buffer.alloc(56 + payload.length)
  clock += 20
  bytes.writeUInt32LE(Math.floor(clock / 1e6), 0)
  bytes.writeUInt32LE(clock % 1e6, 4)
  bytes.writeUInt32LE(40 + payload.length, 8)
  bytes.writeUInt32LE(40 + payload.length, 12)
  bytes.set([0x45, 0, (40 + payload.length) >> 8, (40 + payload.length) & 255, 0, 0, 0, 0, 64, 6], 16)
  const [from, to] = toBroker ? [connection.address, broker] : [broker, connection.address]
  bytes.writeUInt32BE(from, 28)
  bytes.writeUInt32BE(to, 32)
  bytes.writeUInt16BE(toBroker ? connection.port : 1883, 36)
  bytes.writeUInt16BE(toBroker ? 1883 : connection.port, 38)
  const [own, other] = toBroker ? ['client', 'server'] : ['server', 'client']
  bytes.writeUInt32BE(connection[own] >>> 0, 40)
  bytes.writeUInt32BE(connection[other] >>> 0, 44)
  bytes.set([0x50, flags, 0xff, 0xff], 48)
  payload.copy(bytes, 56)
  connection[own] += payload.length + (flags & 3 ? 1 : 0)
  return bytes
}

function packet(header, ...parts) {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
  )
  const length = []
  for (let rest = body.length; length.length === 0 || rest > 0; rest >>= 7)
    length.push((rest & 127) | (rest > 127 ? 128 : 0))
  return Buffer.concat([Buffer.from([header, ...length]), body])
}

function text(value) {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
}

const identifier = (number) => Buffer.from([number >> 8, number & 255])

async function opened(number) {
  const connection = {
    address: 0x0a010000 + (number >>> 15),
    port: 20_000 + (number & 0x7fff),
    client: number * 7919,
    server: number * 104_729,
  }
  await write(record(connection, true, 2))
  await write(record(connection, false, 0x12))
  await write(record(connection, true, 0x10))
  const connect = packet(0x10, '\0\x04MQTT\x05\x02\0\x3c\0', text(`client-${number}`))
  await write(record(connection, true, 0x18, connect))
  await write(record(connection, false, 0x18, packet(0x20, '\0\0\0')))
  return connection
}

async function exchange(connection, turn) {
  const qos = turn % 3
  const header = 0x30 | (qos << 1)
  const parts = [text(`site/${turn % 50}/sensor`), ...(qos > 0 ? [identifier((turn % 1000) + 1)] : []), '\0']
  const payload = `{"turn":${turn},"value":${turn % 97}.5,"text":"a reading of a sensor with words around it"}`
  await write(record(connection, true, 0x18, packet(header, ...parts, payload)))
  if (qos === 1) await write(record(connection, false, 0x18, packet(0x40, identifier((turn % 1000) + 1))))
  if (qos < 2) return
  await write(record(connection, false, 0x18, packet(0x50, identifier((turn % 1000) + 1))))
  await write(record(connection, true, 0x18, packet(0x62, identifier((turn % 1000) + 1))))
  await write(record(connection, false, 0x18, packet(0x70, identifier((turn % 1000) + 1))))
}

const file = Buffer.from('d4c3b2a1020004000000000000000000000004006500000000', 'hex').subarray(0, 24)
await write(file)
if (kind === 'traffic') {
  for (let number = 0; written < limit * 1e6; number++) {
    const connection = await opened(number)
    for (let turn = 0; turn < 3000; turn++) await exchange(connection, turn)
    await write(record(connection, true, 0x18, packet(0xe0)))
    await write(record(connection, true, 0x11))
    await write(record(connection, false, 0x11))
    await write(record(connection, true, 0x10))
  }
}
if (kind !== 'traffic') {
  const connections = []
  for (let number = 0; number < limit; number++) connections.push(await opened(number))
  const subscribe = packet(0x82, identifier(1), '\0', text('commands/#'), '\0')
  const half = packet(0x30, text('big'), '\0', 'x'.repeat(100_000)).subarray(0, 1400)
  for (const [number, connection] of connections.entries()) {
    if (kind === 'stalled') await write(record(connection, true, 0x18, half))
    else {
      await write(record(connection, true, 0x18, subscribe))
      await write(record(connection, false, 0x18, packet(0x90, identifier(1), '\0\0')))
      for (let turn = 0; turn < 3; turn++) await exchange(connection, number + turn)
    }
  }
}
await flush()
