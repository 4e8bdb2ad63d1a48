// Worker thread that computes argon2id and bcrypt in WebAssembly, which would block the main thread.
import { parentPort } from 'node:worker_threads'
import { argon2id, bcrypt } from 'hash-wasm'
import { collectGarbage } from '../runtime.js'
import type { Answer, Task } from './threads.js'

async function derive({ recipe, password }: Task): Promise<Uint8Array> {
  const { salt } = recipe
  if (recipe.scheme === 'bcrypt') {
    const bytes = await bcrypt({ password, salt, costFactor: recipe.cost, outputType: 'binary' })
    return bytes.slice(0, 23) // the 24th byte is not part of the format
  }
  const { memory, passes, lanes, length } = recipe
  return argon2id({
    ...{ password, salt, iterations: passes, parallelism: lanes },
    ...{ memorySize: memory, hashLength: length, outputType: 'binary' },
  })
}

/** hash-wasm allocates a WebAssembly memory per hash, which V8's GC does not account for: collect explicitly. */
const collectEach = { argon2id: 1, bcrypt: 100 } as const
let hashes = 0

parentPort?.on('message', async (task: Task) => {
  let answer: Answer
  try {
    answer = { hash: await derive(task) }
  } catch (error) {
    answer = { failure: error instanceof Error ? error.message : String(error) }
  }
  if (++hashes % collectEach[task.recipe.scheme] === 0) collectGarbage() // before the next task can come
  parentPort?.postMessage(answer)
})
