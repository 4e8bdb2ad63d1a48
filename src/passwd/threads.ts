// Worker threads for the hashes that Node cannot compute on threads of its own. They start when there is work for them
// and do not keep the process alive.
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { MqttxError } from '../errors.js'
import type { Argon2id, Bcrypt } from './hash.js'

/** Where the bundled worker.ts is, put in by the bundler. */
declare const MQTTX_PASSWD_WORKER: string

export interface Task {
  readonly recipe: Argon2id | Bcrypt
  readonly password: Uint8Array
}

export type Answer = { readonly hash: Uint8Array } | { readonly failure: string }

interface Job extends Task {
  settle(answer: Answer): void
}

class Threads {
  /** Leaves a core to whoever waits for the answers; bulk work takes them all. */
  limit = Math.max(1, availableParallelism() - 1)
  readonly #idle: Worker[] = []
  readonly #waiting: Job[] = []
  #count = 0

  /** @throws MqttxError when the thread could not do it: no memory, most likely */
  async derive(recipe: Argon2id | Bcrypt, password: Uint8Array): Promise<Uint8Array> {
    const answer = await new Promise<Answer>((settle) => {
      this.#waiting.push({ recipe, password, settle })
      this.#next()
    })
    if ('hash' in answer) return answer.hash
    throw new MqttxError('Unable to hash password.', { hint: answer.failure })
  }

  #next(): void {
    if (this.#waiting.length === 0) return
    const worker = this.#idle.pop() ?? this.#start()
    if (worker === undefined) return
    const job = this.#waiting.shift()!
    const settle = (answer: Answer): void => {
      worker.off('message', done)
      worker.off('error', failed)
      job.settle(answer)
      this.#next()
    }
    const done = (answer: Answer): void => {
      worker.unref()
      this.#idle.push(worker)
      settle(answer)
    }
    const failed = (error: Error): void => {
      this.#count-- // it has ended
      settle({ failure: error.message })
    }
    worker.on('message', done)
    worker.on('error', failed)
    worker.ref()
    worker.postMessage({ recipe: job.recipe, password: job.password } satisfies Task)
  }

  #start(): Worker | undefined {
    if (this.#count >= this.limit) return undefined
    this.#count++
    return new Worker(MQTTX_PASSWD_WORKER)
  }
}

export const threads = new Threads()
