// Worker threads for hashes that node:crypto lacks. They start on demand and do not keep the process alive.
import { Worker } from 'node:worker_threads'
import { MqttxError } from '../errors.js'
import type { Argon2id, Bcrypt } from './hash.js'

/** Path of the bundled worker.ts, defined by the bundler. */
declare const MQTTX_PASSWD_WORKER: string

export interface Task {
  readonly recipe: Argon2id | Bcrypt
  readonly password: Uint8Array
}

export type Answer = { readonly hash: Uint8Array } | { readonly failure: string }

class Threads {
  readonly #idle: Worker[] = []

  /** Starts a thread if none is idle; the caller limits concurrency. @throws MqttxError */
  async derive(recipe: Argon2id | Bcrypt, password: Uint8Array): Promise<Uint8Array> {
    const worker = this.#idle.pop() ?? new Worker(MQTTX_PASSWD_WORKER)
    worker.ref()
    const answer = await new Promise<Answer>((settle) => {
      const done = (message: Answer): void => {
        worker.off('message', done).off('error', failed)
        settle(message)
      }
      const failed = ({ message }: Error): void => done({ failure: message }) // the thread has ended
      worker.on('message', done).on('error', failed)
      worker.postMessage({ recipe, password } satisfies Task)
    })
    if ('failure' in answer) {
      worker.terminate()
      throw new MqttxError('Unable to hash password.', { hint: answer.failure })
    }
    worker.unref()
    this.#idle.push(worker)
    return answer.hash
  }
}

export const threads = new Threads()
