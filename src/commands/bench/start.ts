// --start-on: a run whose clients are connected begins when somebody publishes to a topic, in all processes at once.
import { MqttxError } from '../../errors.js'
import { codeText, type Dial, type Identity } from './client.js'

export interface StartSignal {
  readonly topic: string
  readonly identity: Identity
  /** The subscription is there. */
  ready(): void
  /** Is given what ends the waiting; returns what takes it back. */
  onStop(stop: () => void): () => void
}

/**
 * Resolves when a message has come, or the waiting was ended. A retained message does not count: it may be that of the
 * last run.
 * @throws MqttxError when the server refuses, or cannot be reached any more
 */
export async function messageOn(dial: Dial, { topic, identity, ready, onStop }: StartSignal): Promise<void> {
  const { promise: heard, resolve, reject } = settled()
  const connection = dial(identity, {
    connected: () => connection.subscribe([topic], { qos: 1 }),
    suback([code = 0]) {
      if (code < 0x80) return ready()
      reject(
        new MqttxError(`--start-on: the server refused the subscription to '${topic}': ${codeText(code)}.`),
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
    await heard
    await connection.close().catch(() => {})
  } finally {
    off()
    connection.destroy()
  }
}

function settled() {
  let resolve!: () => void
  let reject!: (error: Error) => void
  const promise = new Promise<void>((done, fail) => {
    resolve = done
    reject = fail
  })
  return { promise, resolve, reject }
}
