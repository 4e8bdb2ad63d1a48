// Runs on several worker threads (--workers): each runs a shard, all start together, and their results are merged.
import { Worker } from 'node:worker_threads'
import { MqttxError } from '../../errors.js'
import type { BenchArgs } from './args.js'
import { measureProcess } from './audit.js'
import { merged } from './build-result.js'
import type { RunControl, RunFacts } from './measure.js'
import type { Result } from './result.js'
import { combinedSnapshot, type SentSnapshot } from './snapshot.js'
import type { Shard } from './workload.js'

/** Path of the bundled worker.ts; defined by the bundler. */
declare const MQTTX_BENCH_WORKER: string

/** Resolved once in the main thread. The password is encoded as latin1. */
export interface WorkerLogin {
  readonly username: string | undefined
  readonly password: string | undefined
}

export interface WorkerTask {
  readonly args: BenchArgs
  readonly known: RunFacts
  readonly shard: Shard
  readonly login: WorkerLogin
  /** The payload of --file, which may be a pipe and is read once. */
  readonly content: Uint8Array | undefined
  /** Workers send snapshots. */
  readonly watched: boolean
}

/** The fields of a MqttxError; structured clone does not keep the class. */
export interface SentError {
  readonly lines: readonly string[]
  readonly exitCode: number
  readonly hint: string | undefined
  readonly prefix: string
}

/** Sent to a worker: start at a time, or end the run early. */
export type WorkerCommand = { readonly start: number } | { readonly stop: true }
/** Sent by a worker. */
export type WorkerMessage =
  | { readonly ready: true }
  | { readonly snapshot: SentSnapshot }
  | { readonly result: Result }
  | { readonly error: SentError }

export async function measureInThreads(
  count: number,
  given: Omit<WorkerTask, 'watched'>,
  control: RunControl,
): Promise<Result> {
  const { shard } = given
  const task: WorkerTask = { ...given, watched: control.watch !== undefined }
  const snapshots: SentSnapshot[] = []
  const workers: Worker[] = []
  const send = (command: WorkerCommand) => {
    for (const worker of workers) worker.postMessage(command)
  }
  let ready = 0
  let process = measureProcess()
  const onReady = async () => {
    if (++ready < count) return
    const start = await control.start()
    process = measureProcess()
    send({ start })
  }
  const results = Array.from({ length: count }, (_, index) => {
    const part = { index: shard.index + index * shard.of, of: shard.of * count }
    const worker = new Worker(MQTTX_BENCH_WORKER, {
      workerData: { ...task, shard: part } satisfies WorkerTask,
    })
    workers.push(worker)
    return resultFrom(worker, { onReady, onSnapshot: (snapshot) => void (snapshots[index] = snapshot) })
  })
  const off = control.onStop(() => send({ stop: true }))
  const unwatch = control.watch?.(() =>
    combinedSnapshot(snapshots.filter((snapshot) => snapshot !== undefined)),
  )
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
  { onReady, onSnapshot }: { onReady(): Promise<void>; onSnapshot(snapshot: SentSnapshot): void },
): Promise<Result> {
  return new Promise((resolve, reject) => {
    worker.on('error', reject)
    worker.on('exit', () => reject(new MqttxError('A worker thread ended unexpectedly.')))
    worker.on('message', (message: WorkerMessage) => {
      if ('result' in message) resolve(message.result)
      else if ('snapshot' in message) onSnapshot(message.snapshot)
      else if ('error' in message) reject(new MqttxError(message.error.lines, message.error))
      else onReady().catch(reject)
    })
  })
}
