// The promise of `pub -l`: at QoS 1 and 2 status 0 means that every line was acknowledged. With the default limits of
// both brokers a subscriber that counts finds every one, once and in order. bench/lossless.mjs does a million.
import { expect } from 'vitest'
import { amount, oneOfEvery } from '../helpers/amount.js'
import { type Client, publish, subscriber } from '../helpers/clients.js'
import { brokers, type Peer, patientBrokers, peerTest } from '../helpers/peers.js'

const count = amount({ inCi: 100_000, here: 5_000 })
const lines = Array.from({ length: count }, (_, index) => `${index + 1}\n`).join('')
const counters: readonly { client: Client; peers: readonly Peer[] }[] = [
  { client: 'mosquitto', peers: ['mosquitto_sub'] },
  { client: 'mqttx', peers: [] },
]

/** Where two outputs part, in words: a difference of thousands of lines tells nobody anything. */
function difference(received: string): string {
  if (received === lines) return 'none'
  const got = received.split('\n')
  const at = got.findIndex((line, index) => line !== String(index + 1))
  return `${got.length - 1} lines, line ${at + 1} is ${got.slice(at, at + 3)}`
}

interface Case {
  on: (typeof brokers)[number]
  counter: (typeof counters)[number]
  pubQos: string
  subQos: string
}

function* cases(): Generator<Case> {
  for (const counter of counters) {
    for (const pubQos of ['1', '2']) {
      // A counter at QoS 0 sees all that the broker took, however far it is behind: mosquitto's limit of 1,000 queued
      // messages is for the other two.
      for (const on of brokers) yield { on, counter, pubQos, subQos: '0' }
      for (const on of patientBrokers) yield { on, counter, pubQos, subQos: pubQos }
    }
  }
}

for (const { on, counter, pubQos, subQos } of oneOfEvery(3, [...cases()])) {
  const name = `${on.name}: pub -l -q ${pubQos}, counted by ${counter.client} sub -q ${subQos}`
  const body = async () => {
    const broker = await on.launch()
    const options = { timeoutMs: 110_000 }
    const counting = ['-t', 'many', '-q', subQos, '-C', `${count}`, '-W', '100']
    const sub = await subscriber(counter.client, broker, counting, options)

    const pub = await publish('mqttx', broker, ['-t', 'many', '-q', pubQos, '-l'], {
      stdin: lines,
      ...options,
    })

    expect(pub).toMatchObject({ status: 0, stderr: '' })
    expect(difference((await sub.ended).stdout.toString())).toBe('none')
    await broker.stop()
  }
  peerTest(name, [...on.needs, ...counter.peers], body, 120_000)
}
