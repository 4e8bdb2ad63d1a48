// The check of access rights: who publishes what, who receives it, and what follows from that.
import { randomBytes } from 'node:crypto'
import type { IPublishPacket } from 'mqtt-packet'
import { MqttxError } from '../../errors.js'
import { matches } from '../../session/topic-filter.js'
import { shown } from '../../text.js'
import { pause } from '../raw-client.js'
import { Record } from '../record.js'
import type { Action, MatrixTopic, Outcome } from './matrix.js'
import { type Answer, type Login, Participant } from './participant.js'

export interface Finding {
  readonly outcome: Outcome
  /** What was seen, for people; '' where the outcome says it. */
  readonly detail: string
}

export interface ExchangeOptions {
  /** The users whose rights are wanted. */
  readonly logins: readonly Login[]
  /** Publishes and receives as well, so that more can be seen. */
  readonly witness: Login | undefined
  readonly topics: readonly MatrixTopic[]
  /** How long an answer may take, in milliseconds. */
  readonly patienceMs: number
  /** How long messages that do not arrive are waited for, in milliseconds: longer if others were slow. */
  readonly graceMs: { readonly least: number; readonly most: number }
  readonly signal: AbortSignal
}

/** Clients that connect at the same time. */
const atOnce = 20
const mostLanes = 50
const mark = 'mqttx check --acl'

/** A topic with the name that is published to. */
interface Probe {
  readonly filter: string
  readonly name: string
  /** Filters besides the topic itself under which a server may deliver it. */
  readonly wider: readonly string[]
}

/**
 * Tries everything, and removes its connections. Nothing is published with RETAIN.
 * @returns what user `u` can do with topic `t`, by `u * topics.length + t`
 * @throws MqttxError if a user cannot connect; the reason of `signal`
 */
export async function findRights(
  options: ExchangeOptions,
): Promise<Readonly<globalThis.Record<Action, Finding>>[]> {
  const exchange = new Exchange(options)
  return endedBy(options.signal, exchange.run(), () => exchange.drop())
}

/** The result of `work`, or the reason of `signal`; `end` ends what is under way. */
async function endedBy<T>(signal: AbortSignal, work: Promise<T>, end: () => void): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    const abort = () => reject(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    end()
  }
}

/**
 * Whether the server accepts the login.
 * @throws MqttxError if there is no network connection, or no answer; the reason of `signal`
 */
export async function connects(
  login: Login,
  { patienceMs, signal }: { patienceMs: number; signal: AbortSignal },
): Promise<Answer> {
  const participant = new Participant(login, { record: new Record(), patienceMs, heard: () => {} })
  const answer = await endedBy(signal, participant.connect(), () => signal.aborted && participant.drop())
  await participant.leave()
  if (answer.kind === 'unanswered') throw noAnswer(login.name, answer)
  return answer
}

class Exchange {
  readonly #options: ExchangeOptions
  readonly #run = randomBytes(6).toString('hex')
  readonly #probes: readonly Probe[]
  readonly #topics: readonly number[]
  readonly #all: readonly Participant[]
  /** By user and topic. */
  readonly #published = new Map<number, Answer>()
  readonly #subscribed = new Map<number, Answer>()
  /** Messages that somebody has received, by publisher and topic. */
  readonly #arrived = new Set<number>()
  /** By receiver and topic: under the topic itself, and under a wider filter, with that filter if it is known. */
  readonly #received = new Set<number>()
  readonly #receivedWider = new Map<number, string>()
  /** Topics on which somebody has received something. */
  readonly #alive = new Set<number>()
  /** By user: the wider filters, those that were accepted. */
  readonly #tried = new Map<number, readonly string[]>()
  readonly #accepted = new Map<number, ReadonlySet<string>>()
  readonly #sentAt = new Map<number, number>()
  #isWider = false
  #heardAt = 0
  #slowestMs = 0

  constructor(options: ExchangeOptions) {
    this.#options = options
    const { logins, witness, topics, patienceMs } = options
    this.#probes = topics.map(({ filter }) => probeOf(filter, this.#run))
    this.#topics = topics.map((_, topic) => topic)
    const record = new Record()
    this.#all = [...logins, ...(witness === undefined ? [] : [witness])].map((login, user) => {
      const heard = (message: IPublishPacket) => this.#heard(user, message)
      return new Participant(login, { record, patienceMs, heard })
    })
  }

  async run(): Promise<globalThis.Record<Action, Finding>[]> {
    for (const lane of lanesOf(this.#probes)) await this.#exactly(lane)
    await this.#wider()
    const { logins } = this.#options
    return logins.flatMap((_, user) => this.#topics.map((topic) => this.#judged(user, topic)))
  }

  drop(): void {
    for (const participant of this.#all) participant.drop()
  }

  /** Everybody subscribes to the topics of `lane` and publishes to them. */
  async #exactly(lane: readonly number[]): Promise<void> {
    this.#isWider = false
    await this.#begin(async (participant, user) => {
      const answers = await participant.subscribe(lane.map((topic) => this.#probes[topic]!.filter))
      for (const [at, answer] of answers.entries()) this.#subscribed.set(this.#key(user, lane[at]!), answer)
    })
    await this.#publishUntil(() => this.#isMissing(lane), {
      first: () => lane,
      again: (user) => lane.filter((topic) => this.#isUseful(user, topic)),
    })
    await this.#end()
  }

  /** Those who have not received a topic subscribe to wider filters, and one of those who can publishes to it. */
  async #wider(): Promise<void> {
    const without = this.#all.map((_, user) =>
      this.#topics.filter((topic) => !this.#received.has(this.#key(user, topic))),
    )
    if (without.every(({ length }) => length === 0)) return
    this.#isWider = true
    await this.#begin(async (participant, user) => {
      const filters = [...new Set(without[user]!.flatMap((topic) => this.#widerOf(user, topic)))]
      this.#tried.set(user, filters)
      const answers = await participant.subscribe(filters, (filter) => filters.indexOf(filter) + 1)
      this.#accepted.set(user, new Set(filters.filter((_, at) => answers[at]!.kind === 'accepted')))
    })
    const isMissing = (user: number, topic: number) =>
      !this.#receivedWider.has(this.#key(user, topic)) && this.#isCovered(user, topic)
    const useful = (user: number) => this.#topics.filter((topic) => this.#isUseful(user, topic))
    await this.#publishUntil(
      () => without.some((topics, user) => topics.some((topic) => isMissing(user, topic))),
      { first: useful, again: useful },
    )
    await this.#end()
  }

  /** Filters besides the topic itself under which the server may deliver it. A share of its own, for each user. */
  #widerOf(user: number, topic: number): string[] {
    const { filter, wider } = this.#probes[topic]!
    return [...wider, `$share/mqttx${this.#run}${user}/${filter}`]
  }

  #isCovered(user: number, topic: number): boolean {
    const accepted = this.#accepted.get(user)
    return accepted !== undefined && this.#widerOf(user, topic).some((filter) => accepted.has(filter))
  }

  /** Connects all anew. @throws MqttxError if one cannot */
  async #begin(subscribe: (participant: Participant, user: number) => Promise<void>): Promise<void> {
    let next = 0
    const work = async (): Promise<void> => {
      while (next < this.#all.length) {
        const user = next++
        const participant = this.#all[user]!
        if (participant.lost !== undefined) continue
        const answer = await participant.connect()
        if (answer.kind !== 'accepted') throw notAccepted(participant.name, answer)
        await subscribe(participant, user)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
  }

  /** Publishes, and waits while `isMissing`. Again if the server has ended connections: some have missed messages. */
  async #publishUntil(
    isMissing: () => boolean,
    {
      first,
      again,
    }: { first: (user: number) => readonly number[]; again: (user: number) => readonly number[] },
  ): Promise<void> {
    let topicsOf = first
    for (let attempt = 1; attempt <= 3; attempt++) {
      const losses = this.#losses()
      await Promise.all(
        this.#all.map((participant, user) => this.#publish(participant, user, topicsOf(user))),
      )
      await Promise.all(this.#all.map((participant) => participant.sync()))
      await this.#settled(isMissing)
      if (!isMissing() || this.#losses() === losses) return
      await Promise.all(this.#all.map((participant) => participant.revive()))
      topicsOf = again
    }
  }

  async #publish(participant: Participant, user: number, topics: readonly number[]): Promise<void> {
    const messages = topics.map((topic) => {
      const key = this.#key(user, topic)
      const sent = () => this.#sentAt.set(key, performance.now())
      return { topic: this.#probes[topic]!.name, payload: `${mark} ${this.#run} ${key}`, sent }
    })
    const answers = await participant.publish(messages)
    for (const [at, answer] of answers.entries()) {
      const key = this.#key(user, topics[at]!)
      if (!this.#published.has(key)) this.#published.set(key, answer)
    }
  }

  /** A message of this user on this topic may show something: none has arrived yet, or it is the one that arrives. */
  #isUseful(user: number, topic: number): boolean {
    const key = this.#key(user, topic)
    if (!this.#arrived.has(key)) return this.#published.get(key)?.kind === 'accepted'
    return user === this.#all.findIndex((_, other) => this.#arrived.has(this.#key(other, topic)))
  }

  #isMissing(lane: readonly number[]): boolean {
    const accepts = (answers: Map<number, Answer>, key: number) => answers.get(key)?.kind === 'accepted'
    return this.#all.some((_, user) =>
      lane.some((topic) => {
        const key = this.#key(user, topic)
        if (accepts(this.#published, key) && !this.#arrived.has(key)) return true
        return accepts(this.#subscribed, key) && !this.#received.has(key)
      }),
    )
  }

  /** Waits while `isMissing`: longer if messages were slow to arrive. */
  async #settled(isMissing: () => boolean): Promise<void> {
    const { least, most } = this.#options.graceMs
    this.#heardAt = performance.now()
    for (;;) {
      const grace = Math.min(most, Math.max(least, 3 * this.#slowestMs))
      const left = this.#heardAt + grace - performance.now()
      if (left <= 0 || !isMissing()) return
      await pause(Math.min(left, 20))
    }
  }

  async #end(): Promise<void> {
    await Promise.all(this.#all.map((participant) => participant.leave()))
  }

  #losses(): number {
    return this.#all.reduce((sum, { losses }) => sum + losses, 0)
  }

  #key(user: number, topic: number): number {
    return user * this.#probes.length + topic
  }

  #heard(user: number, { topic: name, payload, properties }: IPublishPacket): void {
    const sent = this.#sentKey(name, payload)
    if (sent !== undefined) {
      this.#heardAt = performance.now()
      this.#slowestMs = Math.max(this.#slowestMs, this.#heardAt - (this.#sentAt.get(sent) ?? this.#heardAt))
      this.#arrived.add(sent)
      this.#note(user, sent % this.#probes.length, properties?.subscriptionIdentifier)
    } else if (name.startsWith('$SYS/')) {
      for (const [topic, { filter }] of this.#probes.entries())
        if (matches(filter, name)) this.#note(user, topic, properties?.subscriptionIdentifier)
    }
  }

  /** Publisher and topic of a message of ours. */
  #sentKey(name: string, payload: string | Buffer): number | undefined {
    if (payload.length > 100) return undefined
    const [, run, key] = /^mqttx check --acl ([\da-f]+) (\d+)$/.exec(payload.toString()) ?? []
    const sent = Number(key)
    if (run !== this.#run || sent >= this.#all.length * this.#probes.length) return undefined
    return this.#probes[sent % this.#probes.length]!.name === name ? sent : undefined
  }

  #note(user: number, topic: number, identifiers: number | number[] | undefined): void {
    const key = this.#key(user, topic)
    this.#alive.add(topic)
    if (!this.#isWider) this.#received.add(key)
    else if (!this.#receivedWider.has(key)) {
      const filter = this.#tried.get(user)?.[([identifiers].flat()[0] ?? 0) - 1]
      this.#receivedWider.set(key, filter ?? '')
    }
  }

  #judged(user: number, topic: number): globalThis.Record<Action, Finding> {
    const key = this.#key(user, topic)
    const subscribed = this.#subscribed.get(key)
    return {
      publish: this.#finding(this.#published.get(key), user, topic, this.#arrived.has(key)),
      subscribe: this.#finding(subscribed, user, topic, this.#received.has(key)),
      receive: this.#receiving(user, topic, subscribed),
    }
  }

  #receiving(user: number, topic: number, subscribed: Answer | undefined): Finding {
    const key = this.#key(user, topic)
    if (this.#received.has(key)) return { outcome: 'granted', detail: '' }
    const filter = this.#receivedWider.get(key)
    if (filter !== undefined) {
      return { outcome: 'granted', detail: filter === '' ? 'through a wider filter' : `through '${filter}'` }
    }
    const accepted = this.#isCovered(user, topic)
    return this.#finding(accepted ? { kind: 'accepted', text: '' } : subscribed, user, topic, false)
  }

  /** `isShown`: a message has arrived. */
  #finding(answer: Answer | undefined, user: number, topic: number, isShown: boolean): Finding {
    const { kind, text: detail } = answer ?? { kind: 'unanswered', text: '' }
    if (isShown) return { outcome: 'granted', detail: kind === 'accepted' ? '' : `${detail}, but it arrived` }
    const { lost } = this.#all[user]!
    if (kind === 'refused' || kind === 'disconnected') return { outcome: kind, detail }
    if (kind === 'unanswered' || lost !== undefined) return { outcome: 'unknown', detail: lost ?? detail }
    if (this.#alive.has(topic)) return { outcome: 'silent', detail: '' }
    return { outcome: 'unknown', detail: 'nobody received anything on this topic' }
  }
}

function noAnswer(name: string, { text }: Answer): MqttxError {
  return new MqttxError(`user ${name} cannot connect: ${text}`)
}

function notAccepted(name: string, answer: Answer): MqttxError {
  if (answer.kind === 'unanswered') return noAnswer(name, answer)
  const hint = "check its user name and password; a login that the server must refuse has the line 'refused'"
  return new MqttxError(`user ${name} cannot connect: ${answer.text}`, { hint })
}

/** A name that `filter` matches and nobody else uses, if it has wildcards. */
function probeOf(filter: string, run: string): Probe {
  const levels = filter.split('/')
  const name = levels.map((level) => (level === '+' || level === '#' ? `mqttx${run}` : level)).join('/')
  const parent = levels.slice(0, -1).join('/')
  const first = levels[0]!
  const wider = [
    ...(first.startsWith('$') ? [] : ['#', levels.map(() => '+').join('/')]),
    ...(first.startsWith('$') || levels.length > 1 ? [`${first}/#`] : []),
    ...(levels.length > 1 ? [`${parent}/#`, `${parent}/+`] : []),
    name,
  ].filter((one) => one !== filter && matches(one, name))
  return { filter, name, wider: [...new Set(wider)] }
}

/**
 * Topics that can be subscribed to on one connection: no message for one of them comes through another one's filter.
 * @throws MqttxError if there are too many groups of them
 */
function lanesOf(probes: readonly Probe[]): number[][] {
  const lanes: number[][] = []
  for (const [index, probe] of probes.entries()) {
    const lane = lanes.find((one) => one.every((other) => isApart(probe, probes[other]!)))
    if (lane !== undefined) lane.push(index)
    else lanes.push([index])
    if (lanes.length > mostLanes) {
      const why = `more than ${mostLanes} of the topics match one another, such as '${shown(probe.filter)}'`
      throw new MqttxError(why, { hint: 'split the file' })
    }
  }
  return lanes
}

function isApart(one: Probe, other: Probe): boolean {
  const isIn = ({ name }: Probe, { filter, name: own }: Probe) => filter !== own && matches(filter, name)
  return !isIn(one, other) && !isIn(other, one)
}
