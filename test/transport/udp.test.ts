import { createSocket, Socket } from 'node:dgram'
import type { AddressInfo } from 'node:net'
import { expect, test, vi } from 'vitest'
import { UdpPeer, udpTargets } from '../../src/transport/udp.js'
import { listenUdp } from '../../src/transport/udp-server.js'
import { once } from '../helpers/wait.js'

const nothing = { message: () => {}, drained: () => {}, failed: () => {} }
const loopback = (port: number) => ({ host: '127.0.0.1', family: 4, port })

test('no more than 64 datagrams wait for the system', async () => {
  const server = createSocket('udp4')
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve))
  let drained = 0
  const target = loopback((server.address() as AddressInfo).port)
  const peer = await UdpPeer.open(target, undefined, { ...nothing, drained: () => void drained++ })
  let sent = 0
  while (peer.writable) {
    peer.send(Buffer.from('x'))
    sent++
  }
  expect(sent).toBe(64)
  await once(() => drained > 0 && peer.idle)
  expect(peer.writable).toBe(true)
  peer.close()
  server.close()
})

test('a port on which nothing listens: ECONNREFUSED, once', async () => {
  const server = createSocket('udp4')
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  const errors: (string | undefined)[] = []
  const failed = ({ code }: NodeJS.ErrnoException): void => void errors.push(code)
  const peer = await UdpPeer.open(loopback(port), undefined, { ...nothing, failed })
  peer.send(Buffer.from('x'))
  await once(() => errors.length > 0)
  peer.send(Buffer.from('y'))
  expect(errors).toEqual(['ECONNREFUSED'])
})

test('the addresses of a name: those of IPv4 first', async () => {
  const found = await udpTargets({ host: 'localhost', port: 1 }, new AbortController().signal)
  expect(found[0]).toEqual({ host: '127.0.0.1', family: 4, port: 1 })
})

test('a datagram from port 0, to which nothing can be sent, is dropped', async () => {
  const bind = vi.spyOn(Socket.prototype, 'bind')
  const message = vi.fn()
  const server = await listenUdp({ bind: '127.0.0.1', port: 0 }, { message, trouble: () => {} })
  const socket = bind.mock.contexts[0] as Socket
  bind.mockRestore()
  for (const port of [0, 1]) {
    const from = { address: '127.0.0.1', family: 'IPv4' as const, port, size: 1 }
    socket.emit('message', Buffer.from('x'), from)
  }
  expect(message.mock.calls.map(([, { port }]) => port)).toEqual([1])
  await server.close()
})
