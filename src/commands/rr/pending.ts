// Requests awaiting answers, by Correlation Data, and by Packet Identifier until acknowledged.

export interface Request {
  /** The input line; 1 for a single request. */
  readonly line: number
  /** Undefined if only one request waits at a time. */
  readonly correlationData: Buffer | undefined
  /** The Packet Identifier; 0 at QoS 0. */
  readonly messageId: number
  /** Milliseconds of `host.now()`. */
  readonly sentAt: number
  /** Cancels its timeout. */
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

  /** `replies`: the number of answers to each request. */
  constructor(replies: number) {
    this.#replies = replies
  }

  get size(): number {
    return this.#byData.size
  }

  /** In the order sent. */
  get requests(): Request[] {
    return [...this.#byData.values()].map(({ request }) => request)
  }

  add(request: Request): void {
    this.#byData.set(keyOf(request.correlationData), { request, left: this.#replies })
    if (request.messageId !== 0) this.#byMessageId.set(request.messageId, request)
  }

  /**
   * Matches an answer to its request, if any. An answer without Correlation Data matches if only one request waits.
   * Removes the request with its last answer.
   */
  answer(correlationData: Buffer | undefined): Request | undefined {
    const alone = correlationData === undefined && this.size === 1
    const waiting = alone ? this.#byData.values().next().value : this.#byData.get(keyOf(correlationData))
    if (waiting === undefined) return undefined
    if (--waiting.left === 0) this.remove(waiting.request)
    return waiting.request
  }

  /** Answers received so far. */
  received(request: Request): number {
    const waiting = this.#byData.get(keyOf(request.correlationData))
    return waiting === undefined ? this.#replies : this.#replies - waiting.left
  }

  /** Records the acknowledgement of the PUBLISH. Returns undefined if the request already has its answers. */
  settled(messageId: number): Request | undefined {
    const request = this.#byMessageId.get(messageId)
    this.#byMessageId.delete(messageId)
    return request
  }

  /** Stops waiting for answers to this request. */
  remove(request: Request): void {
    request.stop()
    this.#byData.delete(keyOf(request.correlationData))
    if (this.#byMessageId.get(request.messageId) === request) this.#byMessageId.delete(request.messageId)
  }
}

/** Bytes as a Map key: one character per byte. */
function keyOf(correlationData: Buffer | undefined): string {
  return correlationData?.toString('latin1') ?? ''
}
