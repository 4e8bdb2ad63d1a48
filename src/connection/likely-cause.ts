// Guesses why a server keeps closing the connection. Before MQTT 5 a server cannot send a reason.
import { ConnectionError, ExitCode, type MqttxError } from '../errors.js'

/** The connection when it was lost. */
export interface LostConnection {
  /** SUBSCRIBE and UNSUBSCRIBE packets without an answer. */
  readonly requests: number
  /** PUBLISH packets at QoS 1 and 2 without an answer. */
  readonly publishes: number
  /** Milliseconds since CONNACK. */
  readonly upMs: number
}

/** After so many milliseconds the loss is not taken for a refusal. */
const stableMs = 30_000

type Cause = 'subscribe' | 'publish' | 'identifier'

export class LikelyCause {
  readonly #clientId: string
  readonly #atOnce: boolean
  #last: Cause | undefined
  #explained = false

  /** `clientId` is empty if the server assigns it. `atOnce`: also after a single loss, as there will be no other. */
  constructor(clientId: string, atOnce = false) {
    this.#clientId = clientId
    this.#atOnce = atOnce
  }

  /** Adds a hint to the error of a lost connection: once, after two losses in a row with the same cause. */
  explain(error: MqttxError, connection: LostConnection): MqttxError {
    const cause = error.exitCode === ExitCode.connectionLost ? this.#causeOf(connection) : undefined
    const again = cause !== undefined && (this.#atOnce || cause === this.#last)
    this.#last = cause
    if (!again || this.#explained) return error
    this.#explained = true
    const { message, exitCode, prefix } = error
    const hint = `${error.hint}: ${this.#hint(cause)}`
    return new ConnectionError(message, { exitCode, prefix, hint, cause: error })
  }

  #causeOf({ requests, publishes, upMs }: LostConnection): Cause | undefined {
    if (upMs > stableMs) return undefined
    if (requests > 0) return 'subscribe'
    if (publishes > 0) return 'publish'
    return this.#clientId === '' ? undefined : 'identifier'
  }

  #hint(cause: Cause): string {
    const happens = (when: string) => (this.#atOnce ? `this happened ${when}` : `this happens ${when} each`)
    switch (cause) {
      case 'subscribe':
        return `${happens('after')} SUBSCRIBE; may this client subscribe there? Check the ACL or policy of the server`
      case 'publish':
        return `${happens('after')} PUBLISH; may this client publish there? Check the ACL or policy of the server`
      case 'identifier':
        return `${happens('soon after')} CONNACK; is another client connected as '${this.#clientId}'? Use another -i`
    }
  }
}
