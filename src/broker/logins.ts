// Logins: how many passwords are verified at once, for how long, and how soon an address may fail again.

/** Whether the password is the user's. */
export type Authenticate = (user: string, password: Buffer) => Promise<boolean>

export type Verdict = 'right' | 'wrong' | 'busy' | 'late'

export interface LoginLimits {
  /** From CONNECT to the verdict. Milliseconds. */
  readonly connectMs: number
  /** How many logins may be under way, verified or waiting for it. */
  readonly logins: number
}

/** After this many failures in a row, the logins of an address are taken one after the other, and failures wait. */
const freeFailures = 3
const firstDelayMs = 100
const longestDelayMs = 5000

/** How many logins of one such address may wait. */
const waitingPerAddress = 20

/** Failures are forgotten after this time without another. */
const memoryMs = 600_000
const mostAddresses = 10_000

interface Failures {
  count: number
  /** When the last one was. */
  at: number
  waiting: number
  /** Ends when the next login may be taken. */
  turn: Promise<void>
}

export class Logins {
  readonly #authenticate: Authenticate
  readonly #limits: LoginLimits
  /** By address; those that failed last are at the end. */
  readonly #failed = new Map<string, Failures>()
  #underWay = 0

  constructor(authenticate: Authenticate, limits: LoginLimits) {
    this.#authenticate = authenticate
    this.#limits = limits
  }

  /** Rejects where the authentication does. */
  async check(address = '', user: string, password: Buffer): Promise<Verdict> {
    if (this.#underWay >= this.#limits.logins) return 'busy'
    const network = networkOf(address)
    const failures = this.#failuresOf(network)
    if (failures !== undefined && failures.waiting >= waitingPerAddress) return 'busy'
    this.#underWay++
    const verdict = this.#inTurn(failures, () => this.#verified(network, user, password)).finally(() => {
      this.#underWay-- // also of a login that came too late: its work is still being done
    })
    return inTime(verdict, this.#limits.connectMs)
  }

  async #inTurn<T>(failures: Failures | undefined, work: () => Promise<T>): Promise<T> {
    if (failures === undefined) return work()
    failures.waiting++
    const before = failures.turn
    let done = (): void => {}
    failures.turn = new Promise((resolve) => (done = resolve))
    try {
      await before
      return await work()
    } finally {
      failures.waiting--
      done()
    }
  }

  async #verified(network: string, user: string, password: Buffer): Promise<Verdict> {
    if (await this.#authenticate(user, password)) {
      this.#failed.delete(network)
      return 'right'
    }
    const failures = this.#note(network)
    const over = failures.count - freeFailures
    if (over > 0) await delay(Math.min(firstDelayMs * 2 ** (over - 1), longestDelayMs))
    return 'wrong'
  }

  /** undefined while an address has not failed too often. */
  #failuresOf(network: string): Failures | undefined {
    const found = this.#failed.get(network)
    if (found !== undefined && performance.now() - found.at > memoryMs) this.#failed.delete(network)
    else if (found !== undefined && found.count >= freeFailures) return found
    return undefined
  }

  #note(network: string): Failures {
    const found = this.#failed.get(network) ?? { count: 0, at: 0, waiting: 0, turn: Promise.resolve() }
    found.count++
    found.at = performance.now()
    this.#failed.delete(network)
    this.#failed.set(network, found)
    const [oldest] = this.#failed.keys()
    if (this.#failed.size > mostAddresses && oldest !== undefined) this.#failed.delete(oldest)
    return found
  }
}

/** An IPv6 network of 64 bits is one site: all of its addresses count as one. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address
  const [head = '', tail = ''] = address.split('::')
  const before = head.split(':')
  const missing = address.includes('::') ? 8 - before.length - tail.split(':').length : 0
  return [...before, ...Array<string>(Math.max(0, missing)).fill('0'), ...tail.split(':')]
    .slice(0, 4)
    .join(':')
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

async function inTime(verdict: Promise<Verdict>, ms: number): Promise<Verdict> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Verdict>((resolve) => (timer = setTimeout(resolve, ms, 'late')))
  return Promise.race([verdict, late]).finally(() => clearTimeout(timer))
}
