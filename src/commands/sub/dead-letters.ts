// --dead-letter: publishes messages whose command has failed for good, and waits for the server's acknowledgement.
import type { ProtocolVersion, PublishProperties, PublishTemplate } from '../../codec/publish.js'
import { preparePublish } from '../../codec/publish-properties.js'
import { reasonText } from '../../codec/reason-codes.js'
import { addUserProperty, noUserProperties, pairsOf } from '../../codec/user-properties.js'
import type { Connection } from '../../connection/connection.js'
import type { Answer } from '../../connection/events.js'
import { ExitCode, MqttxError } from '../../errors.js'
import { type Resolvers, withResolvers } from '../../io/promises.js'
import { shown } from '../../text.js'
import type { DescribedMessage } from '../message-environment.js'

export interface Failure {
  /** The exit status of the last attempt. */
  readonly status: number
  readonly attempts: number
  readonly reason: string
}

/** PUBACK (MQTT 5.0, 3.4.2.1): accepted, and discarded. */
const noMatchingSubscribers = 0x10
/** Not in the copy: it would end with the message's time, or belongs to one network connection. */
const notCopied = new Set(['messageExpiryInterval', 'subscriptionIdentifier', 'topicAlias'])

type Publishing = Pick<Connection, 'ready' | 'drain' | 'publish' | 'flush'>

export class DeadLetters {
  readonly #topic: string
  readonly #version: ProtocolVersion
  readonly #connection: Publishing
  /** By Packet Identifier. */
  readonly #waiting = new Map<number, Resolvers<void>>()
  #pending = 0
  #idle: Resolvers<void> | undefined

  constructor(topic: string, version: ProtocolVersion, connection: Publishing) {
    this.#topic = topic
    this.#version = version
    this.#connection = connection
  }

  /** Dead letters that the server has not acknowledged. */
  get pending(): number {
    return this.#pending
  }

  /**
   * Resolves when the server has acknowledged the copy of `message`.
   * @throws MqttxError if the server refuses it or nobody is subscribed to it; what has ended the connection
   */
  async publish(message: DescribedMessage & { readonly payload: Buffer }, failure: Failure): Promise<void> {
    const properties = copiedProperties(message, failure)
    const template = preparePublish(this.#topic, {
      qos: 1,
      retain: false,
      version: this.#version,
      properties,
    })
    this.#pending++
    try {
      while (!this.#connection.ready) await this.#connection.drain()
      const settled = withResolvers()
      this.#waiting.set(this.#send(template, message.payload), settled)
      this.#connection.flush()
      await settled.promise
    } finally {
      this.#pending--
      if (this.#pending === 0) this.#idle?.resolve()
    }
  }

  /** @throws MqttxError if the server would not take it */
  #send(template: PublishTemplate, payload: Buffer): number {
    try {
      return this.#connection.publish(template, payload)
    } catch (error) {
      if (!(error instanceof MqttxError)) throw error
      const { exitCode, hint } = error
      throw new MqttxError(`A dead letter to '${shown(this.#topic)}' cannot be sent: ${error.message}`, {
        exitCode,
        hint,
      })
    }
  }

  /** Takes an acknowledgement of the server. */
  settled(reasonCode: number, { messageId, reason }: Answer): void {
    const waiting = this.#waiting.get(messageId)
    if (waiting === undefined) return
    this.#waiting.delete(messageId)
    if (reasonCode < 0x80 && reasonCode !== noMatchingSubscribers) return waiting.resolve()
    waiting.reject(this.#refused(reasonCode, reason))
  }

  /** Resolves when none is pending. */
  async idle(): Promise<void> {
    if (this.#pending === 0) return
    this.#idle ??= withResolvers()
    return this.#idle.promise
  }

  #refused(reasonCode: number, reason: string | undefined): MqttxError {
    const topic = shown(this.#topic)
    if (reasonCode === noMatchingSubscribers) {
      return new MqttxError(`Nobody is subscribed to the dead-letter topic '${topic}'.`, {
        exitCode: ExitCode.work,
        hint: 'subscribe to it first, such as with mqttx sub -i ID -c -q 1 -E: the dead letter would be lost',
      })
    }
    return new MqttxError(`A dead letter to '${topic}' was refused: ${reasonText(reasonCode)}.`, {
      exitCode: reasonCode,
      hint: reason,
    })
  }
}

/** Those of the message, and what has happened to it. */
function copiedProperties(
  { topic, properties }: DescribedMessage,
  { status, attempts, reason }: Failure,
): PublishProperties {
  const added = [
    ['original-topic', topic],
    ['exit-status', String(status)],
    ['attempts', String(attempts)],
    ['failure', reason],
  ] as const
  const userProperties = noUserProperties()
  for (const [name, value] of pairsOf(properties.userProperties ?? {})) {
    if (!added.some(([own]) => own === name)) addUserProperty(userProperties, name, value)
  }
  for (const [name, value] of added) addUserProperty(userProperties, name, value)
  const kept = Object.entries(properties).filter(([key]) => !notCopied.has(key))
  return { ...Object.fromEntries(kept), userProperties }
}
