// A mosquitto with persistence that is stopped and started again and again under a running pub -l: nothing lost at QoS 1,
// nothing lost or doubled at QoS 2.
import { describe, expect } from 'vitest'
import { amount } from '../helpers/amount.js'
import { peerTest, startMosquitto } from '../helpers/peers.js'
import { mqttx, start, startMqttx } from '../helpers/run.js'
import { once, sleep } from '../helpers/wait.js'

const restarts = amount({ inCi: 20, here: 5 })
const linesPerRound = 2000

describe.each(['1', '2'])('pub -l -q %s', (qos) => {
  peerTest(
    `survives ${restarts} restarts of mosquitto`,
    ['mosquitto', 'mosquitto_sub'],
    async () => {
      const broker = await startMosquitto([
        'allow_anonymous true',
        'persistence true',
        'max_queued_messages 0',
      ])
      const args = [...broker.at, '-t', 'restarts', '-q', qos]
      await mqttx(['sub', ...args, '-c', '-i', 'counter', '-E'])
      const pub = startMqttx(['pub', ...args, '-c', '-i', 'publisher', '-l'], {
        stdin: 'open',
        timeoutMs: 110_000,
      })

      let sent = 0
      let round = 0
      const feeder = (async () => {
        while (round < restarts) {
          // Not more on a slow machine, where each round takes longer: mosquitto_sub has to take it all in the end.
          if (sent < (round + 1) * linesPerRound)
            pub.write(`${Array.from({ length: 50 }, () => ++sent).join('\n')}\n`)
          await sleep(5)
        }
        pub.child.stdin!.end()
      })()
      for (; round < restarts; round++) {
        await once(() => broker.log().includes(' as publisher '), 60_000)
        await sleep(150)
        await broker.stop('SIGTERM')
        await broker.restart()
      }
      await feeder
      const { status, stderr } = await pub.ended
      expect(status, stderr).toBe(0)
      expect(stderr.match(/reconnecting/g)?.length ?? 0).toBeGreaterThanOrEqual(restarts / 2)

      const sub = start('mosquitto_sub', [...args, '-c', '-i', 'counter'], { timeoutMs: 110_000 })
      await sub.until((stdout) => stdout.endsWith(`\n${sent}\n`), 60_000)
      const received = sub.stdout().toString().trimEnd().split('\n').map(Number)
      const expected = Array.from({ length: sent }, (_, index) => index + 1)
      expect([...new Set(received)].sort((a, b) => a - b)).toEqual(expected)
      if (qos === '2') expect(received).toEqual(expected)
      sub.kill()
      await broker.stop()
    },
    150_000,
  )
})
