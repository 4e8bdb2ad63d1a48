// A shared subscription (MQTT 5.0, 4.8.2): each message goes to one of its members, in turn.
import type { QoS } from '../../codec/publish.js'
import type { SharedSubscription, SubscriberSession, Subscription } from './subscription.js'

export class ShareGroup implements SharedSubscription {
  /** ShareName. */
  readonly name: string
  readonly filter: string
  readonly #members: Subscription[] = []
  #next = 0

  constructor(name: string, filter: string) {
    this.name = name
    this.filter = filter
  }

  get size(): number {
    return this.#members.length
  }

  add(subscription: Subscription): void {
    subscription.at = this.#members.length
    this.#members.push(subscription)
  }

  /** Keeps the order and the turn of the other members. */
  remove(subscription: Subscription): void {
    const { at } = subscription
    if (this.#members[at] !== subscription) return
    this.#members.splice(at, 1)
    for (let i = at; i < this.#members.length; i++) this.#members[i]!.at = i
    if (this.#next > at) this.#next--
  }

  /**
   * The next member in turn: among those that can receive at once, else among those that are connected, else,
   * at QoS 1 and 2, among all.
   */
  choose(qos: QoS): Subscription | undefined {
    const members = this.#members
    let connected = -1
    let absent = -1
    for (let i = 0; i < members.length; i++) {
      const at = (this.#next + i) % members.length
      const { session, options } = members[at]!
      if (session.ready) return this.#take(at)
      if (session.connection !== undefined) {
        if (connected < 0) connected = at
      } else if (absent < 0 && qos > 0 && options.qos > 0) absent = at
    }
    const found = connected >= 0 ? connected : absent
    return found < 0 ? undefined : this.#take(found)
  }

  /** True if a member other than `session` is connected. */
  hasOther(session: SubscriberSession): boolean {
    return this.#members.some(
      (member) => member.session !== session && member.session.connection !== undefined,
    )
  }

  #take(at: number): Subscription {
    this.#next = at + 1
    return this.#members[at]!
  }
}
