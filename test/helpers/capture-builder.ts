// Builds capture files frame by frame, for traffic that a real network does not produce on demand.

export interface Packet {
  /** Seconds; the fraction is kept to the microsecond. */
  readonly time?: number
  readonly bytes: Buffer
  /** Original length, if the packet is to be cut. */
  readonly wire?: number
}

export const client = '10.0.0.1'
export const server = '10.0.0.2'

export function u16(value: number, little = false): Buffer {
  const bytes = Buffer.alloc(2)
  if (little) bytes.writeUInt16LE(value)
  else bytes.writeUInt16BE(value)
  return bytes
}

export function u32(value: number, little = false): Buffer {
  const bytes = Buffer.alloc(4)
  if (little) bytes.writeUInt32LE(value >>> 0)
  else bytes.writeUInt32BE(value >>> 0)
  return bytes
}

function address(text: string): Buffer {
  if (!text.includes(':')) return Buffer.from(text.split('.').map(Number))
  const [head = '', tail = ''] = text.split('::')
  const groups = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const [first, last] = [groups(head), groups(tail)]
  const zeros = Array<number>(8 - first.length - last.length).fill(0)
  return Buffer.concat([...first, ...zeros, ...last].map((group) => u16(group)))
}

export interface Segment {
  readonly from?: string
  readonly to?: string
  readonly ports?: readonly [number, number]
  readonly seq?: number
  readonly ack?: number
  /** Letters of S, A, F, R, P. */
  readonly flags?: string
  /** Text is Latin-1. */
  readonly payload?: Uint8Array | string
}

export function tcp({ ports = [40000, 1883], seq = 0, ack, flags = 'A', payload = '' }: Segment): Buffer {
  const bits = [...flags].reduce((sum, flag) => sum | { F: 1, S: 2, R: 4, P: 8, A: 16 }[flag]!, 0)
  const header = [
    u16(ports[0]),
    u16(ports[1]),
    u32(seq),
    u32(ack ?? 0),
    Buffer.from([0x50, bits, 0xff, 0xff, 0, 0, 0, 0]),
  ]
  return Buffer.concat([...header, typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload])
}

export function udp(payload: Uint8Array, ports: readonly [number, number] = [40000, 1884]): Buffer {
  return Buffer.concat([u16(ports[0]), u16(ports[1]), u16(payload.length + 8), u16(0), payload])
}

export interface Ipv4 {
  readonly from?: string
  readonly to?: string
  readonly protocol?: number
  /** A wrong Total Length. */
  readonly total?: number
  readonly id?: number
  /** In bytes. */
  readonly offset?: number
  readonly more?: boolean
  readonly options?: Buffer
}

export function ipv4(payload: Buffer, fields: Ipv4 = {}): Buffer {
  const {
    from = client,
    to = server,
    protocol = 6,
    id = 1,
    offset = 0,
    more = false,
    options = Buffer.alloc(0),
  } = fields
  const length = 20 + options.length
  const head = Buffer.from([0x40 | (length / 4), 0])
  const fragment = (more ? 0x2000 : 0) | (offset / 8)
  const total = u16(fields.total ?? length + payload.length)
  const rest = [
    u16(id),
    u16(fragment),
    Buffer.from([64, protocol, 0, 0]),
    address(from),
    address(to),
    options,
  ]
  return Buffer.concat([head, total, ...rest, payload])
}

/** `next`: the number of the first extension header or protocol in `payload`. */
export function ipv6(payload: Buffer, { from = '2001:db8::1', to = '2001:db8::2', next = 6 } = {}): Buffer {
  const head = [u32(0x60000000), u16(payload.length), Buffer.from([next, 64]), address(from), address(to)]
  return Buffer.concat([...head, payload])
}

/** `tags`: EtherTypes of VLAN tags, outermost first. */
export function ethernet(
  payload: Buffer,
  { type = 0x0800, tags = [] as readonly number[], trailer = '' } = {},
): Buffer {
  const macs = Buffer.alloc(12, 2)
  const vlans = tags.flatMap((tag) => [u16(tag), u16(7)])
  return Buffer.concat([macs, ...vlans, u16(type), payload, Buffer.from(trailer, 'latin1')])
}

export interface PcapOptions {
  readonly little?: boolean
  readonly nano?: boolean
  readonly link?: number
}

export function pcapHeader({ little = true, nano = false, link = 1 }: PcapOptions = {}): Buffer {
  const magic = u32(nano ? 0xa1b23c4d : 0xa1b2c3d4, little)
  const words = [u16(2, little), u16(4, little), u32(0), u32(0), u32(262144, little), u32(link, little)]
  return Buffer.concat([magic, ...words])
}

export function pcapRecord(packet: Packet, { little = true, nano = false }: PcapOptions = {}): Buffer {
  const { time = 0, bytes, wire = bytes.length } = packet
  const fraction = Math.round((time % 1) * 1e6) * (nano ? 1000 : 1)
  const head = [
    u32(Math.floor(time), little),
    u32(fraction, little),
    u32(bytes.length, little),
    u32(wire, little),
  ]
  return Buffer.concat([...head, bytes])
}

export function pcap(packets: readonly Packet[], options: PcapOptions = {}): Buffer {
  return Buffer.concat([pcapHeader(options), ...packets.map((packet) => pcapRecord(packet, options))])
}

export function block(type: number, body: Buffer, little = true): Buffer {
  const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)])
  const length = u32(padded.length + 12, little)
  return Buffer.concat([u32(type, little), length, padded, length])
}

export function option(code: number, value: Buffer, little = true): Buffer {
  const padding = Buffer.alloc((4 - (value.length % 4)) % 4)
  return Buffer.concat([u16(code, little), u16(value.length, little), value, padding])
}

export function section(little = true): Buffer {
  const unknownLength = Buffer.alloc(8, 0xff)
  return block(
    0x0a0d0d0a,
    Buffer.concat([u32(0x1a2b3c4d, little), u16(1, little), u16(0, little), unknownLength]),
    little,
  )
}

export interface InterfaceFields {
  readonly link?: number
  readonly snap?: number
  readonly options?: Buffer
  readonly little?: boolean
}

export function interfaceBlock(fields: InterfaceFields = {}): Buffer {
  const { link = 1, snap = 0, options = Buffer.alloc(0), little = true } = fields
  return block(1, Buffer.concat([u16(link, little), u16(0), u32(snap, little), options]), little)
}

export interface EnhancedPacket {
  readonly bytes: Buffer
  readonly ticks?: bigint
  readonly on?: number
  readonly wire?: number
  readonly options?: Buffer
}

export function packetBlock(packet: EnhancedPacket, little = true): Buffer {
  const { bytes, ticks = 0n, on = 0, wire = bytes.length, options = Buffer.alloc(0) } = packet
  const time = [u32(Number(ticks >> 32n), little), u32(Number(ticks & 0xffffffffn), little)]
  const padding = Buffer.alloc((4 - (bytes.length % 4)) % 4)
  const head = [u32(on, little), ...time, u32(bytes.length, little), u32(wire, little)]
  return block(6, Buffer.concat([...head, bytes, padding, options]), little)
}

/** An Ethernet frame with a TCP segment from client to server. */
export function toServer(segment: Segment): Buffer {
  return ethernet(ipv4(tcp(segment), pick(segment)))
}

/** An Ethernet frame with a TCP segment from server to client. */
export function toClient(segment: Segment): Buffer {
  const { ports = [40000, 1883], from = client, to = server } = segment
  return ethernet(ipv4(tcp({ ...segment, ports: [ports[1], ports[0]] }), { from: to, to: from }))
}

function pick({ from, to }: Segment): Ipv4 {
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
}

/** SYN, SYN-ACK, ACK: the client's data begins at `isns[0] + 1`. */
export function opening(isns: readonly [number, number] = [999, 4999], common: Segment = {}): Buffer[] {
  const [a, b] = isns
  return [
    toServer({ ...common, seq: a, flags: 'S' }),
    toClient({ ...common, seq: b, ack: a + 1, flags: 'SA' }),
    toServer({ ...common, seq: a + 1, ack: b + 1 }),
  ]
}

/** One packet each millisecond. */
export function timed(frames: readonly Buffer[], start = 1_700_000_000): Packet[] {
  return frames.map((bytes, index) => ({ bytes, time: start + index / 1000 }))
}
