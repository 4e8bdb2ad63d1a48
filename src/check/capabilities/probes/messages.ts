// What becomes of messages.
import type { QoS } from '../../../codec/publish.js'
import type { Lab } from '../../lab.js'
import { Inconclusive, Violation } from '../../violation.js'
import { found, no, Refusal, yes } from '../finding.js'
import { join } from '../peer.js'
import type { Probe } from '../probe.js'

/** Sends a message from one client to another. @returns why it did not come as it was sent, '' if it did. */
async function wayOf(lab: Lab, qos: QoS): Promise<string> {
  const topic = lab.topic(`qos-${qos}`)
  const [subscriber, publisher] = await Promise.all([join(lab), join(lab)])
  const granted = await subscriber.subscribe(topic, { qos })
  if (granted < qos) return `SUBACK grants QoS ${granted}`
  await publisher.publish(topic, { qos, payload: 'x' })
  const [message] = await subscriber.received(1)
  if (message === undefined) return 'the message was not delivered'
  return message.qos === qos ? '' : `the message came at QoS ${message.qos}`
}

const delivery: Probe = {
  ...{ key: 'publish-and-receive', label: 'A message gets through', group: 'Messages', since: 3 },
  async run(lab) {
    const why = await wayOf(lab, 0)
    if (why === '' || lab.version < 5) return found(why === '', why)
    // Only a PUBLISH at QoS 1 is answered with a reason.
    await (await join(lab)).publish(lab.topic('qos-0'), { qos: 1 })
    return no(why)
  },
}

const maximumQos: Probe = {
  ...{ key: 'maximum-qos', label: 'Maximum QoS', group: 'Messages', since: 3 },
  async run(lab) {
    const reasons: string[] = []
    const { declared } = await join(lab)
    let isDeclared = declared.maximumQoS !== undefined
    for (const qos of [2, 1] as const) {
      const why = await wayOf(lab, qos).catch((error: unknown) => {
        if (!(error instanceof Violation)) throw error
        if (error instanceof Refusal) isDeclared ||= error.finding.isDeclared === true
        return error.message
      })
      if (why === '')
        return { value: qos, detail: reasons.join('; '), ...(isDeclared && { isDeclared: true as const }) }
      reasons.push(`QoS ${qos}: ${why}`)
    }
    return { value: 0, detail: reasons.join('; '), ...(isDeclared && { isDeclared: true as const }) }
  },
}

/** Run before all others, in this order; the others depend on them. */
export const basics: readonly Probe[] = [delivery, maximumQos]

const inOrder = 100

export const messages: readonly Probe[] = [
  {
    ...{ key: 'ordered', label: 'Order is kept', group: 'Messages', since: 3 },
    async run(lab, known) {
      for (let qos = 0 as QoS; qos <= known.qos; qos++) {
        const topic = lab.topic(`ordered-${qos}`)
        const [subscriber, publisher] = await Promise.all([join(lab), join(lab)])
        await subscriber.subscribe(topic, { qos })
        const numbers = Array.from({ length: inOrder }, (_, index) => String(index))
        const portion = Math.min(20, known.window)
        for (let start = 0; start < inOrder; start += portion)
          await publisher.publishAll(topic, numbers.slice(start, start + portion), { qos })
        const came = (await subscriber.received(inOrder)).map(({ payload }) => String(payload))
        if (came.length < inOrder) return no(`QoS ${qos}: ${came.length} of ${inOrder} messages came`)
        if (came.join() !== numbers.join()) return no(`QoS ${qos}: the messages came in another order`)
      }
      return yes(`${inOrder} messages at each QoS`)
    },
  },
  {
    ...{ key: 'retained-messages', label: 'Retained messages', group: 'Messages', since: 3 },
    feature: 'retain',
    async run(lab) {
      const topic = lab.topic('retained')
      const publisher = await join(lab)
      await publisher.publish(topic, { retain: true, payload: 'x' })
      const subscriber = await join(lab)
      await subscriber.subscribe(topic)
      const [message] = await subscriber.received(1)
      if (message === undefined) return no('a later subscriber gets nothing')
      return found(message.retain, 'a later subscriber gets it without RETAIN')
    },
  },
  {
    ...{ key: 'will', label: 'Will Message', group: 'Messages', since: 3 },
    async run(lab) {
      const topic = lab.topic('will')
      const subscriber = await join(lab)
      await subscriber.subscribe(topic)
      const client = await lab.connect({ will: { topic, payload: Buffer.from('x'), qos: 0, retain: false } })
      client.drop()
      return found((await subscriber.received(1)).length === 1, 'not sent when the connection broke')
    },
  },
  {
    ...{ key: 'will-delay', label: 'Will Delay', group: 'Messages', since: 5 },
    isSlow: true,
    async run(lab) {
      const topic = lab.topic('will-delay')
      const subscriber = await join(lab)
      await subscriber.subscribe(topic)
      const will = { topic, payload: Buffer.from('x'), qos: 0, retain: false } as const
      const client = await lab.connect({
        will: { ...will, properties: { willDelayInterval: 1 } },
        properties: { sessionExpiryInterval: 60 },
      })
      client.drop()
      const start = performance.now()
      const [message] = await subscriber.received(1, 3000 + lab.patienceMs)
      if (message !== undefined && performance.now() - start < 900) return no('sent at once')
      return found(message !== undefined, 'not sent after 1 s')
    },
  },
  {
    ...{ key: 'message-expiry', label: 'Message Expiry', group: 'Messages', since: 5 },
    isSlow: true,
    async run(lab, { qos }) {
      const topic = lab.topic('message-expiry')
      const level = Math.min(qos, 1) as QoS
      const session = { clientId: lab.clientId(), properties: { sessionExpiryInterval: 60 } }
      const absent = await join(lab, session)
      await absent.subscribe(topic, { qos: level })
      await absent.leave()
      const publisher = await join(lab)
      const publish = (payload: string, messageExpiryInterval: number) =>
        publisher.publish(topic, { qos: level, payload, properties: { messageExpiryInterval } })
      await publish('short', 1)
      await publish('long', 60)
      await lab.pause(2100)
      const back = await join(lab, { ...session, clean: false })
      const came = (await back.received(1)).concat(await back.rest()).map(({ payload }) => String(payload))
      if (!came.includes('long')) throw new Inconclusive('no message is kept for absent clients')
      return found(!came.includes('short'), 'delivered after it had expired')
    },
  },
]
