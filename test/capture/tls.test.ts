// Captured TLS between Node's client and server: each supported version and cipher suite is decrypted, and a connection
// without secrets reports the reason.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer as createRelay, connect as dial, type Server } from 'node:net'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { connect, createSecureContext, createServer, type SecureVersion, TLSSocket } from 'node:tls'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { RecordOrigin } from '../../src/capture/frame.js'
import { Segment } from '../../src/capture/segment.js'
import { RecordReader } from '../../src/capture/tls/records.js'
import { crypto, decryptWith } from '../../src/commands/capture-tls.js'
import {
  block,
  interfaceBlock,
  opening,
  packetBlock,
  pcap,
  section,
  timed,
  toClient,
  toServer,
  u32,
} from '../helpers/capture-builder.js'
import { type CaptureLog, read } from '../helpers/capture-log.js'
import { type Certificates, makeCertificates } from '../helpers/certificates.js'
import { peerTest } from '../helpers/peers.js'
import { scratch, start } from '../helpers/run.js'

type Piece = readonly ['c' | 's', Buffer]

interface Recording {
  /** The bytes of both directions, in order. */
  readonly pieces: Piece[]
  readonly keyLog: string
}

let certificates: Certificates
beforeAll(() => {
  certificates = makeCertificates()
})

/** Two connected streams that record all bytes. */
function wire(pieces: Piece[]): [Duplex, Duplex] {
  const end = (name: 'c' | 's', peer: () => Duplex) =>
    new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        pieces.push([name, Buffer.from(chunk)])
        setImmediate(() => {
          peer().push(chunk)
          done()
        })
      },
      final(done) {
        setImmediate(() => peer().push(null))
        done()
      },
    })
  const a: Duplex = end('c', () => b)
  const b: Duplex = end('s', () => a)
  return [a, b]
}

/** The client sends each of `sent`; the server returns it in upper case. */
async function record(version: SecureVersion, ciphers: string, sent: readonly Buffer[]): Promise<Recording> {
  const pieces: Piece[] = []
  const [a, b] = wire(pieces)
  const { cert, key } = certificates.server
  const common = { minVersion: version, maxVersion: version, ciphers }
  const secureContext = createSecureContext({ cert: readFileSync(cert), key: readFileSync(key), ...common })
  const server = new TLSSocket(b, { isServer: true, secureContext, ALPNProtocols: ['mqtt'] })
  server.on('data', (chunk: Buffer) =>
    server.write(Buffer.from(chunk.toString('latin1').toUpperCase(), 'latin1')),
  )
  const client = connect({
    socket: a,
    servername: 'localhost',
    ALPNProtocols: ['mqtt'],
    rejectUnauthorized: false,
    ...common,
  })
  let keyLog = ''
  client.on('keylog', (line: Buffer) => {
    keyLog += line.toString()
  })
  for (const bytes of sent) {
    let received = 0
    await new Promise<void>((done) => {
      client.on('data', function count(chunk: Buffer) {
        received += chunk.length
        if (received < bytes.length) return
        client.off('data', count)
        done()
      })
      client.write(bytes)
    })
  }
  client.destroy()
  server.destroy()
  return { pieces, keyLog }
}

/** The frames of a recording, in segments of `size` bytes. */
function frames(pieces: readonly Piece[], size = 1400): Buffer[] {
  const common = { ports: [40000, 8883] as const }
  const at = { c: 1000, s: 5000 }
  const made = opening([999, 4999], common)
  for (const [side, bytes] of pieces) {
    for (let start = 0; start < bytes.length; start += size) {
      const payload = bytes.subarray(start, start + size)
      const make = side === 'c' ? toServer : toClient
      made.push(make({ ...common, seq: at[side], ack: side === 'c' ? at.s : at.c, payload }))
      at[side] += payload.length
    }
  }
  return made
}

const messages = [Buffer.from('connect'), Buffer.alloc(40_000, 'a large message '), Buffer.from('bye')]
const all = Buffer.concat(messages).toString()

const kinds = [
  ['TLSv1.3', 'TLS_AES_128_GCM_SHA256'],
  ['TLSv1.3', 'TLS_AES_256_GCM_SHA384'],
  ['TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256'],
  ['TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  ['TLSv1.2', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  ['TLSv1.2', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
] as const

describe.each(kinds)('%s, %s', (version, ciphers) => {
  let recording: Recording
  beforeAll(async () => {
    recording = await record(version, ciphers, messages)
  })

  const decrypted = (log: CaptureLog) => {
    expect(log.flows[0]!.facts).toEqual([
      { kind: 'tls', version: version.replace('v', ' '), serverName: 'localhost' },
    ])
    expect(log.flows[0]!.c2s === all && log.flows[0]!.s2c === all.toUpperCase()).toBe(true)
    expect(log.notes).toEqual([])
  }

  test('is decrypted', () => {
    const file = pcap(timed(frames(recording.pieces)))
    decrypted(read(file, { crypto, keyLog: recording.keyLog }))
  })

  test('is decrypted where node:crypto has no ChaCha20-Poly1305', () => {
    const file = pcap(timed(frames(recording.pieces)))
    const lacking = { ...crypto, decrypt: decryptWith(['aes-128-gcm', 'aes-256-gcm']) }
    decrypted(read(file, { crypto: lacking, keyLog: recording.keyLog }))
    const withoutAny = { ...crypto, decrypt: () => undefined }
    expect(read(file, { crypto: withoutAny, keyLog: recording.keyLog }).flows[0]?.c2s).not.toBe(all)
  })

  test('in segments of any size', () => {
    for (const size of [7, 100, 65_000]) {
      decrypted(read(pcap(timed(frames(recording.pieces, size))), { crypto, keyLog: recording.keyLog }))
    }
  })

  test('with the secrets in the capture file', () => {
    const secrets = Buffer.from(recording.keyLog)
    const body = Buffer.concat([u32(0x544c534b, true), u32(secrets.length, true), secrets])
    const packets = frames(recording.pieces).map((bytes) => packetBlock({ bytes }))
    decrypted(read(Buffer.concat([section(), interfaceBlock(), block(10, body), ...packets]), { crypto }))
  })

  test('continues after a gap', () => {
    const made = frames(recording.pieces)
    const large = made.findLastIndex((frame) => frame.length > 1400)
    const log = read(pcap(timed([...made.slice(0, large - 3), ...made.slice(large - 2)])), {
      crypto,
      keyLog: recording.keyLog,
    })
    expect(log.flows[0]!.c2s + log.flows[0]!.s2c).toContain('<?>')
    expect(log.flows[0]!.s2c.endsWith('BYE')).toBe(true)
    expect(log.flows[0]!.c2s.endsWith('bye')).toBe(true)
  })

  test('without secrets, the server name is reported', () => {
    const file = pcap(timed(frames(recording.pieces)))
    const name = `${version.replace('v', ' ')} connection to localhost (ALPN mqtt) was not decrypted`
    const none = read(file, { crypto })
    expect(none.flows).toEqual([])
    expect(none.notes).toHaveLength(1)
    expect(none.notes[0]).toContain(`${name}: there is no key log`)
    const other = recording.keyLog.replace(/ [0-9a-f]{64} /g, ` ${'0'.repeat(64)} `)
    expect(read(file, { crypto, keyLog: other }).notes[0]).toContain(
      `${name}: the key log has no secrets for it`,
    )
  })
})

peerTest('TLS 1.3 with key updates by both sides', ['openssl'], async () => {
  const { cert, key } = certificates.server
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key), minVersion: 'TLSv1.3' })
  server.on('secureConnection', (socket) =>
    socket.on('data', (bytes: Buffer) => socket.write(bytes.toString('latin1').toUpperCase())),
  )
  const pieces: Piece[] = []
  const relay = relayTo(() => (server.address() as AddressInfo).port, pieces)
  for (const one of [server, relay]) {
    one.listen(0, '127.0.0.1')
    await once(one, 'listening')
    onTestFinished(() => void one.close())
  }
  const keys = join(scratch('keys'), 'keys')
  const at = ['-connect', `127.0.0.1:${(relay.address() as AddressInfo).port}`]
  const client = start('openssl', ['s_client', ...at, '-tls1_3', '-keylogfile', keys], { stdin: 'open' })
  await client.until((stdout) => stdout.includes('read R BLOCK') || stdout.includes('Verify return code'))
  // `k` updates the keys of the client, `K` also requests an update of the server.
  let said = ''
  for (const [command, line] of [
    ['k', 'first'],
    ['K', 'second'],
    ['K', 'third'],
  ] as const) {
    client.write(`${command}\n`)
    // Input sent together with the command is lost: wait until the command was read.
    await client.until((_stdout, stderr) => stderr.split('KEYUPDATE').length > said.split('\n').length)
    client.write(`${line}\n`)
    said += `${line}\n`
    await client.until((stdout) => stdout.includes(line.toUpperCase()))
  }
  client.kill('SIGTERM')
  await client.ended
  const keyLog = readFileSync(keys, 'latin1')
  const log = read(pcap(timed(frames(pieces))), { crypto, keyLog })
  expect(log.notes).toEqual([])
  expect(log.flows.map(({ c2s, s2c }) => [c2s, s2c])).toEqual([[said, said.toUpperCase()]])
})

/** A relay between client and server that records all bytes. */
function relayTo(port: () => number, pieces: Piece[]): Server {
  return createRelay((near) => {
    const far = dial(port(), '127.0.0.1')
    for (const [name, from, to] of [
      ['c', near, far],
      ['s', far, near],
    ] as const) {
      from.on('data', (bytes: Buffer) => pieces.push([name, bytes]))
      from.on('error', () => to.destroy())
      from.pipe(to)
    }
  })
}

test('TLS 1.3 with the application traffic secrets only', async () => {
  const { pieces, keyLog } = await record('TLSv1.3', 'TLS_AES_128_GCM_SHA256', messages)
  const some = keyLog
    .split('\n')
    .filter((line) => line.includes('TRAFFIC_SECRET_0'))
    .join('\r\n')
  const log = read(pcap(timed(frames(pieces))), { crypto, keyLog: some })
  expect(log.flows[0]!.c2s === all && log.flows[0]!.s2c === all.toUpperCase()).toBe(true)
})

test('an unsupported cipher suite is reported by its number', async () => {
  const { pieces, keyLog } = await record('TLSv1.2', 'ECDHE-ECDSA-AES128-SHA256', messages.slice(0, 1))
  const [note] = read(pcap(timed(frames(pieces))), { crypto, keyLog }).notes
  expect(note).toMatch(/its cipher suite \(0xc023\) is not supported$/)
})

test.each([
  ['17 0301 0001', true],
  ['14 0304 0001', true],
  ['15 0303 4100', true],
  ['17 0300 0001', false],
  ['17 0305 0001', false],
  ['17 0203 0001', false],
  ['17 0303 0000', false],
  ['17 0303 4101', false],
  ['18 0303 0001', false],
])('in mid-stream, %s begins a record: %s', (head, isRecord) => {
  const payload = Buffer.concat([Buffer.from(head.replaceAll(' ', ''), 'hex'), Buffer.alloc(20, 0xff)])
  const { flows } = read(pcap(timed([toServer({ ports: [40000, 8883], seq: 1000, payload })])))
  expect(flows).toHaveLength(isRecord ? 0 : 1)
})

test('a record in several segments has the origin of its first, whatever the others begin with', () => {
  const found: [number, string][] = []
  const reader = new RecordReader({
    record: ({ bytes, origin }) => void found.push([origin.fileOffset, bytes.toString('hex')]),
    missing: (_count, why) => void found.push([-1, why]),
  })
  const inner = '1703030001ff'
  const whole = `170303000daa${inner.repeat(2)}`
  const time = { record: 1, second: 0, nanos: 0 }
  for (const [text, at] of [
    [whole.slice(0, 12), 100],
    [whole.slice(12, 24), 200],
    [`${whole.slice(24)}${inner}`, 300],
  ] as const)
    reader.push(new Segment(Buffer.from(text, 'hex'), 0, new RecordOrigin(time, at)))
  expect(found).toEqual([
    [100, whole],
    [306, inner],
  ])
})

// The first segment begins inside a record: whatever its first byte is, it must not be taken for an MQTT packet.
test('in mid-stream there are no keys, which is reported', async () => {
  const { pieces, keyLog } = await record('TLSv1.3', 'TLS_AES_128_GCM_SHA256', messages)
  const made = frames(pieces)
  const [first, ...others] = made.slice(-8)
  for (let byte = 0; byte < 256; byte++) {
    const begun = Buffer.from(first!)
    begun[54] = byte // after the headers of Ethernet, IP and TCP
    expect(read(pcap(timed([begun, ...others])), { crypto, keyLog }).flows, `0x${byte.toString(16)}`).toEqual(
      [],
    )
  }
  const log = read(pcap(timed([first!, ...others])), { crypto, keyLog })
  expect(log.notes[0]).toMatch(/was not decrypted: its handshake was not captured$/)
})
