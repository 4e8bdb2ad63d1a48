// Protocol violations by the server, and the challenges of SCRAM.
import { createHash } from 'node:crypto'
import type { Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { Scram } from '../../src/connection/scram.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { bytes, connectionTo, failureOf } from './rig.js'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const accepted = hex('20 03 00 00 00')

describe('H13: instead of a valid CONNACK', () => {
  test.each([
    ['an Authentication Method unasked', '20 07 00 00 04 150001 61', 'Authentication Method', 0x82],
    ['an empty Assigned Client Identifier', '20 06 00 00 03 120000', 'Assigned Client Identifier', 0x82],
    ['Maximum QoS 2', '20 05 00 00 02 2402', 'Maximum QoS is 2', 0x82],
    ['a Session that was not asked for', '20 03 01 00 00', 'Session', 0x82],
  ])('%s', async (_, answer, text, reasonCode) => {
    const server = await scriptedServer({ packet: (_packet, socket) => void socket.write(hex(answer)) })
    const connection = connectionTo(server, { version: 5 })
    const failure = await failureOf(connection.connect())
    expect(failure).toMatchObject({ reasonCode, message: expect.stringContaining(text) })
  })
})

describe('H13: after CONNACK', () => {
  test.each([
    ['SUBACK with a code too many', '90 05 0001 00 00 00', 'SUBACK with 2 Reason Codes', 2],
    ['SUBACK without a code', '90 03 0001 00', 'SUBACK with 0 Reason Codes', 2],
    ['PUBREC with Packet Identifier 0', '50 02 0000', 'PUBREC: Packet Identifier is 0', 2],
    ['DISCONNECT 0x04', 'e0 01 04', 'DISCONNECT: invalid Reason Code 0x04', 2],
    ['DISCONNECT 0x00 (H18)', 'e0 00', '0x00 Normal disconnection', undefined],
  ])('%s', async (_, answer, text, exitCode) => {
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect') socket.write(accepted)
        if (packet.cmd === 'subscribe') socket.write(hex(answer))
      },
    })
    const connection = connectionTo(server, { version: 5 }, { connected: () => subscribe() })
    const subscribe = () => void connection.subscribe(['t'], { qos: 0 })
    await connection.connect()
    const failure = await failureOf(connection.ended())
    expect(failure).toMatchObject({
      message: expect.stringContaining(text),
      ...(exitCode !== undefined && { exitCode }),
    })
    // PUBREC with Packet Identifier 0 is not answered.
    expect(server.received.map(({ cmd }) => cmd)).not.toContain('pubrel')
  })

  test('a PINGRESP with a body is reported once, and the connection stays up', async () => {
    const remarks: string[] = []
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect') socket.write(accepted)
        if (packet.cmd === 'subscribe') socket.write(hex('d0 01 00  d0 01 00  90 04 0001 00 00'))
      },
    })
    const answered = new Promise<readonly number[]>((resolve) => {
      const events = { suback: resolve, remark: (text: string) => void remarks.push(text) }
      const connection = connectionTo(server, { version: 5 }, events)
      void connection.connect().then(() => {
        connection.subscribe(['t'], { qos: 0 })
        connection.flush()
      })
    })
    expect(await answered).toEqual([0])
    expect(remarks).toEqual([
      'The server breaks a rule of MQTT: PINGRESP: 1 bytes after the last field [MQTT-4.13.1-1]',
    ])
  })
})

describe('H15: the challenge of SCRAM', () => {
  const login = { username: 'u', password: Buffer.from('p'), nonce: 'abc' }
  const answer = (text: string) => new Scram('SCRAM-SHA-256', login).answer(Buffer.from(text))

  test.each(['i=4096', 'i=4096,x=extension', 'i=1000000'])('%s is answered', async (iterations) => {
    const final = (await answer(`r=abcd,s=c2FsdA==,${iterations}`)).toString()
    expect(final).toMatch(/^c=biws,r=abcd,p=/)
    const proof = Buffer.from(final.split(',p=')[1]!, 'base64')
    expect(proof).toHaveLength(createHash('sha256').digest().length)
  })

  test.each([
    ['i=1', 'accepted are 4096 to 1000000'],
    ['i=4095', 'accepted are 4096 to 1000000'],
    ['i=1000001', 'accepted are 4096 to 1000000'],
    ['i=10000000', 'accepted are 4096 to 1000000'],
    ['i=0x2000', 'invalid challenge'],
    ['i=1e5', 'invalid challenge'],
    ['i=04096', 'invalid challenge'],
    ['i= 4096', 'invalid challenge'],
    ['i=4096.0', 'invalid challenge'],
    ['i=-4096', 'invalid challenge'],
    ['i=', 'invalid challenge'],
    ['x=4096', 'invalid challenge'],
  ])('%s is not', async (iterations, text) => {
    await expect(answer(`r=abcd,s=c2FsdA==,${iterations}`)).rejects.toMatchObject({
      exitCode: 0x8c,
      message: expect.stringContaining(text),
    })
  })

  test.each([
    'r=abc,s=c2FsdA==,i=4096',
    'r=xabcd,s=c2FsdA==,i=4096',
    'r=abcd,s=,i=4096',
    'm=x,r=abcd,s=c2FsdA==,i=4096',
    '',
  ])("'%s' is not", async (text) => {
    await expect(answer(text)).rejects.toMatchObject({ exitCode: 0x8c })
  })

  test('a million iterations do not block the event loop', async () => {
    let turns = 0
    const clock = setInterval(() => turns++, 5)
    await answer('r=abcd,s=c2FsdA==,i=1000000')
    clearInterval(clock)
    expect(turns).toBeGreaterThan(10)
  })

  test.each([true, false])(
    'CONNACK before the client proof is not trusted (after a challenge: %s)',
    async (challenged) => {
      const authenticationMethod = 'SCRAM-SHA-256'
      const server = await scriptedServer({
        packet(packet: Packet, socket) {
          if (packet.cmd !== 'connect') return
          const nonce = /r=(.*)$/.exec(packet.properties!.authenticationData!.toString())![1]
          const authenticationData = Buffer.from(`r=${nonce}x,s=c2FsdA==,i=4096`)
          const properties = { authenticationMethod, authenticationData }
          const challenge = bytes({ cmd: 'auth', reasonCode: 0x18, properties }, 5)
          const connack = bytes(
            { cmd: 'connack', reasonCode: 0, sessionPresent: false, properties: { authenticationMethod } },
            5,
          )
          socket.write(challenged ? Buffer.concat([challenge, connack]) : connack)
        },
      })
      const options = { properties: { connect: { authenticationMethod } } }
      const failure = await failureOf(
        connectionTo(server, { version: 5, username: 'u', password: Buffer.from('p'), ...options }).connect(),
      )
      expect(failure).toMatchObject({ exitCode: 0x8c })
    },
  )

  test('a second challenge ends the connection', async () => {
    const method = 'SCRAM-SHA-256'
    const server = await scriptedServer({
      packet(packet: Packet, socket) {
        if (packet.cmd !== 'connect') return
        const nonce = /r=(.*)$/.exec(packet.properties!.authenticationData!.toString())![1]
        const authenticationData = Buffer.from(`r=${nonce}x,s=c2FsdA==,i=4096`)
        const properties = { authenticationMethod: method, authenticationData }
        const challenge = bytes({ cmd: 'auth', reasonCode: 0x18, properties }, 5)
        socket.write(Buffer.concat([challenge, challenge]))
      },
    })
    const failure = await failureOf(
      connectionTo(server, {
        version: 5,
        username: 'u',
        password: Buffer.from('p'),
        properties: { connect: { authenticationMethod: method } },
      }).connect(),
    )
    expect(failure).toMatchObject({ reasonCode: 0x82, message: 'AUTH with a second challenge (RFC 5802, 5)' })
  })
})
