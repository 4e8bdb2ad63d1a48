// A connection over MQTT-SN: what `Connection` is over TCP. The protocol is in sn/client.ts; here are the socket, the clock,
// reconnecting, and the calls that wait.
import { Buffer } from 'node:buffer'
import { maxDatagram } from '../codec/mqtt-sn.js'
import type { SnMessage } from '../codec/mqtt-sn-messages.js'
import { Publish, type PublishTemplate } from '../codec/publish.js'
import { ConnectionError, ExitCode, MqttxError } from '../errors.js'
import { withResolvers } from '../io/promises.js'
import { SnClient } from '../sn/client.js'
import type { LossReason, SnClientSettings, SnDelivery } from '../sn/client-types.js'
import { TargetNames } from '../sn/targets.js'
import type { TcpAddress } from '../transport/endpoint.js'
import { UdpPeer, type UdpTarget, udpTargets } from '../transport/udp.js'
import type { ClientConnection } from './client-connection.js'
import type { ConnectionEvents, SubscribeOptions } from './events.js'
import { connectTimeout, reconnectFailed } from './failures.js'
import type { ConnectOptions, DatagramObserver } from './options.js'
import { isTransient, Reconnector } from './reconnect.js'
import {
  closeUnanswered,
  droppedMessages,
  lostBy,
  networkError,
  reasonCodeOf,
  reasonOf,
  refusedBy,
} from './sn-failures.js'
import { SnInbox } from './sn-inbox.js'
import { SubscribeGroups } from './sn-subscriptions.js'
import { messageText } from './sn-trace.js'
import type { Trace } from './trace.js'
import { Waiters } from './waiters.js'

/** Length (3), MsgType, Flags, TopicId and MsgId of a PUBLISH. */
const publishHead = 9

export class SnConnection implements ClientConnection {
  readonly #options: ConnectOptions
  readonly #events: ConnectionEvents
  readonly #trace: Trace | undefined
  readonly #client: SnClient
  readonly #targets: TargetNames
  readonly #waiters = new Waiters()
  readonly #groups: SubscribeGroups
  readonly #inbox: SnInbox
  readonly #reconnector: Reconnector
  #peer: UdpPeer | undefined
  #observer: DatagramObserver | undefined
  #timer: NodeJS.Timeout | undefined
  #timerAt = Number.POSITIVE_INFINITY
  /** Settles the attempt to connect that is under way. */
  #attempt: { resolve(): void; reject(error: Error): void } | undefined
  #closing: ((isAnswered: boolean) => void) | undefined
  #up = false
  #upSince = 0
  #ending = false
  #failure: Error | undefined
  #dropped = 0
  #droppedCode = 0
  #hasRemarked = false

  constructor(
    options: ConnectOptions,
    settings: SnClientSettings,
    events: ConnectionEvents,
    trace: Trace | undefined,
  ) {
    this.#options = options
    this.#events = events
    this.#trace = trace
    this.#targets = new TargetNames(settings.predefined)
    if (trace !== undefined) trace.clientId = settings.clientId
    this.#client = new SnClient(settings, {
      send: (datagram, message) => this.#send(datagram, message),
      connected: () => this.#attempt?.resolve(),
      refused: (code) => this.#attempt?.reject(refusedBy(code)),
      lost: (reason) => this.#onClientLost(reason),
      message: (delivery) => this.#deliver(delivery),
      settled: (messageId, code) => {
        this.#reconnector.delivered()
        events.settled?.(reasonCodeOf(code), { messageId, reason: reasonOf(code) })
      },
      answered: (messageId, code, qos) =>
        this.#groups.answered(messageId, code === 0 ? qos : reasonCodeOf(code), reasonOf(code)),
      dropped: (code) => {
        this.#dropped++
        this.#droppedCode = code
      },
      congested: (waitMs) =>
        events.remark?.(`The gateway is congested; trying again in ${Math.round(waitMs / 100) / 10} s`),
      asleep: (waitMs) => trace?.plain(`Client ${settings.clientId} sleeps for ${waitMs / 1000} s`),
      closed: (isAnswered) => this.#closing?.(isAnswered),
    })
    this.#groups = new SubscribeGroups(events)
    this.#inbox = new SnInbox({
      take: (datagram) => this.#take(datagram),
      batchEnd: () => events.chunkEnd?.(),
      printed: () => this.#acknowledge(),
    })
    this.#reconnector = new Reconnector(
      (signal) => this.#connectOnce(signal),
      (error, delayMs) => events.retrying?.(error, delayMs),
    )
  }

  get ready(): boolean {
    return this.#up && this.#client.ready && this.#peer?.writable === true
  }

  get up(): boolean {
    return this.#up
  }

  get inFlight(): number {
    return this.#client.inFlight
  }

  get lost(): number {
    return this.#client.lost
  }

  async connect(): Promise<void> {
    if (this.#ending) throw this.#failure ?? new MqttxError('The connection is closed')
    await this.#reconnector.connect(this.#options.retries).catch((error: unknown) => {
      throw this.#failure ?? error
    })
  }

  /** @throws MqttxError if the message does not fit in a datagram; nothing is sent then */
  publish(template: PublishTemplate, payload: Uint8Array, start = 0, end = payload.length): number {
    const { qos, retain, topic } = template
    const room = maxDatagram - publishHead
    if (end - start > room) {
      throw new MqttxError(`the payload has ${end - start} bytes, a datagram of MQTT-SN carries ${room}`, {
        exitCode: ExitCode.tooLarge,
      })
    }
    const view = payload.subarray(start, end)
    // At QoS 0 the caller may reuse its buffer, and the message may have to wait for a REGISTER.
    const target = this.#targets.of(topic)
    const data = qos === 0 && !this.#client.sendsAtOnce(target) ? Buffer.from(view) : view
    const messageId = this.#client.publish({ target, qos, retain, data }, now())
    this.#arm()
    return messageId
  }

  flush(): void {}

  drain(): Promise<void> {
    return this.#until(() => this.ready)
  }

  idle(): Promise<void> {
    return this.#until(() => this.#up && this.#client.isIdle)
  }

  released(): Promise<void> {
    return this.#until(() => this.#options.cleanStart || this.#client.unreleased === 0)
  }

  ended(): Promise<void> {
    return this.#until(() => this.#ending)
  }

  #until(ready: () => boolean): Promise<void> {
    return this.#failure === undefined ? this.#waiters.until(ready) : Promise.reject(this.#failure)
  }

  /** Sends one SUBSCRIBE after another; the event `suback` has all answers. */
  subscribe(filters: readonly string[], { qos }: SubscribeOptions): number {
    const ids = filters.map((filter) => this.#client.subscribe(this.#targets.of(filter), qos, now()))
    this.#arm()
    return this.#groups.add('suback', ids)
  }

  unsubscribe(filters: readonly string[]): number {
    const ids = filters.map((filter) => this.#client.unsubscribe(this.#targets.of(filter), now()))
    this.#arm()
    return this.#groups.add('unsuback', ids)
  }

  discard(): void {
    this.#client.discard()
  }

  stopDelivery(): void {
    this.#client.stopDelivery()
  }

  /**
   * Sends DISCONNECT and waits for the answer.
   * @throws ConnectionError if there is none, and messages at QoS 0 may be lost; MqttxError if the gateway refused some
   */
  async close(_reasonCode = 0, limitMs?: number): Promise<void> {
    if (this.#ending) return
    if (!this.#up) return this.destroy()
    this.#up = false
    this.#ending = true
    this.#waiters.wake()
    this.#client.acknowledge(now())
    const { unconfirmed } = this.#client
    const answer = withResolvers<boolean>()
    this.#closing = answer.resolve
    this.#client.disconnect(now())
    this.#arm()
    const limit = limitMs === undefined ? undefined : setTimeout(() => answer.resolve(false), limitMs)
    const isAnswered = await answer.promise
    clearTimeout(limit)
    this.#release()
    if (this.#failure !== undefined) throw this.#failure
    if (!isAnswered && unconfirmed > 0) throw closeUnanswered(unconfirmed)
    if (this.#dropped > 0) throw droppedMessages(this.#dropped, this.#droppedCode)
  }

  abort(error: Error): void {
    this.#end(error)
  }

  destroy(): void {
    this.#end()
  }

  #end(failure?: Error): void {
    const isOver = this.#ending && this.#closing === undefined
    if (isOver || this.#failure !== undefined) return
    this.#ending = true
    this.#up = false
    this.#failure = failure
    this.#reconnector.stop()
    if (failure === undefined) this.#waiters.wake()
    else this.#waiters.fail(failure)
    this.#release()
    this.#closing?.(true)
  }

  /** One attempt: the addresses of the host in turn, each until it is refused, within the connect timeout. */
  async #connectOnce(abort: AbortSignal): Promise<void> {
    const { endpoint, connectTimeoutMs } = this.#options
    const address = endpoint.address as TcpAddress
    const limit = new AbortController()
    const giveUp = (): void => limit.abort(abort.reason)
    if (abort.aborted) giveUp()
    abort.addEventListener('abort', giveUp)
    const timer = setTimeout(() => limit.abort(connectTimeout(this.#options, true)), connectTimeoutMs)
    try {
      const targets = await udpTargets(address, limit.signal)
      for (const [index, target] of targets.entries()) {
        try {
          return await this.#connectTo(target, address, limit.signal)
        } catch (error) {
          const isRefused = error instanceof ConnectionError && error.code !== undefined
          if (!isRefused || index === targets.length - 1) throw error
        }
      }
    } catch (error) {
      throw limit.signal.aborted && !(error instanceof MqttxError) ? limit.signal.reason : error
    } finally {
      clearTimeout(timer)
      abort.removeEventListener('abort', giveUp)
    }
  }

  async #connectTo(target: UdpTarget, address: TcpAddress, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = withResolvers()
    const cancel = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', cancel)
    try {
      if (signal.aborted) throw signal.reason
      await this.#open(target, address)
      if (signal.aborted) throw signal.reason
      this.#attempt = { resolve, reject }
      this.#client.connect(now())
      this.#arm()
      await promise
    } catch (error) {
      this.#client.drop()
      this.#release()
      throw error
    } finally {
      this.#attempt = undefined
      signal.removeEventListener('abort', cancel)
    }
    this.#up = true
    this.#upSince = now()
    this.#events.connected?.(false)
    this.#waiters.wake()
    this.#arm()
  }

  async #open(target: UdpTarget, address: TcpAddress): Promise<void> {
    try {
      this.#peer = await UdpPeer.open(target, address.localAddress, {
        message: (datagram) => this.#onDatagram(datagram),
        drained: () => this.#waiters.wake(),
        failed: (error) => this.#onNetworkError(error, address),
      })
    } catch (error) {
      throw networkError(error as NodeJS.ErrnoException, address, false)
    }
    this.#observer = this.#options.observeDatagrams?.(this.#peer.ends)
  }

  #send(datagram: Buffer, message: SnMessage): void {
    this.#trace?.sending(messageText(message))
    this.#observer?.sent(datagram)
    this.#peer?.send(datagram)
  }

  #onDatagram(datagram: Buffer): void {
    this.#observer?.received(datagram)
    this.#inbox.push(datagram)
  }

  #take(datagram: Buffer): void {
    try {
      const fault = this.#client.receive(datagram, now(), this.#onReceived)
      if (fault === undefined || this.#hasRemarked) return
      this.#hasRemarked = true
      this.#events.remark?.(`A datagram that is not MQTT-SN is ignored: ${fault}`)
    } catch (error) {
      this.#attempt?.reject(error as Error)
      this.#end(error as Error)
    }
  }

  readonly #onReceived = (message: SnMessage): void => this.#trace?.received(messageText(message))

  #acknowledge(): void {
    this.#client.acknowledge(now())
    this.#waiters.wake()
    this.#arm()
  }

  #deliver({ topic, qos, retain, dup, messageId, data }: SnDelivery): void {
    this.#reconnector.delivered()
    const name = Buffer.from(topic)
    const header = (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0)
    const bytes = Buffer.concat([name, data])
    const publish = new Publish(header, bytes, 0, name.length, messageId, name.length, bytes.length)
    this.#events.message?.(publish, { withhold: () => () => {} })
  }

  #onClientLost(reason: LossReason): void {
    this.#onLost(lostBy(reason))
  }

  #onNetworkError(error: NodeJS.ErrnoException, address: TcpAddress): void {
    this.#client.drop()
    this.#onLost(networkError(error, address, this.#attempt === undefined))
  }

  #onLost(error: MqttxError): void {
    if (this.#attempt !== undefined) return this.#attempt.reject(error)
    if (this.#closing !== undefined) return this.#closing(false)
    if (!this.#up) return
    this.#up = false
    this.#release()
    this.#groups.clear()
    if (this.#options.reconnects === 0 || !isTransient(error, true)) return this.#end(error)
    const upMs = now() - this.#upSince
    this.#reconnector.connect(this.#options.reconnects, { error, upMs }).catch((last: unknown) => {
      if (!this.#ending) this.#end(reconnectFailed(last as Error))
    })
  }

  /** Closes the socket, and stops the timer. */
  #release(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#timerAt = Number.POSITIVE_INFINITY
    this.#peer?.close()
    this.#peer = undefined
    this.#inbox.clear()
    this.#observer?.closed()
    this.#observer = undefined
  }

  /** Sets the timer to the deadline of the client, unless it fires before: then it is set again. */
  #arm(): void {
    const { deadline } = this.#client
    if (deadline >= this.#timerAt || this.#peer === undefined) return
    clearTimeout(this.#timer)
    this.#timerAt = deadline
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(0, Math.ceil(deadline - now())))
  }

  #onTimer(): void {
    this.#timer = undefined
    this.#timerAt = Number.POSITIVE_INFINITY
    const time = now()
    if (time >= this.#client.deadline) this.#client.tick(time)
    this.#waiters.wake()
    this.#arm()
  }
}

const now = (): number => performance.now()
