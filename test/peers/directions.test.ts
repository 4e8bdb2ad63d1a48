// A message goes from our publisher to mosquitto's subscriber and the other way round, on either broker, unharmed.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { oneOfEvery } from '../helpers/amount.js'
import { directions, publish, subscriber } from '../helpers/clients.js'
import { type Broker, brokers, findPeer, peerTest } from '../helpers/peers.js'
import { mqttx, scratch } from '../helpers/run.js'

const everyByte = Buffer.from(Array.from({ length: 1024 }, (_, index) => index & 0xff))

describe.each(brokers)('on $name', ({ launch, needs }) => {
  let broker: Broker
  beforeAll(async () => {
    if (needs.every(findPeer)) broker = await launch()
  })

  describe.each(directions)('$publisher pub to $subscriber sub', (way) => {
    describe.each(oneOfEvery(2, ['0', '1', '2'], directions.indexOf(way)))('QoS %s', (qos) => {
      peerTest('a text', [...needs, ...way.needs], async () => {
        const topic = `text/${way.publisher}/${qos}`
        const sub = await subscriber(way.subscriber, broker, ['-t', 'text/#', '-v', '-q', qos, '-C', '1'])

        const pub = await publish(way.publisher, broker, ['-t', topic, '-m', 'één', '-q', qos])

        expect(pub).toMatchObject({ status: 0, stderr: '' })
        const { status, stdout } = await sub.ended
        expect({ status, stdout: stdout.toString() }).toEqual({ status: 0, stdout: `${topic} één\n` })
      })

      peerTest('every byte there is', [...needs, ...way.needs], async () => {
        const file = join(scratch('bytes'), 'payload')
        writeFileSync(file, everyByte)
        const sub = await subscriber(way.subscriber, broker, ['-t', 'bytes', '-N', '-q', qos, '-C', '1'])

        await publish(way.publisher, broker, ['-t', 'bytes', '-f', file, '-q', qos])

        expect((await sub.ended).stdout).toEqual(everyByte)
      })
    })

    peerTest('256 KiB, twice the largest two-byte length and more', [...needs, ...way.needs], async () => {
      const large = Buffer.alloc(256 * 1024, everyByte)
      const sub = await subscriber(way.subscriber, broker, ['-t', 'large', '-N', '-q', '1', '-C', '1'])

      await publish(way.publisher, broker, ['-t', 'large', '-s', '-q', '1'], { stdin: large })

      expect((await sub.ended).stdout.equals(large)).toBe(true)
    })

    peerTest('no payload at all', [...needs, ...way.needs], async () => {
      const sub = await subscriber(way.subscriber, broker, ['-t', 'none', '-F', '[%p]', '-C', '1'])

      await publish(way.publisher, broker, ['-t', 'none', '-n'])

      expect((await sub.ended).stdout.toString()).toBe('[]\n')
    })

    peerTest('wildcards and a topic in two scripts', [...needs, ...way.needs], async () => {
      const sub = await subscriber(way.subscriber, broker, ['-t', 'home/+/temperature', '-v', '-C', '2'])

      for (const room of ['kitchen', 'garden/shed', 'čajovna']) {
        await publish(way.publisher, broker, ['-t', `home/${room}/temperature`, '-m', '21'])
      }

      expect((await sub.ended).stdout.toString()).toBe(
        'home/kitchen/temperature 21\nhome/čajovna/temperature 21\n',
      )
    })
  })
})

describe('on mqttx broker, without anybody else', () => {
  test('$SYS/# has counters', async () => {
    const broker = await brokers[1]!.launch()
    const { status, stdout } = await mqttx(['sub', ...broker.at, '-t', '$SYS/#', '-v', '-C', '3', '-W', '10'])

    expect(status).toBe(0)
    expect(stdout.toString()).toMatch(/^(\$SYS\/\S+ .+\n){3}$/)
  })
})
