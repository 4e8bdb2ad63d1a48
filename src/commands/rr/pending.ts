// Requests that wait for answers, by Correlation Data, and by Packet Identifier until the server has taken them.

export interface Request {
  /** The number of its line; 1 where there is only one request. */
  readonly line: number
  /** Undefined where one request waits at a time. */
  readonly correlationData: Buffer | undefined
  /** 0 at QoS 0, which the server does not answer. */
  readonly messageId: number
  /** By the clock of the host. */
  readonly sentAt: number
  /** Calls off its time limit. */
  stop(): void
}

interface Waiting {
  readonly request: Request
  left: number
}

export class Pending {
  readonly #replies: number
  readonly #byData = new Map<string, Waiting>()
  readonly #byMessageId = new Map<number, Request>()

  /** `replies`: the answers that each request gets. */
  constructor(replies: number) {
    this.#replies = replies
  }

  get size(): number {
    return this.#byData.size
  }

  /** In the order in which they were sent. */
  get requests(): Request[] {
    return [...this.#byData.values()].map(({ request }) => request)
  }

  add(request: Request): void {
    this.#byData.set(keyOf(request.correlationData), { request, left: this.#replies })
    if (request.messageId !== 0) this.#byMessageId.set(request.messageId, request)
  }

  /**
   * An answer has come: the request that it is for, if any. Without Correlation Data it is for the request that waits
   * alone. The last answer ends the waiting.
   */
  answer(correlationData: Buffer | undefined): Request | undefined {
    const alone = correlationData === undefined && this.size === 1
    const waiting = alone ? this.#byData.values().next().value : this.#byData.get(keyOf(correlationData))
    if (waiting === undefined) return undefined
    if (--waiting.left === 0) this.remove(waiting.request)
    return waiting.request
  }

  /** Answers that have come so far. */
  received(request: Request): number {
    const waiting = this.#byData.get(keyOf(request.correlationData))
    return waiting === undefined ? this.#replies : this.#replies - waiting.left
  }

  /** The server has answered the PUBLISH itself; undefined where the request has had its answers before. */
  settled(messageId: number): Request | undefined {
    const request = this.#byMessageId.get(messageId)
    this.#byMessageId.delete(messageId)
    return request
  }

  /** Nothing more is awaited for this request. */
  remove(request: Request): void {
    request.stop()
    this.#byData.delete(keyOf(request.correlationData))
    if (this.#byMessageId.get(request.messageId) === request) this.#byMessageId.delete(request.messageId)
  }
}

/** Bytes as a key: one character for each. */
function keyOf(correlationData: Buffer | undefined): string {
  return correlationData?.toString('latin1') ?? ''
}
