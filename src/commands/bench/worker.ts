// The worker thread of a run: what one of --workers does.
import { parentPort, workerData } from 'node:worker_threads'
import { MqttxError } from '../../errors.js'
import { processHost } from '../../host.js'
import { dialer, routesOf } from './dialer.js'
import { measure, optionsOf } from './measure.js'
import { planOf } from './planning.js'
import { type Snapshot, sendable } from './snapshot.js'
import type { News, Order, Task } from './threads.js'

const port = parentPort!
const tell = (news: News) => port.postMessage(news)

/** The main thread has asked for it. */
const noLogin = { askPassword: false }

async function work({ args: given, known, shard, login, content, watched }: Task): Promise<void> {
  const { pw, passwordFile, passwordEnv, passwordCommand, ...args } = given
  const password = login.password === undefined ? undefined : Buffer.from(login.password, 'latin1')
  const options = {
    ...(await optionsOf({ ...args, ...noLogin, quiet: true }, processHost())),
    username: login.username,
    password,
  }
  let stop = () => {}
  let start: (time: number) => void = () => {}
  const started = new Promise<number>((resolve) => {
    start = resolve
  })
  port.on('message', (order: Order) => {
    if ('start' in order) start(order.start)
    else stop()
  })
  const bytes = content === undefined ? undefined : Buffer.from(content)
  const plan = planOf(args, options, { shard, content: bytes })
  const result = await measure(plan, dialer(options, routesOf(args)), known, {
    start() {
      tell({ ready: true })
      return started
    },
    onStop(action) {
      stop = action
      return () => {
        stop = () => {}
      }
    },
    watch: watched ? report : undefined,
  })
  tell({ result })
}

const reportMs = 250 // a snapshot takes about half a millisecond of this thread

function report(look: () => Snapshot | undefined): () => void {
  const timer = setInterval(() => {
    const snapshot = look()
    if (snapshot !== undefined) tell({ stands: sendable(snapshot) })
  }, reportMs)
  return () => clearInterval(timer)
}

work(workerData as Task).catch((error: unknown) => {
  if (!(error instanceof MqttxError)) throw error
  const { lines, exitCode, hint, prefix } = error
  tell({ failure: { lines, exitCode, hint, prefix } })
})
