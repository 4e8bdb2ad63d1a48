// Messages that outlive the process that sent them: retained ones, last wills, and what waits for a session.
import { beforeAll, describe, expect } from 'vitest'
import { type Client, directions, publish, subscriber } from '../helpers/clients.js'
import { type Broker, brokers, findPeer, peerTest } from '../helpers/peers.js'
import { type Outcome, start, startMqttx } from '../helpers/run.js'
import { tap } from '../helpers/tap.js'

const text = ({ status, stdout }: Outcome) => ({ status, stdout: stdout.toString() })

function sub(client: Client, broker: Broker, args: readonly string[]): Promise<Outcome> {
  const all = [...broker.at, ...args]
  return (client === 'mqttx' ? startMqttx(['sub', ...all]) : start('mosquitto_sub', all)).ended
}

describe.each(brokers)('on $name', ({ launch, needs }) => {
  let broker: Broker
  beforeAll(async () => {
    if (needs.every(findPeer)) broker = await launch()
  })

  describe.each(directions)('$publisher pub, $subscriber sub', (way) => {
    const topic = `kept/${way.publisher}`

    peerTest(
      'a retained message reaches a later subscriber, until it is cleared',
      [...needs, ...way.needs],
      async () => {
        await publish(way.publisher, broker, ['-t', topic, '-m', 'for later', '-r', '-q', '1'])
        const seen = await sub(way.subscriber, broker, ['-t', topic, '-F', '%r %p', '-C', '1', '-W', '5'])
        expect(text(seen)).toEqual({ status: 0, stdout: '1 for later\n' })

        await publish(way.publisher, broker, ['-t', topic, '-r', '-n', '-q', '1'])
        expect(text(await sub(way.subscriber, broker, ['-t', topic, '-W', '1']))).toEqual({
          status: 27,
          stdout: '',
        })
      },
    )

    peerTest('what was published in the meantime waits for a session', [...needs, ...way.needs], async () => {
      const session = ['-c', '-i', `session-${way.subscriber}`, '-q', '1', '-t', `waits/${way.publisher}`]
      expect((await sub(way.subscriber, broker, [...session, '-E'])).status).toBe(0)

      for (const message of ['one', 'two', 'three']) {
        await publish(way.publisher, broker, ['-t', `waits/${way.publisher}`, '-q', '1', '-m', message])
      }

      expect(text(await sub(way.subscriber, broker, [...session, '-C', '3', '-W', '5']))).toEqual({
        status: 0,
        stdout: 'one\ntwo\nthree\n',
      })
    })
  })

  const will = ['--will-topic', 'will/last', '--will-payload', 'gone', '--will-qos', '1']

  peerTest('the will of a subscriber that is killed with -9', [...needs, 'mosquitto_sub'], async () => {
    const watcher = await subscriber('mosquitto', broker, ['-t', 'will/#', '-v', '-C', '1'])
    const relay = await tap(broker.port)
    const victim = startMqttx(['sub', ...relay.at, '-t', 'x', ...will])
    await relay.subscribed()

    victim.kill('SIGKILL')

    expect((await watcher.ended).stdout.toString()).toBe('will/last gone\n')
  })

  peerTest('the will of a publisher that is killed with -9, seen by us', needs, async () => {
    const watcher = await subscriber('mqttx', broker, ['-t', 'will/#', '-t', 'alive', '-v', '-C', '2'])
    const victim = startMqttx(['pub', ...broker.at, '-t', 'alive', '-l', ...will], { stdin: 'open' })
    victim.write('yes\n')
    await watcher.until((stdout) => stdout === 'alive yes\n')

    victim.kill('SIGKILL')

    expect((await watcher.ended).stdout.toString()).toBe('alive yes\nwill/last gone\n')
  })

  peerTest('no will where the client said goodbye', needs, async () => {
    const watcher = await subscriber('mqttx', broker, ['-t', 'will/#', '-t', 'end', '-v', '-C', '1'])

    await publish('mqttx', broker, ['-t', 'other', '-m', 'x', '-q', '1', ...will])
    await publish('mqttx', broker, ['-t', 'other', '-m', 'x', '-q', '2', ...will])
    await publish('mqttx', broker, ['-t', 'end', '-m', 'x', ...will])

    expect((await watcher.ended).stdout.toString()).toBe('end x\n')
  })

  peerTest('no will of a subscriber that is interrupted', needs, async () => {
    const watcher = await subscriber('mqttx', broker, ['-t', 'will/#', '-t', 'end', '-v', '-C', '1'])
    const polite = await subscriber('mqttx', broker, ['-t', 'x', ...will])

    polite.kill('SIGINT')

    expect((await polite.ended).status).toBe(0)
    await publish('mqttx', broker, ['-t', 'end', '-m', 'x'])
    expect((await watcher.ended).stdout.toString()).toBe('end x\n')
  })
})
