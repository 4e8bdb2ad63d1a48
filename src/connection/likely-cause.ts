// Why a server keeps closing the connection without a word, as far as one can guess (before MQTT 5 it cannot say).
import { ConnectionError, ExitCode, type MqttxError } from '../errors.js'

/** What was going on when the connection was lost. */
export interface Circumstances {
  /** SUBSCRIBE and UNSUBSCRIBE packets without an answer. */
  readonly requests: number
  /** PUBLISH packets at QoS 1 and 2 without an answer. */
  readonly publishes: number
  /** Since CONNACK, in milliseconds. */
  readonly upMs: number
}

/** A connection that lasted this long, in milliseconds, was not refused. */
const longMs = 30_000

type Cause = 'subscribe' | 'publish' | 'identifier'

export class LikelyCause {
  readonly #clientId: string
  #last: Cause | undefined
  #told = false

  /** `clientId` is the one that the user chose; empty where the server does. */
  constructor(clientId: string) {
    this.#clientId = clientId
  }

  /** The error of a lost connection: with a hint, once, when the same has happened twice in a row. */
  explain(error: MqttxError, circumstances: Circumstances): MqttxError {
    const cause = error.exitCode === ExitCode.connectionLost ? this.#causeOf(circumstances) : undefined
    const again = cause !== undefined && cause === this.#last
    this.#last = cause
    if (!again || this.#told) return error
    this.#told = true
    const { message, exitCode, prefix } = error
    const hint = `${error.hint}: ${this.#hint(cause)}`
    return new ConnectionError(message, { exitCode, prefix, hint, cause: error })
  }

  #causeOf({ requests, publishes, upMs }: Circumstances): Cause | undefined {
    if (upMs > longMs) return undefined
    if (requests > 0) return 'subscribe'
    if (publishes > 0) return 'publish'
    return this.#clientId === '' ? undefined : 'identifier'
  }

  #hint(cause: Cause): string {
    switch (cause) {
      case 'subscribe':
        return 'it does so after each SUBSCRIBE; may this client subscribe there? See its ACL or policy'
      case 'publish':
        return 'it does so after each PUBLISH; may this client publish there? See its ACL or policy'
      case 'identifier':
        return `it does so soon after each CONNACK; is another client connected as '${this.#clientId}'? Choose another -i`
    }
  }
}
