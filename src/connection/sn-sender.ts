// Publishes at QoS -1 (MQTT-SN 1.2, 6.8): without CONNECT, to predefined identifiers and short topics. Nothing is answered.
import { setImmediate } from 'node:timers/promises'
import { encodeMessage } from '../codec/mqtt-sn.js'
import type { PublishTemplate } from '../codec/publish.js'
import { ExitCode, MqttxError } from '../errors.js'
import type { PredefinedTopics } from '../sn/predefined.js'
import { TargetNames } from '../sn/targets.js'
import type { TcpAddress } from '../transport/endpoint.js'
import { UdpPeer, udpTargets } from '../transport/udp.js'
import type { ClientConnection } from './client-connection.js'
import type { ConnectOptions, DatagramObserver } from './options.js'
import { networkError } from './sn-failures.js'
import { messageText } from './sn-trace.js'
import type { Trace } from './trace.js'
import { Waiters } from './waiters.js'

/** Rounds of the event loop after the last datagram, in which an ICMP message of this machine arrives. */
const rounds = 3

export class SnSender implements ClientConnection {
  readonly #options: ConnectOptions
  readonly #targets: TargetNames
  readonly #trace: Trace | undefined
  readonly #waiters = new Waiters()
  #peer: UdpPeer | undefined
  #observer: DatagramObserver | undefined
  #ending = false
  #failure: Error | undefined

  readonly inFlight = 0
  readonly lost = 0

  constructor(options: ConnectOptions, predefined: PredefinedTopics, trace: Trace | undefined) {
    this.#options = options
    this.#targets = new TargetNames(predefined)
    this.#trace = trace
    if (trace !== undefined) trace.clientId = options.clientId
  }

  get ready(): boolean {
    return this.#peer?.writable === true
  }

  get up(): boolean {
    return this.#peer !== undefined
  }

  /** Opens a socket to the first address of the host. */
  async connect(): Promise<void> {
    const { endpoint, connectTimeoutMs } = this.#options
    const address = endpoint.address as TcpAddress
    const [target] = await udpTargets(address, AbortSignal.timeout(connectTimeoutMs))
    const failed = (error: NodeJS.ErrnoException): void => this.#end(networkError(error, address, false))
    try {
      const drained = (): void => this.#waiters.wake()
      this.#peer = await UdpPeer.open(target!, address.localAddress, { message: () => {}, drained, failed })
    } catch (error) {
      throw networkError(error as NodeJS.ErrnoException, address, false)
    }
    if (this.#failure !== undefined) throw this.#failure
    this.#observer = this.#options.observeDatagrams?.(this.#peer.ends)
  }

  /** @throws MqttxError for a QoS that needs a connection, a topic that needs a REGISTER, a datagram that is too long */
  publish(
    { topic, qos, retain }: PublishTemplate,
    payload: Uint8Array,
    start = 0,
    end = payload.length,
  ): number {
    const target = this.#targets.of(topic)
    if (target.kind === 'name') {
      throw new MqttxError('QoS -1 needs a predefined topic or a short one', {
        hint: 'use --topic-id, --predefined-topics, or a topic of two characters',
      })
    }
    if (qos > 0) throw new MqttxError(`QoS ${qos} needs a connection, which -q -1 does not make`)
    const data = payload.subarray(start, end)
    const message = {
      type: 'publish',
      dup: false,
      qos: -1,
      retain,
      topic: target,
      messageId: 0,
      data,
    } as const
    const datagram = encodeMessage(message)
    this.#trace?.sending(messageText(message))
    this.#observer?.sent(datagram)
    this.#peer?.send(datagram)
    return 0
  }

  flush(): void {}

  drain(): Promise<void> {
    return this.#until(() => this.ready)
  }

  /** Resolves when the system has taken everything, and has reported no error for it. */
  async idle(): Promise<void> {
    await this.#until(() => this.#peer === undefined || this.#peer.idle)
    for (let i = 0; i < rounds; i++) await setImmediate()
    if (this.#failure !== undefined) throw this.#failure
  }

  async released(): Promise<void> {}

  ended(): Promise<void> {
    return this.#until(() => this.#ending)
  }

  subscribe(): number {
    throw new MqttxError('QoS -1 has no subscriptions', { exitCode: ExitCode.notSupported })
  }

  unsubscribe(): number {
    return this.subscribe()
  }

  discard(): void {}

  stopDelivery(): void {}

  async close(): Promise<void> {
    this.#end()
  }

  abort(error: Error): void {
    this.#end(error)
  }

  destroy(): void {
    this.#end()
  }

  #until(ready: () => boolean): Promise<void> {
    return this.#failure === undefined ? this.#waiters.until(ready) : Promise.reject(this.#failure)
  }

  #end(failure?: Error): void {
    if (this.#ending) return
    this.#ending = true
    this.#failure = failure
    this.#peer?.close()
    this.#observer?.closed()
    if (failure === undefined) this.#waiters.wake()
    else this.#waiters.fail(failure)
  }
}
