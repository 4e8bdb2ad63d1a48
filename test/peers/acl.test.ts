// --acl-file: generated access control lists mean to `mqttx broker` what they mean to mosquitto. Verdicts are taken from
// the acknowledgement of a message and from its delivery.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { connect } from '../../src/library/index.js'
import { accessList, topics, users } from '../helpers/access-list.js'
import { amount } from '../helpers/amount.js'
import { Dice } from '../helpers/dice.js'
import { type Broker, peerTest, startMosquitto, startOwnBroker } from '../helpers/peers.js'
import { scratch } from '../helpers/run.js'

/** What each client may do, as `ada publish x/a`. */
async function verdicts({ port }: Broker): Promise<string[]> {
  const url = `mqtt://127.0.0.1:${port}`
  const observer = await connect(url, { protocolVersion: 5, username: 'observer', clientId: 'observer' })
  onTestFinished(() => observer.close().catch(() => {}))
  const granted: string[] = []
  for (const username of users) {
    const login = username === undefined ? {} : { username }
    const client = await connect(url, { protocolVersion: 5, clientId: 'c1', ...login })
    const received = await client.subscribe(['x/#', 'y/#', 'end/#'], { qos: 1, noLocal: true })
    for (const topic of topics) {
      const sent = client.publish(topic, '', { qos: 1 })
      if (
        await sent.then(
          () => true,
          ({ reasonCode }) => reasonCode !== 0x87,
        )
      )
        granted.push(`${username} publish ${topic}`)
      await observer.publish(topic, '', { qos: 1 })
    }
    await observer.publish('end/c1', '', { qos: 1 })
    for await (const { topic } of received) {
      if (topic.startsWith('end/')) break
      granted.push(`${username} receive ${topic}`)
    }
    await client.close()
  }
  await observer.close()
  return granted
}

const rounds = amount({ inCi: 20, here: 5 })

peerTest(`${rounds} generated lists`, ['mosquitto'], async () => {
  const folder = scratch('acl')
  let allowed = 0
  for (let seed = 1; seed <= rounds; seed++) {
    const text = `${accessList(new Dice(seed))}\nuser observer\ntopic readwrite #\npattern read end/%c\n`
    const file = join(folder, `acl-${seed}`)
    writeFileSync(file, text)
    const brokers = await Promise.all([
      startMosquitto(['allow_anonymous true', `acl_file ${file}`]),
      startOwnBroker(['--acl-file', file]),
    ])
    const [reference, ours] = await Promise.all(brokers.map(verdicts))
    expect(ours, `seed ${seed}:\n${text}`).toEqual(reference)
    allowed += ours!.length
    await Promise.all(brokers.map((broker) => broker.stop()))
  }
  expect(allowed).toBeGreaterThan(rounds * 5)
})
