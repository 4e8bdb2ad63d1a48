// Two servers that the examples of the README need: a SOCKS5 proxy on port 1080 that wants ada's password (RFC 1928,
// 1929) and leads every name to this machine, and a DNS server that knows the service of example.org (RFC 2782).
import { createSocket } from 'node:dgram'
import { connect, createServer } from 'node:net'

const login = Buffer.from('\x01\x03ada\x06secret', 'latin1')

createServer((socket) => {
  socket.on('error', () => {})
  let step = 0
  socket.on('data', (bytes) => {
    if (step === 0) socket.write(Buffer.of(5, 2))
    else if (step === 1) socket.write(Buffer.of(1, bytes.equals(login) ? 0 : 1))
    else {
      socket.removeAllListeners('data')
      const far = connect(bytes.readUInt16BE(bytes.length - 2), '127.0.0.1', () => {
        socket.write(Buffer.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 0))
        socket.pipe(far).pipe(socket)
      })
      far.on('error', () => socket.destroy())
    }
    step++
  })
}).listen(1080, '127.0.0.1')

const names = createSocket('udp4')
names.on('message', (query, { port, address }) => {
  const end = query.indexOf(0, 12) + 5
  const known = query.subarray(12, end).includes('\x05_mqtt\x04_tcp\x07example\x03org')
  const header = Buffer.from(query.subarray(0, 12))
  header.writeUInt16BE(known ? 0x8180 : 0x8183, 2)
  header.writeUInt16BE(known ? 1 : 0, 6)
  header.writeUInt32BE(0, 8)
  const target = Buffer.from('\x06broker\x03lan\0', 'latin1')
  // Priority and weight 0, port 1883.
  const record = Buffer.from([
    0xc0,
    0x0c,
    0,
    33,
    0,
    1,
    0,
    0,
    0,
    60,
    0,
    6 + target.length,
    0,
    0,
    0,
    0,
    0x07,
    0x5b,
  ])
  names.send(
    Buffer.concat([header, query.subarray(12, end), ...(known ? [record, target] : [])]),
    port,
    address,
  )
})
names.bind(53, '127.0.0.1')
