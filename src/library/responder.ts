// A responder: receives requests and publishes the handler's answers (MQTT 5.0, 4.10).
import { topicNameFault } from '../cli/topic.js'
import { MqttxError } from '../errors.js'
import { shown } from '../text.js'
import { answerNames, answerPropertyNames, own } from './names.js'
import { checkedProperties } from './properties.js'
import type { LibrarySubscription } from './subscriptions.js'
import type { Answer, Message, Payload, PublishOptions, Responder, RespondOptions } from './types.js'
import { warnOfRequest } from './warnings.js'

type Publish = (topic: string, payload: Payload, options: PublishOptions) => Promise<void>

export type Handler = (request: Message) => Answer | Promise<Answer>

export class LibraryResponder implements Responder {
  readonly closed: Promise<void>
  readonly #requests: LibrarySubscription
  readonly #publish: Publish
  readonly #handler: Handler
  readonly #onError: RespondOptions['onError']

  constructor(
    requests: LibrarySubscription,
    { publish, handler }: { publish: Publish; handler: Handler },
    { concurrency = 1, onError }: Pick<RespondOptions, 'concurrency' | 'onError'>,
  ) {
    this.#requests = requests
    this.#publish = publish
    this.#handler = handler
    this.#onError = onError
    const workers = Array.from({ length: concurrency }, () => this.#work())
    this.closed = Promise.all(workers).then(() => {})
  }

  get filters(): readonly string[] {
    return this.#requests.filters
  }

  unsubscribe(): Promise<void> {
    return this.#requests.unsubscribe()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unsubscribe()
    await this.closed
  }

  async #work(): Promise<void> {
    for (;;) {
      const { value: request } = await this.#requests.next()
      if (request === undefined) return
      await this.#serve(request)
    }
  }

  async #serve(request: Message): Promise<void> {
    const topic = request.properties?.responseTopic
    const fault = topic === undefined ? 'it has none' : topicNameFault(topic)
    if (fault !== undefined) {
      const message = `A request to '${shown(request.topic)}' has no valid Response Topic`
      return this.#failed(new MqttxError(message, { hint: fault }), request)
    }
    let answer: Answer
    try {
      answer = await this.#handler(request)
    } catch (error) {
      if (this.#onError !== undefined) return this.#onError(error as Error, request)
      await this.unsubscribe().catch(() => {}) // report the handler's error instead
      throw error
    }
    if (answer === undefined) return
    try {
      await this.#answer(topic!, request, answer)
    } catch (error) {
      this.#failed(error as Error, request)
    }
  }

  #answer(topic: string, { qos, properties }: Message, answer: NonNullable<Answer>): Promise<void> {
    const plain = typeof answer === 'string' || answer instanceof Uint8Array
    const given = plain ? { payload: answer } : own(answer, answerNames, 'answer.')
    const correlationData = properties?.correlationData
    return this.#publish(topic, given.payload, {
      qos: given.qos ?? qos,
      properties: {
        ...checkedProperties(given.properties, answerPropertyNames, 'answer.properties.'),
        ...(correlationData !== undefined && { correlationData }),
      },
    })
  }

  #failed(error: Error, request: Message): void {
    if (this.#onError === undefined) warnOfRequest(error)
    else this.#onError(error, request)
  }
}
