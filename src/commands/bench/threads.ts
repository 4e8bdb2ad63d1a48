// A run spread over worker threads: each does a shard of it, all begin at once, and their results are joined.
import { Worker } from 'node:worker_threads'
import { MqttxError } from '../../errors.js'
import type { BenchArgs } from './args.js'
import type { Control, Known } from './measure.js'
import { merged, type Result } from './result.js'
import type { Shard } from './workload.js'

/** Where the bundled worker.ts is, put in by the bundler. */
declare const MQTTX_BENCH_WORKER: string

/** Asked for once, whatever the number of threads; the password as latin1. */
export interface Login {
  readonly username: string | undefined
  readonly password: string | undefined
}

export interface Task {
  readonly args: BenchArgs
  readonly known: Known
  readonly shard: Shard
  readonly login: Login
  /** Of --file, which may be a pipe: it is read once. */
  readonly content: Uint8Array | undefined
}

/** To a worker: a time to start at, or the wish that it ends. */
export type Order = { readonly start: number } | { readonly stop: true }
export type News = { readonly ready: true } | { readonly result: Result } | { readonly failure: string }

export async function measureInThreads(count: number, task: Task, control: Control): Promise<Result> {
  const { shard } = task
  const workers: Worker[] = []
  const tell = (order: Order) => {
    for (const worker of workers) worker.postMessage(order)
  }
  let ready = 0
  const isReady = async () => {
    if (++ready === count) tell({ start: await control.start() })
  }
  const results = Array.from({ length: count }, (_, index) => {
    const part = { index: shard.index + index * shard.of, of: shard.of * count }
    const worker = new Worker(MQTTX_BENCH_WORKER, { workerData: { ...task, shard: part } satisfies Task })
    workers.push(worker)
    return resultFrom(worker, isReady)
  })
  const off = control.onStop(() => tell({ stop: true }))
  try {
    return merged(await Promise.all(results))
  } finally {
    off()
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

function resultFrom(worker: Worker, isReady: () => Promise<void>): Promise<Result> {
  return new Promise((resolve, reject) => {
    worker.on('error', reject)
    worker.on('exit', () => reject(new MqttxError('A worker thread has ended before its work was done.')))
    worker.on('message', (news: News) => {
      if ('result' in news) resolve(news.result)
      else if ('failure' in news) reject(new MqttxError(news.failure))
      else isReady().catch(reject)
    })
  })
}
