// The exchange from CONNECT to CONNACK, with AUTH in between for enhanced authentication (MQTT 5.0, 4.12).
import type { IAuthPacket, IConnackPacket, Packet } from 'mqtt-packet'
import type { ControlPacket } from '../codec/encoder.js'
import { MqttxError, ProtocolError } from '../errors.js'
import { shown } from '../text.js'
import { step } from '../transport/steps.js'
import { type Accepted, acceptConnack, connackCode, connectPacket } from './connect-packet.js'
import { beforeConnack } from './failures.js'
import type { ConnectOptions } from './options.js'
import { isScram, Scram } from './scram.js'
import type { Trace } from './trace.js'

export interface HandshakeOptions {
  readonly connect: ConnectOptions
  readonly cleanStart: boolean
  readonly trace: Trace | undefined
  /** Sends a packet at once. */
  transmit(packet: ControlPacket): void
}

export class Handshake {
  readonly #options: HandshakeOptions
  readonly #scram: Scram | undefined
  readonly #done: Promise<void>
  #challenged = false
  #settled = false
  #resolve!: () => void
  #reject!: (error: Error) => void

  constructor(options: HandshakeOptions) {
    this.#options = options
    this.#scram = scramOf(options.connect)
    this.#done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#done.catch(() => {}) // avoids an unhandled rejection before it is awaited
  }

  /** Sends CONNECT. Resolves when the server accepts, rejects when the handshake fails. */
  start(): Promise<void> {
    const { connect, cleanStart, trace, transmit } = this.#options
    return step(connect.endpoint.steps, { name: 'CONNACK', target: '' }, () => {
      trace?.sending('CONNECT')
      transmit(connectPacket(connect, cleanStart, this.#scram?.first()))
      return this.#done
    })
  }

  fail(error: Error): void {
    this.#settled = true
    this.#reject(error)
  }

  succeed(): void {
    this.#settled = true
    this.#resolve()
  }

  /**
   * Handles a packet from the server.
   * @returns the CONNACK that accepts; undefined for AUTH
   * @throws ConnectRefused, ProtocolError, MqttxError when the server fails to authenticate
   */
  receive(packet: Packet): Accepted | undefined {
    if (packet.cmd === 'auth') return this.#onAuth(packet)
    if (packet.cmd === 'connack') return this.#onConnack(packet)
    throw beforeConnack(packet.cmd.toUpperCase())
  }

  #onAuth({ reasonCode, properties }: IAuthPacket): undefined {
    const { trace } = this.#options
    trace?.received(`AUTH (${reasonCode ?? 0})`)
    const authenticationMethod = this.#method
    if (this.#scram === undefined) {
      throw new MqttxError(
        `The server requires authentication by '${shown(properties?.authenticationMethod ?? '')}'`,
        {
          exitCode: 0x8c,
          hint: 'supported are SCRAM-SHA-1, SCRAM-SHA-256 and SCRAM-SHA-512: -D connect authentication-method ...',
        },
      )
    }
    if (reasonCode !== 0x18 || properties?.authenticationMethod !== authenticationMethod) {
      throw new ProtocolError('AUTH with an unexpected method or Reason Code [MQTT-4.12.0-5]', 0x82)
    }
    if (this.#challenged) throw new ProtocolError('AUTH with a second challenge (RFC 5802, 5)', 0x82)
    this.#challenged = true
    this.#scram.answer(Buffer.from(properties?.authenticationData ?? '')).then(
      (authenticationData) => this.#sendAuth(authenticationData),
      (error: Error) => this.fail(error),
    )
    return undefined
  }

  #sendAuth(authenticationData: Buffer): void {
    if (this.#settled) return
    const { trace, transmit } = this.#options
    const authenticationMethod = this.#method
    trace?.sending('AUTH (24)')
    transmit({
      cmd: 'auth',
      reasonCode: 0x18,
      properties: { ...(authenticationMethod !== undefined && { authenticationMethod }), authenticationData },
    })
  }

  get #method(): string | undefined {
    return methodOf(this.#options.connect)
  }

  #onConnack(connack: IConnackPacket): Accepted {
    const { connect, cleanStart, trace } = this.#options
    if (trace !== undefined) {
      trace.clientId = connack.properties?.assignedClientIdentifier ?? connect.clientId
      trace.received(`CONNACK (${connackCode(connack, connect.version)})`)
    }
    const accepted = acceptConnack(connack, connect, cleanStart)
    this.#scram?.verify(accepted.properties.authenticationData)
    return accepted
  }
}

function methodOf({ properties }: ConnectOptions): string | undefined {
  const method = properties.connect?.authenticationMethod
  return typeof method === 'string' ? method : undefined
}

/** SCRAM if the Authentication Method asks for it and the user gives no Authentication Data. */
function scramOf(options: ConnectOptions): Scram | undefined {
  const method = methodOf(options)
  if (
    method === undefined ||
    !isScram(method) ||
    options.properties.connect?.authenticationData !== undefined
  ) {
    return undefined
  }
  const { username, password } = options
  if (username === undefined || password === undefined) {
    throw new MqttxError(`${method} requires a user name and a password`, { hint: 'use -u and -P' })
  }
  return new Scram(method, { username, password })
}
