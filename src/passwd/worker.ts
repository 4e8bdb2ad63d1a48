// A thread that hashes with argon2id and bcrypt, which Node does not have: WebAssembly, which would stop its thread.
import { parentPort } from 'node:worker_threads'
import { argon2id, bcrypt } from 'hash-wasm'
import type { Answer, Task } from './threads.js'

async function derive({ recipe, password }: Task): Promise<Uint8Array> {
  const { salt } = recipe
  if (recipe.scheme === 'bcrypt') {
    const bytes = await bcrypt({ password, salt, costFactor: recipe.cost, outputType: 'binary' })
    return bytes.slice(0, 23) // the 24th is not part of what is written
  }
  const { memory, passes, lanes, length } = recipe
  return argon2id({
    ...{ password, salt, iterations: passes, parallelism: lanes },
    ...{ memorySize: memory, hashLength: length, outputType: 'binary' },
  })
}

parentPort?.on('message', async (task: Task) => {
  let answer: Answer
  try {
    answer = { hash: await derive(task) }
  } catch (error) {
    answer = { failure: error instanceof Error ? error.message : String(error) }
  }
  parentPort?.postMessage(answer)
})
