// The checks of the connections that are being followed. What a connection has said is several kilobytes: of many
// thousands only those that were heard of last are followed, and of the others no rule is told that asks for the past.
import { Checks } from './checks/checks.js'
import { World } from './checks/world.js'
import type { Connection } from './connection.js'

/** Connections that are followed at a time. */
export const defaultFollowed = 5000
/** So much of them is forgotten together: finding the oldest costs looking at all. */
const part = 4

interface Followed {
  readonly checks: Checks
  /** Counts up with each packet. */
  last: number
}

export class Watch {
  readonly #world = new World()
  readonly #followed = new Map<Connection, Followed>()
  readonly #limit: number
  #clock = 0
  #latest: Connection | undefined
  #checks: Checks | undefined

  constructor(limit = defaultFollowed) {
    this.#limit = limit
  }

  /** The checks of a connection that something is heard of. */
  of(connection: Connection): Checks {
    if (connection === this.#latest) return this.#checks!
    const followed = this.#followed.get(connection) ?? this.#follow(connection)
    this.#clock += 1
    followed.last = this.#clock
    this.#latest = connection
    this.#checks = followed.checks
    return followed.checks
  }

  /** Gives them for the last time; undefined where the connection is not followed. */
  end(connection: Connection): Checks | undefined {
    const followed = this.#followed.get(connection)
    this.#followed.delete(connection)
    if (connection === this.#latest) this.#latest = undefined
    return followed?.checks
  }

  #follow(connection: Connection): Followed {
    if (this.#followed.size >= this.#limit) this.#forget()
    const followed = { checks: new Checks(connection, this.#world), last: 0 }
    this.#followed.set(connection, followed)
    return followed
  }

  #forget(): void {
    const oldest = [...this.#followed].sort(([, a], [, b]) => a.last - b.last)
    for (const [connection] of oldest.slice(0, Math.ceil(this.#limit / part))) {
      // As if packets were missing, which checks know how to be silent about.
      connection.holes = true
      this.#followed.delete(connection)
    }
  }
}
