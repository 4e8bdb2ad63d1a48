// The worker thread: runs one shard.
import { parentPort, workerData } from 'node:worker_threads'
import { MqttxError } from '../../errors.js'
import { processHost } from '../../host.js'
import { planOf } from './create-plan.js'
import { dialer, routesOf } from './dialer.js'
import { measure, optionsOf } from './measure.js'
import { type Snapshot, toSendable } from './snapshot.js'
import type { WorkerCommand, WorkerMessage, WorkerTask } from './threads.js'

const port = parentPort!
const send = (message: WorkerMessage) => port.postMessage(message)

/** The main thread resolves the login. */
const noLogin = { askPassword: false }

async function work({ args: given, known, shard, login, content, watched }: WorkerTask): Promise<void> {
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
  port.on('message', (command: WorkerCommand) => {
    if ('start' in command) start(command.start)
    else stop()
  })
  const bytes = content === undefined ? undefined : Buffer.from(content)
  const plan = planOf(args, options, { shard, content: bytes })
  const result = await measure(plan, dialer(options, routesOf(args)), known, {
    start() {
      send({ ready: true })
      return started
    },
    onStop(action) {
      stop = action
      return () => {
        stop = () => {}
      }
    },
    watch: watched ? sendSnapshots : undefined,
  })
  send({ result })
}

const snapshotMs = 250 // a snapshot takes about 0.5 ms of this thread

function sendSnapshots(look: () => Snapshot | undefined): () => void {
  const timer = setInterval(() => {
    const snapshot = look()
    if (snapshot !== undefined) send({ snapshot: toSendable(snapshot) })
  }, snapshotMs)
  return () => clearInterval(timer)
}

work(workerData as WorkerTask).catch((error: unknown) => {
  if (!(error instanceof MqttxError)) throw error
  const { lines, exitCode, hint, prefix } = error
  send({ error: { lines, exitCode, hint, prefix } })
})
