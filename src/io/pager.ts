// Shows output in a pager, as git does: a shell command that has the terminal until it ends.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { isTerminal } from './terminal.js'

type Environment = Readonly<Record<string, string | undefined>>
type Callback = (error?: Error | null) => void

/** More than the capacity of a pipe: when so much is written, the pager has read some of it. */
const mostKept = 2 * 1024 * 1024

/** Shell statuses for a command that cannot be run or is not found. */
const cannotRun: readonly (number | null)[] = [126, 127]

/** The command of MQTTX_PAGER, PAGER, or less. Undefined for no pager: `''` or `cat`. */
export function pagerCommand({ MQTTX_PAGER, PAGER }: Environment): string | undefined {
  const command = MQTTX_PAGER ?? PAGER ?? 'less'
  return command === '' || command === 'cat' ? undefined : command
}

/** A pager for standard output; undefined if it is not a terminal or no pager is wanted. */
export function pagerOf(stdout: Writable, env: Environment): Pager | undefined {
  const command = pagerCommand(env)
  if (command === undefined || !isTerminal(stdout) || env.TERM === 'dumb') return undefined
  return new Pager(command, env, stdout)
}

/** Writes to the pager, or to the terminal if the pager cannot be run. Finishes when the pager has ended. */
export class Pager extends Writable {
  readonly #child: ChildProcess
  readonly #terminal: Writable
  readonly #exited: Promise<void>
  #state: 'paging' | 'gone' | 'plain' | 'interrupted' = 'paging'
  /** All that was written, until the pager is known to run. */
  #kept: Buffer[] | undefined = []
  #keptSize = 0
  /** The callback of the chunk being written. */
  #pending: Callback | undefined

  constructor(command: string, env: Environment, terminal: Writable) {
    super({ decodeStrings: true })
    this.#terminal = terminal
    this.#child = spawn('sh', ['-c', command], {
      env: { ...env, LESS: env.LESS ?? 'FRX', LV: env.LV ?? '-c' },
      stdio: ['pipe', 'inherit', 'inherit'],
    })
    this.#child.stdin?.on('error', () => {}) // the exit status is checked instead
    this.#exited = new Promise((resolve) => {
      const ended = (status: number | null): void => {
        this.#onExit(status)
        resolve()
      }
      this.#child.once('error', () => ended(127)).once('exit', ended)
    })
  }

  /** Writes nothing more and discards what follows. */
  interrupt(): void {
    if (this.#state !== 'paging') return
    this.#state = 'interrupted'
    this.#child.stdin?.end()
    this.#settle()
  }

  /** Kills the pager. */
  kill(): void {
    this.interrupt()
    this.#child.kill('SIGTERM')
  }

  /** Resolves when everything is written and the pager has ended. Never rejects. */
  async close(): Promise<void> {
    if (!this.destroyed) {
      this.end()
      await once(this, 'close').catch(() => {})
    }
    await this.#exited
  }

  override _write(chunk: Buffer, _encoding: string, done: Callback): void {
    if (this.#state === 'interrupted') return done()
    if (this.#state === 'gone') return done(gone())
    if (this.#state === 'plain') return void this.#terminal.write(chunk, done)
    this.#keep(chunk)
    this.#pending = done
    this.#child.stdin?.write(chunk, (error) => {
      if (!error) this.#settle() // else `#onExit` settles
    })
  }

  override _final(done: Callback): void {
    this.#child.stdin?.end()
    this.#exited.then(() => done())
  }

  #keep(chunk: Buffer): void {
    this.#keptSize += chunk.length
    if (this.#keptSize > mostKept) this.#kept = undefined
    this.#kept?.push(Buffer.from(chunk)) // the writer may reuse its buffer
  }

  #onExit(status: number | null): void {
    if (this.#state !== 'paging') return
    const kept = this.#kept
    this.#kept = undefined
    if (kept === undefined || !cannotRun.includes(status)) {
      this.#state = 'gone'
      return this.#settle(gone())
    }
    this.#state = 'plain'
    for (const chunk of kept) this.#terminal.write(chunk)
    this.#settle()
  }

  #settle(error?: Error): void {
    const done = this.#pending
    this.#pending = undefined
    done?.(error)
  }
}

function gone(): Error {
  return Object.assign(new Error('the pager has ended'), { code: 'EPIPE' })
}
