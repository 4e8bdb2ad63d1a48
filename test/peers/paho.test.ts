// Programs written with Paho, the Python client: they publish to mqttx and receive from it, on either broker.
import { resolve } from 'node:path'
import { beforeAll, describe, expect } from 'vitest'
import { oneOfEvery } from '../helpers/amount.js'
import { publish, subscriber } from '../helpers/clients.js'
import { type Broker, brokers, findPeer, type Peer, peerTest } from '../helpers/peers.js'
import { type Running, start } from '../helpers/run.js'

const count = 1000
const numbers = Array.from({ length: count }, (_, index) => `${index + 1}\n`).join('')

function paho(name: string, broker: Broker, ...args: readonly string[]): Running {
  const script = resolve(import.meta.dirname, `paho_${name}.py`)
  return start(findPeer('paho')!, [script, String(broker.port), ...args])
}

const levels = ['0', '1', '2'].flatMap((qos) => ['4', '5'].map((version) => [qos, version] as const))

describe.each(brokers.map((each, row) => ({ ...each, row })))('on $name', ({ launch, needs, row }) => {
  const all: Peer[] = [...needs, 'paho']
  let broker: Broker
  beforeAll(async () => {
    if (all.every(findPeer)) broker = await launch()
  })

  describe.each(oneOfEvery(3, levels, row))('QoS %s, version %s', (qos, version) => {
    peerTest('Paho publishes, mqttx sub receives', all, async () => {
      const sub = await subscriber('mqttx', broker, ['-t', 'paho/+', '-q', qos, '-C', `${count}`])

      const python = paho('publish', broker, 'paho/to', qos, `${count}`, version)

      expect(await python.ended).toMatchObject({ status: 0, stderr: '' })
      expect((await sub.ended).stdout.toString() === numbers).toBe(true)
    })

    peerTest('mqttx pub -l publishes, Paho receives', all, async () => {
      const python = paho('subscribe', broker, 'paho/#', qos, `${count}`, version)
      await python.until((stdout) => stdout.startsWith('ready\n'))

      const pub = await publish('mqttx', broker, ['-t', 'paho/from', '-l', '-q', qos], { stdin: numbers })

      expect(pub).toMatchObject({ status: 0, stderr: '' })
      const [, ...received] = (await python.ended).stdout.toString().trimEnd().split('\n')
      const hex = (line: string) => `paho/from ${Buffer.from(line).toString('hex')}`
      expect(received).toEqual(numbers.trimEnd().split('\n').map(hex))
    })
  })

  peerTest('bytes that are not text reach Paho as they are', all, async () => {
    const python = paho('subscribe', broker, 'raw', '1', '1', '5')
    await python.until((stdout) => stdout.startsWith('ready\n'))

    await publish('mqttx', broker, ['-t', 'raw', '-s', '-q', '1'], {
      stdin: Uint8Array.of(0, 255, 10, 13, 128),
    })

    expect((await python.ended).stdout.toString()).toBe('ready\nraw 00ff0a0d80\n')
  })
})
