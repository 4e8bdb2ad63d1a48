// --prometheus: limits on clients of the metrics server.
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { serveMetrics } from '../../../src/commands/bench/metrics-server.js'
import { once } from '../../helpers/wait.js'

async function visited(
  text: string,
): Promise<{ answer: () => string; closed: () => boolean; socket: Socket }> {
  const server = await serveMetrics({ host: '127.0.0.1', port: 0 }, () => 'metrics\n')
  onTestFinished(() => server.close())
  return visit(Number(new URL(server.url).port), text)
}

function visit(port: number, text: string) {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  let heard = ''
  let over = false
  socket.on('data', (chunk) => (heard += chunk.toString())).on('error', () => {})
  socket.on('close', () => (over = true))
  socket.write(text)
  return { socket, answer: () => heard, closed: () => over }
}

test.each([
  ['sends no request', ''],
  ['sends part of a request', 'GET /metrics HTTP/1.1\r\nHost: x\r\n'],
  ['sends no body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n'],
])('a client that %s is disconnected within 10 s', { timeout: 20_000 }, async (_, text) => {
  const { closed } = await visited(text)
  await once(closed)
})

test('no more than 32 connections are open at once', async () => {
  const server = await serveMetrics({ host: '127.0.0.1', port: 0 }, () => 'metrics\n')
  onTestFinished(() => server.close())
  const port = Number(new URL(server.url).port)
  const visitors = Array.from({ length: 40 }, () => visit(port, ''))
  await once(() => visitors.filter(({ closed }) => closed()).length === 8)
})

test('headers of more than 16 KiB are refused', async () => {
  const { answer, closed } = await visited(`GET /metrics HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`)
  await once(closed)
  expect(answer()).toMatch(/^HTTP\/1\.1 431 /)
})
