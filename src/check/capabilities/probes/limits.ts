// How much of something a server takes: by bisection between bounds.
import { remainingLengthSize } from '../../../codec/framing.js'
import type { QoS } from '../../../codec/publish.js'
import type { Lab } from '../../lab.js'
import { Inconclusive, Violation } from '../../violation.js'
import type { Finding } from '../finding.js'
import { join } from '../peer.js'
import type { Known, Probe } from '../probe.js'

/** The largest number from `least`, which is not tried, to `most` that works: in 1 + log2(most - least) trials. */
async function largest(
  { least, most }: { least: number; most: number },
  works: (number: number) => Promise<boolean>,
): Promise<Finding> {
  let [good, bad] = [least, most + 1]
  for (let next = most; bad - good > 1; next = Math.floor((good + bad) / 2)) {
    if (await works(next)) good = next
    else bad = next
  }
  return { value: good, detail: '', ...(good === most && { isAtLeast: true }) }
}

/** Whether a message comes back to the client that sends it. */
async function comesBack(
  lab: Lab,
  topic: string,
  { qos }: Known,
  payload: Buffer = Buffer.alloc(0),
): Promise<boolean> {
  const level = Math.min(qos, 1) as QoS
  const peer = await join(lab)
  try {
    await peer.subscribe(topic, { qos: level })
    await peer.publish(topic, { qos: level, payload })
    return (await peer.rest()).length > 0
  } catch (error) {
    if (error instanceof Violation) return false
    throw error
  } finally {
    await peer.leave()
  }
}

const mebibyte = 1024 * 1024

/** The payload that makes a PUBLISH of `size` bytes on `topic`. */
function payloadFor(size: number, topic: string, lab: Lab, { qos }: Known): Buffer {
  const fixed = 2 + Buffer.byteLength(topic) + (qos > 0 ? 2 : 0) + (lab.version === 5 ? 1 : 0)
  let body = size - 1
  while (1 + remainingLengthSize(body) + body > size) body--
  return Buffer.alloc(Math.max(0, body - fixed), 'x')
}

/** The largest length that works for a string of MQTT. */
async function longest(
  lab: Lab,
  least: number,
  works: (length: number) => Promise<boolean>,
): Promise<Finding> {
  const { declared } = await join(lab)
  const { value } = await largest({ least, most: 65_535 }, works)
  const room = declared.maximumPacketSize ?? Infinity
  return { value, detail: Number(value) + 100 > room ? 'bounded by the packet size' : '' }
}

export const limits: readonly Probe[] = [
  {
    ...{ key: 'maximum-packet-size', label: 'Maximum Packet Size (bytes)', group: 'Limits', since: 3 },
    async run(lab, known) {
      const topic = lab.topic('size')
      const { declared } = await join(lab)
      const said = declared.maximumPacketSize
      const works = (size: number) => comesBack(lab, topic, known, payloadFor(size, topic, lab, known))
      if (said === undefined) return largest({ least: 128, most: mebibyte }, works)
      const tried = Math.min(said, mebibyte)
      if (await works(tried)) return { value: said, detail: tried < said ? `declared; ${tried} work` : '' }
      return { ...(await largest({ least: 128, most: tried - 1 }, works)), detail: `CONNACK says ${said}` }
    },
  },
  {
    ...{ key: 'longest-topic', label: 'Longest Topic Name (bytes)', group: 'Limits', since: 3 },
    run: (lab, known) =>
      longest(lab, lab.topic('').length, (length) =>
        comesBack(lab, lab.topic('').padEnd(length, 'x'), known),
      ),
  },
  {
    ...{ key: 'most-topic-levels', label: 'Most levels of a topic', group: 'Limits', since: 3 },
    run: (lab, known) => {
      const own = lab.topic('').split('/').length
      return largest({ least: own, most: 1000 }, (levels) =>
        comesBack(lab, lab.topic('') + '/x'.repeat(levels - own), known),
      )
    },
  },
  {
    ...{ key: 'longest-client-identifier', label: 'Longest Client Identifier (bytes)', group: 'Limits' },
    ...{ since: 3, hasNoTopic: true },
    run: (lab) =>
      longest(lab, 1, async (length) => {
        const peer = await join(lab, { clientId: lab.clientId().padEnd(length, 'x') }).catch(noPeer)
        await peer?.leave()
        return peer !== undefined
      }),
  },
  {
    ...{ key: 'receive-maximum', label: 'Receive Maximum of the server', group: 'Limits', since: 5 },
    async run(lab, { qos, window }) {
      if (qos < 2 || window > mostUnacknowledged) return { value: window, detail: 'declared' }
      const publisher = await join(lab)
      const packet = (payload: string) =>
        lab.publishPacket(lab.topic('window'), {
          ...{ qos: 2, payload },
          messageId: publisher.client.nextIdentifier(),
        })
      publisher.client.send(...Array.from({ length: window }, (_, index) => packet(String(index))))
      for (let index = 0; index < window; index++) {
        const { reasonCode = 0 } = await publisher.answer('pubrec')
        if (reasonCode >= 0x80) throw publisher.refusal('PUBREC', reasonCode)
      }
      publisher.client.send(packet('more'))
      const answer = await publisher.answer('pubrec').catch((error: unknown) => error as Error)
      return {
        value: window,
        detail: answer instanceof Violation ? `one more: ${answer.message}` : 'one more is taken, too',
      }
    },
  },
  {
    ...{
      key: 'obeys-receive-maximum',
      label: 'Obeys Receive Maximum of a client',
      group: 'Limits',
      since: 5,
    },
    async run(lab, { qos }) {
      if (qos === 0) throw new Inconclusive('needs QoS 1')
      const topic = lab.topic('window-of-client')
      const subscriber = await join(lab, { properties: { receiveMaximum: 3 } })
      const publisher = await join(lab)
      subscriber.acknowledges = false
      await subscriber.subscribe(topic, { qos: 1 })
      await publisher.publishAll(topic, Array.from({ length: 6 }, String), { qos: 1 })
      const first = (await subscriber.received(3)).concat(await subscriber.rest())
      if (first.length !== 3)
        return { value: false, detail: `${first.length} messages come at a time, not 3` }
      for (const { messageId } of first) subscriber.client.send({ cmd: 'puback', messageId: messageId! })
      const second = await subscriber.received(3)
      return { value: second.length === 3, detail: second.length === 3 ? '' : 'the others do not follow' }
    },
  },
]

/** With a larger Receive Maximum it is not tried whether the server insists on it. */
const mostUnacknowledged = 1000

function noPeer(error: unknown): undefined {
  if (!(error instanceof Violation) && !(error instanceof Inconclusive)) throw error
  return undefined
}
