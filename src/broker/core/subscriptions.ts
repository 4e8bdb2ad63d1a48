// The subscriptions of all clients: a tree with one level of a Topic Filter per edge, and a cache of the receivers of
// recent Topic Names.
import type { QoS } from '../../codec/publish.js'
import { ShareGroup } from './shared.js'
import type {
  SharedSubscription,
  SubscriberSession,
  Subscription,
  SubscriptionOptions,
} from './subscription.js'
import type { ParsedFilter } from './topics.js'

/** A message to one client: sent once, although several of its subscriptions may match [MQTT-3.3.4-2]. */
export interface Route {
  readonly session: SubscriberSession
  /** The highest QoS granted. */
  readonly qos: QoS
  readonly retainAsPublished: boolean
  /** The Subscription Identifiers of all matching subscriptions [MQTT-3.3.4-4]; undefined: none. */
  readonly ids: readonly number[] | undefined
  /** The same for the client's own messages, without No Local subscriptions [MQTT-3.8.3-3]; undefined: not sent. */
  readonly local: Route | undefined
}

/** The receivers of one topic. */
export interface Match {
  readonly routes: readonly Route[]
  readonly groups: readonly ShareGroup[]
}

interface Node {
  readonly parent: Node | undefined
  readonly level: string
  children: Map<string, Node> | undefined
  subscriptions: Subscription[] | undefined
  /** Shared subscriptions by ShareName. */
  groups: Map<string, ShareGroup> | undefined
}

/** Limits of the cache of matches, in topics and receivers; when one is exceeded, the cache is cleared. */
const mostTopics = 1000
const mostRemembered = 100_000
const longestRemembered = 256 // characters

export class Subscriptions {
  readonly #root: Node = emptyNode(undefined, '')
  readonly #nodes = new WeakMap<SharedSubscription, Node>()
  readonly #matches = new Map<string, Match>()
  #remembered = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Adds a subscription that the session does not have yet. */
  add(
    session: SubscriberSession,
    text: string,
    { filter, share }: ParsedFilter,
    options: SubscriptionOptions,
  ): Subscription {
    this.#forget()
    this.#size++
    const node = this.#node(filter)
    if (share === undefined) {
      const list = (node.subscriptions ??= [])
      const subscription = { session, text, filter, options, group: undefined, at: list.length }
      list.push(subscription)
      return subscription
    }
    const groups = (node.groups ??= new Map<string, ShareGroup>())
    let group = groups.get(share)
    if (group === undefined) {
      groups.set(share, (group = new ShareGroup(share, filter)))
      this.#nodes.set(group, node)
    }
    const subscription = { session, text, filter, options, group, at: 0 }
    group.add(subscription)
    return subscription
  }

  /** Replaces the options of a subscription. */
  replace(subscription: Subscription, options: SubscriptionOptions): void {
    this.#forget()
    subscription.options = options
  }

  remove(subscription: Subscription): void {
    this.#forget()
    this.#size--
    const { group, filter } = subscription
    const node = group === undefined ? this.#find(filter) : this.#nodes.get(group)
    if (node === undefined) return
    if (group !== undefined) {
      group.remove(subscription)
      if (group.size === 0) node.groups!.delete(group.name)
      if (node.groups!.size === 0) node.groups = undefined
    } else {
      const list = node.subscriptions!
      const last = list.pop()!
      if (last !== subscription) {
        list[subscription.at] = last
        last.at = subscription.at
      }
      if (list.length === 0) node.subscriptions = undefined
    }
    this.#prune(node)
  }

  match(topic: string): Match {
    const known = this.#matches.get(topic)
    if (known !== undefined) return known
    const found: Subscription[] = []
    const groups: ShareGroup[] = []
    this.#collect(topic, found, groups)
    const match = { routes: routesOf(found), groups }
    const cost = 1 + match.routes.length + groups.length
    if (topic.length > longestRemembered || cost > mostRemembered) return match
    if (this.#matches.size >= mostTopics || this.#remembered + cost > mostRemembered) this.#forget()
    this.#matches.set(topic, match)
    this.#remembered += cost
    return match
  }

  #forget(): void {
    if (this.#matches.size === 0) return
    this.#matches.clear()
    this.#remembered = 0
  }

  #collect(topic: string, found: Subscription[], groups: ShareGroup[]): void {
    const levels = topic.split('/')
    const take = (node: Node | undefined): void => {
      if (node === undefined) return
      for (const subscription of node.subscriptions ?? []) found.push(subscription)
      for (const group of node.groups?.values() ?? []) groups.push(group)
    }
    const descend = (node: Node, depth: number): void => {
      const { children } = node
      const wild = depth > 0 || !topic.startsWith('$') // [MQTT-4.7.2-1]
      if (wild) take(children?.get('#')) // `a/#` matches `a` too (4.7.1.2)
      const level = levels[depth]
      if (level === undefined) return take(node)
      if (children === undefined) return
      const exact = children.get(level)
      if (exact !== undefined) descend(exact, depth + 1)
      const any = wild ? children.get('+') : undefined
      if (any !== undefined) descend(any, depth + 1)
    }
    descend(this.#root, 0)
  }

  #node(filter: string): Node {
    let node = this.#root
    for (const level of filter.split('/')) {
      const children = (node.children ??= new Map<string, Node>())
      let child = children.get(level)
      if (child === undefined) children.set(level, (child = emptyNode(node, level)))
      node = child
    }
    return node
  }

  #find(filter: string): Node | undefined {
    let node: Node | undefined = this.#root
    for (const level of filter.split('/')) node = node?.children?.get(level)
    return node
  }

  #prune(node: Node): void {
    for (let at = node; at.parent !== undefined; at = at.parent) {
      const used = at.subscriptions ?? at.groups ?? (at.children?.size ? at.children : undefined)
      if (used !== undefined) return
      at.parent.children!.delete(at.level)
    }
  }
}

function emptyNode(parent: Node | undefined, level: string): Node {
  return { parent, level, children: undefined, subscriptions: undefined, groups: undefined }
}

function routesOf(found: readonly Subscription[]): Route[] {
  const bySession = new Map<SubscriberSession, Subscription[]>()
  for (const subscription of found) {
    const same = bySession.get(subscription.session)
    if (same === undefined) bySession.set(subscription.session, [subscription])
    else same.push(subscription)
  }
  return Array.from(bySession.values(), routeOf)
}

function routeOf(matching: readonly Subscription[]): Route {
  const route = merged(matching)
  const local = matching.filter(({ options }) => !options.noLocal)
  if (local.length === matching.length) return Object.assign(route, { local: route })
  return Object.assign(route, { local: local.length === 0 ? undefined : merged(local) })
}

function merged(matching: readonly Subscription[]): Route {
  let qos: QoS = 0
  let retainAsPublished = false
  const ids: number[] = []
  for (const { options } of matching) {
    if (options.qos > qos) qos = options.qos
    if (options.retainAsPublished) retainAsPublished = true
    if (options.id > 0) ids.push(options.id)
  }
  const { session } = matching[0]!
  return { session, qos, retainAsPublished, ids: ids.length === 0 ? undefined : ids, local: undefined }
}
