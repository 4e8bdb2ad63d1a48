// MQTT 3.1.1, section 4.6: the messages of one publisher to one topic reach each subscriber in the order in which
// they were published, at every QoS; and the acknowledgements go out in the order of what they acknowledge.
import { beforeAll, describe, expect } from 'vitest'
import { amount } from '../helpers/amount.js'
import { directions, publish, subscriber } from '../helpers/clients.js'
import { type Broker, findPeer, patientBrokers, peerTest } from '../helpers/peers.js'
import { startMqttx } from '../helpers/run.js'
import { tap } from '../helpers/tap.js'

const count = amount({ inCi: 10_000, here: 1500 })
const lines = Array.from({ length: count }, (_, index) => `${index + 1}\n`).join('')

/** The Packet Identifiers of one kind of packet in a trace, in order. */
function ids(trace: readonly string[], packet: string): string[] {
  return trace.filter((line) => line.startsWith(`${packet} `)).map((line) => line.split(' ')[2]!)
}

describe.each(patientBrokers)('on $name', ({ launch, needs }) => {
  let broker: Broker
  beforeAll(async () => {
    if (needs.every(findPeer)) broker = await launch()
  })

  describe.each(['0', '1', '2'])('QoS %s', (qos) => {
    peerTest(`${count} messages from mqttx to mqttx in order`, needs, async () => {
      const sub = await subscriber('mqttx', broker, ['-t', 'order', '-q', qos, '-C', `${count}`])

      const pub = await publish('mqttx', broker, ['-t', 'order', '-l', '-q', qos], { stdin: lines })

      expect(pub).toMatchObject({ status: 0, stderr: '' })
      expect((await sub.ended).stdout.toString() === lines).toBe(true)
    })
  })

  for (const way of directions) {
    // At QoS 1 and 2 mosquitto_pub -l leaves before its queue is empty: it is the publisher at QoS 0 only.
    for (const qos of way.publisher === 'mqttx' ? ['0', '1', '2'] : ['0']) {
      peerTest(
        `${way.publisher} pub to ${way.subscriber} sub in order, QoS ${qos}`,
        [...needs, ...way.needs],
        async () => {
          const sub = await subscriber(way.subscriber, broker, ['-t', 'order', '-q', qos, '-C', `${count}`])

          await publish(way.publisher, broker, ['-t', 'order', '-l', '-q', qos], { stdin: lines })

          expect((await sub.ended).stdout.toString() === lines).toBe(true)
        },
      )
    }
  }

  peerTest('PUBACK in the order of PUBLISH [MQTT-4.6.0-2]', needs, async () => {
    const relay = await tap(broker.port, { trace: true })
    const sub = startMqttx(['sub', ...relay.at, '-t', 'order', '-q', '1', '-C', '1000'])
    await relay.subscribed()

    await publish('mqttx', broker, ['-t', 'order', '-l', '-q', '1'], { stdin: lines.slice(0, 3893) })
    await sub.ended

    expect(ids(relay.trace, '< publish')).toHaveLength(1000)
    expect(ids(relay.trace, '> puback')).toEqual(ids(relay.trace, '< publish'))
  })

  peerTest('PUBREC and PUBREL in order [MQTT-4.6.0-3, 4.6.0-4]', needs, async () => {
    const relay = await tap(broker.port, { trace: true })
    const pub = startMqttx(['pub', ...relay.at, '-t', 'order', '-l', '-q', '2'], {
      stdin: lines.slice(0, 3893),
    })

    expect((await pub.ended).status).toBe(0)

    expect(ids(relay.trace, '> publish')).toHaveLength(1000)
    expect(ids(relay.trace, '> pubrel')).toEqual(ids(relay.trace, '< pubrec'))
    expect(ids(relay.trace, '> publish')).toEqual(ids(relay.trace, '< pubrec'))
  })
})
