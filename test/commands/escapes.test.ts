// Text from a server or the command line cannot forge or escape lines on standard error (H1-H5).
import type { Socket } from 'node:net'
import mqtt, { type Packet } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { isOneOfEvery } from '../helpers/amount.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { run } from './fake-host.js'

/** Sets the title, clears the screen, forges a line, reverses direction, hides text. */
const hostile = 'no \x1b]0;pwned\x07\x1b[2J\nError: disk full\r\u009b31m\u202e\u200b\u2028\x7f'
const long = `${hostile}${'x'.repeat(50_000)}`

const send = (socket: Socket, packet: Packet): void =>
  void socket.write(mqtt.generate(packet, { protocolVersion: 5 }))

const said = (text: string) => ({ reasonString: text, userProperties: { [text]: text, more: [text, text] } })

type Reply = (packet: Packet, socket: Socket, text: string) => boolean | undefined

/** A normal server, except where `reply` answers. */
async function serverThat(reply: Reply, text: string) {
  return scriptedServer({
    packet(packet, socket) {
      if (reply(packet, socket, text)) return
      if (packet.cmd === 'connect') send(socket, { cmd: 'connack', reasonCode: 0, sessionPresent: false })
      if (packet.cmd === 'subscribe') {
        const granted = packet.subscriptions.map(() => 0)
        send(socket, { cmd: 'suback', messageId: packet.messageId!, granted } as Packet)
      }
      const { messageId } = packet as { messageId?: number }
      if (packet.cmd === 'publish' && packet.qos === 1) send(socket, { cmd: 'puback', messageId: messageId! })
      if (packet.cmd === 'publish' && packet.qos === 2) send(socket, { cmd: 'pubrec', messageId: messageId! })
      if (packet.cmd === 'pubrel') send(socket, { cmd: 'pubcomp', messageId: messageId! })
      if (packet.cmd === 'disconnect') socket.end()
    },
  })
}

const on =
  (cmd: Packet['cmd'], answer: (packet: Packet, text: string) => Packet): Reply =>
  (packet, socket, text) => {
    if (packet.cmd !== cmd) return undefined
    send(socket, answer(packet, text))
    return true
  }

const replies: Record<string, Reply> = {
  'CONNACK that refuses': on('connect', (_, text) => ({
    cmd: 'connack',
    reasonCode: 0x87,
    sessionPresent: false,
    properties: { ...said(text), serverReference: text },
  })),
  'CONNACK with an Assigned Client Identifier': on('connect', (_, text) => ({
    cmd: 'connack',
    reasonCode: 0,
    sessionPresent: false,
    properties: { ...said(text), assignedClientIdentifier: text },
  })),
  'AUTH with an Authentication Method': on('connect', (_, text) => ({
    cmd: 'auth',
    reasonCode: 0x18,
    properties: { ...said(text), authenticationMethod: text },
  })),
  SUBACK: on(
    'subscribe',
    ({ messageId }, text) =>
      ({ cmd: 'suback', messageId: messageId!, granted: [0x87], properties: said(text) }) as Packet,
  ),
  UNSUBACK: on(
    'unsubscribe',
    ({ messageId }, text) =>
      ({ cmd: 'unsuback', messageId: messageId!, granted: [0x87], properties: said(text) }) as Packet,
  ),
  PUBACK: (packet, socket, text) => {
    if (packet.cmd !== 'publish' || packet.qos !== 1) return undefined
    const { messageId } = packet
    send(socket, { cmd: 'puback', messageId: messageId!, reasonCode: 0x87, properties: said(text) })
    return true
  },
  PUBREC: (packet, socket, text) => {
    if (packet.cmd !== 'publish' || packet.qos !== 2) return undefined
    const { messageId } = packet
    send(socket, { cmd: 'pubrec', messageId: messageId!, reasonCode: 0x87, properties: said(text) })
    return true
  },
  'DISCONNECT, with another attempt to follow': (packet, socket, text) => {
    if (packet.cmd !== 'subscribe' && packet.cmd !== 'publish') return undefined
    const properties = { ...said(text), serverReference: text }
    send(socket, { cmd: 'disconnect', reasonCode: 0x8b, properties } as Packet)
    return true
  },
  'DISCONNECT for good': (packet, socket, text) => {
    if (packet.cmd !== 'subscribe' && packet.cmd !== 'publish') return undefined
    send(socket, { cmd: 'disconnect', reasonCode: 0x9d, properties: { serverReference: text } } as Packet)
    return true
  },
  PUBLISH: (packet, socket, text) => {
    if (packet.cmd !== 'subscribe') return undefined
    send(socket, { cmd: 'suback', messageId: packet.messageId!, granted: [0] } as Packet)
    const properties = {
      contentType: text,
      responseTopic: text,
      correlationData: Buffer.from('1'),
      userProperties: { [text]: text },
    }
    send(socket, { cmd: 'publish', topic: text, payload: 'x', qos: 0, retain: false, dup: false, properties })
    return true
  },
  'bytes that are not MQTT': (packet, socket, text) => {
    if (packet.cmd !== 'connect') return undefined
    socket.end(text)
    return true
  },
}

const commands: Record<string, readonly string[]> = {
  'pub -q 1': ['pub', '-t', 't', '-m', 'x', '-q', '1', '-d'],
  'pub -q 2': ['pub', '-t', 't', '-m', 'x', '-q', '2'],
  'pub -l': ['pub', '-t', 't', '-l', '-q', '1', '-d'],
  sub: ['sub', '-t', 't', '-U', 'u', '-d', '-W', '1', '-F', '%p'],
  'sub %J': ['sub', '-t', 't', '-W', '1', '-F', '%J'],
  rr: ['rr', '-t', 't', '-e', 'r', '-m', 'x', '-q', '1', '-d', '-W', '1'],
  'rr --serve': ['rr', '--serve', '-t', 't', '--echo', '-q', '1', '-d', '-W', '1'],
  bench: ['bench', 'pub', '-t', 't', '-q', '1', '--count', '1', '--duration', '1'],
}

/** Every line is ours, of limited length, and none is forged by the server. */
function expectPlain(stderr: string): void {
  expect(stderr).not.toMatch(/[^\n\P{Cc}]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
  expect(stderr).not.toMatch(/^Error: disk full/m)
  for (const line of stderr.split('\n')) expect(Buffer.byteLength(line)).toBeLessThan(4200)
}

/** What a command says to a reply with `text`. */
async function saidBy(name: string, reply: string, text: string): Promise<string> {
  const server = await serverThat(replies[reply]!, text)
  const words = [...commands[name]!, '-V', '5', '--retry', '0']
  const { status, stderr } = await run(words, server, ({ stdin, signal }) => {
    stdin.end('x\n')
    // Every command ends by itself when it is refused.
    if (reply !== 'CONNACK that refuses') setTimeout(() => signal('SIGTERM'), 1500).unref()
  })
  expectPlain(stderr)
  expect(status).not.toBe(70)
  return stderr
}

// All commands at once: most of their time they wait.
test.each(Object.keys(replies).map((reply, index) => [reply, index] as const))('%s', async (reply, index) => {
  const names = Object.keys(commands).filter((_, row) => isOneOfEvery(3, index + row))
  const texts = reply === 'bytes that are not MQTT' ? [hostile] : [hostile, long]
  await Promise.all(
    names.map(async (name) => {
      const said = await Promise.all(texts.map((text) => saidBy(name, reply, text)))
      if (reply !== 'CONNACK that refuses' || name === 'bench') return
      expect(said[0], name).toContain(
        'the server says: no \\u001b]0;pwned\\u0007\\u001b[2J\\nError: disk full\\r\\u009b31m',
      )
      expect(said[1], name).toMatch(/\.\.\. \(\d+ more bytes\)$/m)
    }),
  )
})

test.each([
  ['-h', ['pub', '-t', 't', '-m', 'x', '-h', hostile]],
  ['-A', ['pub', '-t', 't', '-m', 'x', '-A', hostile]],
  ['--unix', ['pub', '-t', 't', '-m', 'x', '--unix', `/tmp/${hostile.replaceAll('/', '')}`]],
  ['-f', ['pub', '-t', 't', '-f', hostile]],
  ['-t', ['pub', '-t', '\u202e#', '-m', 'x']],
  ['-o', ['pub', '-t', 't', '-m', 'x', '-o', hostile]],
  ['--cafile', ['pub', '-t', 't', '-m', 'x', '--cafile', hostile]],
  ['--cert', ['pub', '-t', 't', '-m', 'x', '-L', 'mqtts://127.0.0.1:1', '--cert', hostile, '--key', hostile]],
  ['--password-file', ['pub', '-t', 't', '-m', 'x', '-u', 'u', '--password-file', hostile]],
  [
    '--tls-keylog',
    ['pub', '-t', 't', '-m', 'x', '-L', 'mqtts://127.0.0.1:1', '--tls-keylog', `/no/${hostile}`],
  ],
  ['an unknown option', ['sub', `--${hostile}`]],
  ['inspect FILE', ['inspect', hostile]],
  ['inspect --write', ['inspect', '--hex', 'c000', '--write', `/no/${hostile}`]],
  ['inspect --keylog', ['inspect', '/dev/null', '--keylog', hostile]],
  ['passwd FILE', ['passwd', '-b', `/no/${hostile}`, 'u', 'p']],
  ['passwd --audit', ['passwd', '--audit', hostile]],
  ['bench compare', ['bench', 'compare', hostile, hostile]],
  ['context add', ['context', 'add', hostile]],
  ['an unknown command', [hostile]],
])('the name in %s (H4)', async (_, words) => {
  const outcome = await run(words, { at: [] })
  expect(outcome.status).not.toBe(0)
  expect(outcome.stderr).toMatch(/\\u001b|\\u202e/)
  expectPlain(outcome.stderr)
  expectPlain(outcome.stdout)
})
