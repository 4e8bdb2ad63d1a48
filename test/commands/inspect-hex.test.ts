// `mqttx inspect --hex` and `--protocol`: forms of bytes on the command line, and MQTT-SN.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mqttx, scratch } from '../helpers/run.js'

const connect = Buffer.from('\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0', 'latin1')

async function lines(
  ...words: string[]
): Promise<{ packets: string[]; stderr: string; status: number | null }> {
  const { stdout, stderr, status } = await mqttx(['inspect', '--view', 'json', ...words])
  const packets = stdout.toString().split('\n').slice(0, -1)
  return { packets: packets.map((line) => (JSON.parse(line) as { type: string }).type), stderr, status }
}

test.each([
  ['digits', connect.toString('hex'), ''],
  ['pairs', connect.toString('hex').match(/../g)!.join(' '), ''],
  ['0x, with commas', connect.toString('hex').replace(/../g, '0x$&, '), ''],
  ['base64', connect.toString('base64'), 'read as base64\n'],
  ['decimal numbers', connect.join(', '), 'read as decimal numbers\n'],
  [
    'a byte string',
    "b'\\x10\\x0c\\x00\\x04MQTT\\x04\\x02\\x00<\\x00\\x00'",
    'read as strings or lists of numbers\n',
  ],
  ['a dump', '00000000: 100c 0004 4d51 5454 0402 003c 0000', 'read as a hex dump\n'],
  ['a log', `10:00:00 DEBUG sent ${connect.toString('hex')}`, 'read as a log with hexadecimal digits\n'],
])('--hex: %s', async (_name, text, stderr) => {
  expect(await lines('--hex', text)).toEqual({ packets: ['CONNECT'], stderr, status: 0 })
  expect(await lines('--quiet', '--hex', text)).toEqual({ packets: ['CONNECT'], stderr: '', status: 0 })
})

test('--hex rejects text without bytes', async () => {
  const { status, stderr } = await lines('--hex', 'hello, world!')
  expect(stderr).toContain('this is text in no known form of hex dump or base64')
  expect(status).toBe(41)
})

/** CONNECT, CONNACK, REGISTER, a forwarded PINGREQ. */
const messages = ['0a0404010001 6e6f6465', '030500', '120a0000000174793474772f746f70696331', '05fe0001020216']

test('--protocol mqtt-sn: consecutive messages in text and in bytes', async () => {
  const wanted = { packets: ['CONNECT', 'CONNACK', 'REGISTER', 'PINGREQ'], status: 0 }
  expect(await lines('--protocol', 'mqtt-sn', ...messages.flatMap((text) => ['--hex', text]))).toMatchObject({
    packets: wanted.packets,
    stderr: '',
  })
  const folder = scratch('sn')
  const all = messages.join('').replace(' ', '')
  const text = join(folder, 'text')
  writeFileSync(text, all.match(/.{1,32}/g)!.join('\n'))
  const bytes = join(folder, 'bytes')
  writeFileSync(bytes, Buffer.from(all, 'hex'))
  for (const file of [text, bytes]) {
    expect(await lines('--protocol', 'mqtt-sn', file)).toMatchObject({ packets: wanted.packets, stderr: '' })
  }
})

test('--protocol mqtt-sn: a log of both directions, and a truncated message', async () => {
  const file = join(scratch('sn'), 'log')
  writeFileSync(
    file,
    `> ${messages[0]!.replace(' ', '')}\n< ${messages[1]}\n> ${messages[2]!.slice(0, 20)}\n`,
  )
  const { stdout } = await mqttx(['inspect', '--view', 'line', '--protocol', 'mqtt-sn', file])
  expect(stdout.toString()).toMatch(/-> CONNECT "node"[^\n]*\n#2 1 <- CONNACK[^\n]*\n#3 1 -> REGISTER/)
})

test('--protocol rejects other values', async () => {
  const { status, stderr } = await lines('--protocol', 'amqp', '--hex', '00')
  expect(stderr).toContain("--protocol: unknown value 'amqp'")
  expect(status).toBe(1)
})
