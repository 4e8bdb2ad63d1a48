// --start-on: connected clients wait for a message to a topic, so that many processes start together.
import { MqttxError } from '../../errors.js'
import { withResolvers } from '../../io/promises.js'
import type { Dial, Identity } from './connection.js'
import { reasonCodeText } from './failures.js'

export interface StartSignalSettings {
  readonly topic: string
  readonly identity: Identity
  /** Called when the server has acknowledged the subscription. */
  ready(): void
  /** Registers a callback that ends the wait; returns the function that removes it. */
  onStop(stop: () => void): () => void
}

/**
 * Resolves when a message arrives or the wait is stopped. Retained messages are ignored: they may be from an earlier run.
 * @throws MqttxError when the server refuses the subscription, or the connection is lost
 */
export async function waitForStartSignal(
  dial: Dial,
  { topic, identity, ready, onStop }: StartSignalSettings,
): Promise<void> {
  const { promise: received, resolve, reject } = withResolvers()
  const connection = dial(identity, {
    connected: () => connection.subscribe([topic], { qos: 1 }),
    suback([code = 0]) {
      if (code < 0x80) return ready()
      reject(
        new MqttxError(
          `--start-on: the server refused the subscription to '${topic}': ${reasonCodeText(code)}.`,
        ),
      )
    },
    message: ({ retain }) => {
      if (!retain) resolve()
    },
  })
  const off = onStop(resolve)
  try {
    await connection.connect()
    connection.ended().catch(reject)
    await received
    await connection.close().catch(() => {})
  } finally {
    off()
    connection.destroy()
  }
}
