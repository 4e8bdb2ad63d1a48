// Writes pcapng (draft-ietf-opsawg-pcapng): one section, a raw IP interface with nanoseconds, another with microseconds
// for times that nanoseconds cannot express, and packets with generated TCP or UDP headers, so that other tools can follow
// the streams.
import { type Instant, nanosecondsOf } from './stream.js'

const sectionHeader = 0x0a0d0d0a
const interfaceDescription = 1
const enhancedPacket = 6
const rawIp = 101
const tcp = 6
const udp = 17
/** The largest payload of a packet. */
const largestSegment = 65_000
/** Difference between the initial sequence numbers of two connections. */
const apart = 0x01000003

/** if_tsresol of the two interfaces: negative exponents of ten. */
const [nanoseconds, microseconds] = [9, 6]
/** 64 bits: nanoseconds last until the year 2554, microseconds until 586524. */
const maxTicks = 2n ** 64n - 1n

const [fin, syn, rst, ack] = [0x01, 0x02, 0x04, 0x10]

/** One end of a connection, and the sequence number of the next byte that it sends. */
interface End {
  readonly address: Buffer
  readonly port: number
  sequence: number
}

/** A connection to write. */
export interface WrittenFlow {
  readonly client: End
  readonly server: End
  readonly udp: boolean
}

/** Ends are `address:port` or `[address]:port`; any other text gets a generated address. */
export function writtenFlow(client: string, server: string, number: number, isUdp: boolean): WrittenFlow {
  const instead = [10, 0, (number >> 8) & 255, number & 255]
  // Two connections between the same ports must not look like one.
  const sequence = Math.imul(number, apart) >>> 0
  const ends = [
    endOf(client, instead, 49_152 + (number % 16_384)),
    endOf(server, [10, 255, 255, 254], isUdp ? 10_000 : 1883),
  ] as const
  const isV6 = ends.some(({ address }) => address.length === 16)
  const [from, to] = ends.map((end) => ({ ...end, ...(isV6 && { address: mapped(end.address) }), sequence }))
  return { client: from!, server: to!, udp: isUdp }
}

/** An IPv4 address as IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2). */
function mapped(address: Buffer): Buffer {
  return address.length === 16 ? address : Buffer.concat([Buffer.alloc(10), Buffer.of(255, 255), address])
}

function endOf(text: string, instead: readonly number[], port: number): Omit<End, 'sequence'> {
  text = text.replace(/^\[::ffff:(\d+(?:\.\d+){3})\]/i, '$1')
  const v4 = /^(\d+)\.(\d+)\.(\d+)\.(\d+):(\d+)$/.exec(text)
  if (v4 !== null) return { address: Buffer.from(v4.slice(1, 5).map(Number)), port: Number(v4[5]) }
  const v6 = /^\[([0-9a-f:.]+)(?:%[^\]]*)?\]:(\d+)$/i.exec(text)
  const address = v6 === null ? undefined : v6Address(v6[1]!)
  if (v6 !== null && address !== undefined) return { address, port: Number(v6[2]) }
  return { address: Buffer.from(instead), port }
}

function v6Address(text: string): Buffer | undefined {
  const [head = '', tail] = text.split('::')
  const groups = (part: string | undefined): string[] =>
    part === undefined || part === '' ? [] : part.split(':')
  const before = groups(head)
  const after = groups(tail)
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  const all = [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after]
  if (all.length !== 8 || all.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return undefined
  const address = Buffer.alloc(16)
  all.forEach((group, i) => void address.writeUInt16BE(Number.parseInt(group, 16), i * 2))
  return address
}

/** The blocks at the start of a file. */
export function fileHead(): Buffer {
  const section = Buffer.alloc(16)
  section.writeUInt32LE(0x1a2b3c4d, 0)
  section.writeUInt16LE(1, 4)
  section.writeBigInt64LE(-1n, 8) // the section's length is not known yet
  const faces = [nanoseconds, microseconds].map((resolution) => {
    const face = Buffer.alloc(20)
    face.writeUInt16LE(rawIp, 0)
    face.writeUInt16LE(9, 8) // if_tsresol
    face.writeUInt16LE(1, 10)
    face[12] = resolution
    return block(interfaceDescription, face)
  })
  return Buffer.concat([block(sectionHeader, section), ...faces])
}

/** The packets that carry `bytes` from one end to the other. `comment` is shown with the first of them. */
export function packetBlocks(
  flow: WrittenFlow,
  fromClient: boolean,
  bytes: Uint8Array,
  time: Instant,
  comment?: string,
): Buffer {
  const blocks: Buffer[] = []
  for (let at = 0; at < bytes.length || at === 0; at += largestSegment) {
    const payload = bytes.subarray(at, at + largestSegment)
    blocks.push(enhanced(ipPacket(flow, fromClient, payload), time, at === 0 ? comment : undefined))
  }
  return Buffer.concat(blocks)
}

/** Skips bytes of the stream: readers report them as missing. */
export function leaveOut({ client, server }: WrittenFlow, fromClient: boolean, bytes: number): void {
  const from = fromClient ? client : server
  from.sequence += bytes
}

function ipPacket(
  { client, server, udp: isUdp }: WrittenFlow,
  fromClient: boolean,
  payload: Uint8Array,
): Buffer {
  const [from, to] = fromClient ? [client, server] : [server, client]
  const transport = isUdp ? udpHeader(from, to, payload.length) : tcpHeader(from, to)
  from.sequence += payload.length
  const isV6 = from.address.length === 16
  const head = isV6
    ? v6Header(from, to, transport.length + payload.length, isUdp)
    : v4Header(from, to, transport.length + payload.length, isUdp)
  return Buffer.concat([head, transport, payload])
}

function v4Header(from: End, to: End, length: number, isUdp: boolean): Buffer {
  const header = Buffer.alloc(20)
  header[0] = 0x45
  header.writeUInt16BE(20 + length, 2)
  header[8] = 64
  header[9] = isUdp ? udp : tcp
  from.address.copy(header, 12)
  to.address.copy(header, 16)
  let sum = 0
  for (let i = 0; i < 20; i += 2) sum += header.readUInt16BE(i)
  sum = (sum & 0xffff) + (sum >>> 16)
  header.writeUInt16BE(~(sum + (sum >>> 16)) & 0xffff, 10)
  return header
}

function v6Header(from: End, to: End, length: number, isUdp: boolean): Buffer {
  const header = Buffer.alloc(40)
  header[0] = 0x60
  header.writeUInt16BE(length, 4)
  header[6] = isUdp ? udp : tcp
  header[7] = 64
  from.address.copy(header, 8)
  to.address.copy(header, 24)
  return header
}

/** PSH and ACK. The checksum is 0, as if left to the network card. */
function tcpHeader(from: End, to: End): Buffer {
  const header = Buffer.alloc(20)
  header.writeUInt16BE(from.port, 0)
  header.writeUInt16BE(to.port, 2)
  header.writeUInt32BE(from.sequence >>> 0, 4)
  header.writeUInt32BE(to.sequence >>> 0, 8)
  header[12] = 0x50
  header[13] = 0x18
  header.writeUInt16BE(0xffff, 14)
  return header
}

/** SYN and SYN with ACK: readers see the start of the stream. */
export function openingBlocks(flow: WrittenFlow, time: Instant): Buffer {
  if (flow.udp) return Buffer.alloc(0)
  const opening = [control(flow, true, syn, time), control(flow, false, syn | ack, time)]
  return Buffer.concat(opening)
}

/** FIN of both ends, or RST of the client. */
export function closingBlocks(flow: WrittenFlow, how: 'fin' | 'rst', time: Instant): Buffer {
  if (flow.udp) return Buffer.alloc(0)
  if (how === 'rst') return control(flow, true, rst | ack, time)
  return Buffer.concat([control(flow, true, fin | ack, time), control(flow, false, fin | ack, time)])
}

/** A segment without data; SYN and FIN count as a byte. */
function control({ client, server }: WrittenFlow, fromClient: boolean, flags: number, time: Instant): Buffer {
  const [from, to] = fromClient ? [client, server] : [server, client]
  const header = tcpHeader(from, to)
  header[13] = flags
  if (flags === syn) header.writeUInt32BE(0, 8)
  if ((flags & (syn | fin)) !== 0) from.sequence += 1
  const isV6 = from.address.length === 16
  const ip = isV6 ? v6Header(from, to, header.length, false) : v4Header(from, to, header.length, false)
  return enhanced(Buffer.concat([ip, header]), time)
}

function udpHeader(from: End, to: End, length: number): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt16BE(from.port, 0)
  header.writeUInt16BE(to.port, 2)
  header.writeUInt16BE(8 + length, 4)
  return header
}

function enhanced(packet: Buffer, time: Instant, comment?: string): Buffer {
  const end = 20 + padded(packet.length)
  const options = comment === undefined ? none : commentOption(Buffer.from(comment))
  const body = Buffer.alloc(end + options.length)
  options.copy(body, end)
  const exact = time.second < 0 ? 0n : nanosecondsOf(time)
  const isLate = exact > maxTicks
  const micros = exact / 1000n
  const ticks = !isLate ? exact : micros < maxTicks ? micros : maxTicks
  body.writeUInt32LE(isLate ? 1 : 0, 0)
  body.writeUInt32LE(Number(ticks >> 32n), 4)
  body.writeUInt32LE(Number(ticks & 0xffffffffn), 8)
  body.writeUInt32LE(packet.length, 12)
  body.writeUInt32LE(packet.length, 16)
  packet.copy(body, 20)
  return block(enhancedPacket, body)
}

const none = Buffer.alloc(0)
const padded = (length: number): number => (length + 3) & ~3

/** opt_comment and opt_endofopt; `text` has at most 65,535 bytes. */
function commentOption(text: Buffer): Buffer {
  const option = Buffer.alloc(4 + padded(text.length) + 4)
  option.writeUInt16LE(1, 0)
  option.writeUInt16LE(text.length, 2)
  text.copy(option, 4)
  return option
}

function block(type: number, body: Buffer): Buffer {
  const whole = Buffer.alloc(12 + body.length)
  whole.writeUInt32LE(type, 0)
  whole.writeUInt32LE(whole.length, 4)
  body.copy(whole, 8)
  whole.writeUInt32LE(whole.length, 8 + body.length)
  return whole
}
