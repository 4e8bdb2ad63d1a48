// A run spread over worker threads: each does a shard of it, all begin at once, and their results are joined.
import { Worker } from 'node:worker_threads'
import { MqttxError } from '../../errors.js'
import type { BenchArgs } from './args.js'
import { watchProcess } from './audit.js'
import type { Control, Known } from './measure.js'
import { merged, type Result } from './result.js'
import { type SentSnapshot, together } from './snapshot.js'
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
  /** Workers tell now and then how they stand. */
  readonly watched: boolean
}

/** A MqttxError, which loses its class on the way between threads. */
export interface Failure {
  readonly lines: readonly string[]
  readonly exitCode: number
  readonly hint: string | undefined
  readonly prefix: string
}

/** To a worker: a time to start at, or the wish that it ends. */
export type Order = { readonly start: number } | { readonly stop: true }
export type News =
  | { readonly ready: true }
  | { readonly stands: SentSnapshot }
  | { readonly result: Result }
  | { readonly failure: Failure }

export async function measureInThreads(
  count: number,
  given: Omit<Task, 'watched'>,
  control: Control,
): Promise<Result> {
  const { shard } = given
  const task: Task = { ...given, watched: control.watch !== undefined }
  const stands: SentSnapshot[] = []
  const workers: Worker[] = []
  const tell = (order: Order) => {
    for (const worker of workers) worker.postMessage(order)
  }
  let ready = 0
  let process = watchProcess()
  const isReady = async () => {
    if (++ready < count) return
    const start = await control.start()
    process = watchProcess()
    tell({ start })
  }
  const results = Array.from({ length: count }, (_, index) => {
    const part = { index: shard.index + index * shard.of, of: shard.of * count }
    const worker = new Worker(MQTTX_BENCH_WORKER, { workerData: { ...task, shard: part } satisfies Task })
    workers.push(worker)
    return resultFrom(worker, { isReady, stands: (snapshot) => void (stands[index] = snapshot) })
  })
  const off = control.onStop(() => tell({ stop: true }))
  const unwatch = control.watch?.(() => together(stands.filter((snapshot) => snapshot !== undefined)))
  try {
    const whole = merged(await Promise.all(results))
    return { ...whole, audit: { ...whole.audit, process_cpu: process.end() } }
  } finally {
    unwatch?.()
    off()
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

function resultFrom(
  worker: Worker,
  { isReady, stands }: { isReady(): Promise<void>; stands(snapshot: SentSnapshot): void },
): Promise<Result> {
  return new Promise((resolve, reject) => {
    worker.on('error', reject)
    worker.on('exit', () => reject(new MqttxError('A worker thread has ended before its work was done.')))
    worker.on('message', (news: News) => {
      if ('result' in news) resolve(news.result)
      else if ('stands' in news) stands(news.stands)
      else if ('failure' in news) reject(new MqttxError(news.failure.lines, news.failure))
      else isReady().catch(reject)
    })
  })
}
