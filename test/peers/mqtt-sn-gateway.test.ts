// MQTT-SN: our client, our gateway, and mosquitto or our broker as the server. A subscriber over TCP sees the same.
import { describe, expect } from 'vitest'
import { brokers, peerTest } from '../helpers/peers.js'
import { mqttx, startMqttx } from '../helpers/run.js'

const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`)

describe.each(brokers)('in front of $name', ({ launch, needs }) => {
  for (const options of [[], ['--aggregate']]) {
    peerTest(
      `pub -l and sub over MQTT-SN through gateway ${options.join()}`,
      needs,
      async () => {
        const broker = await launch()
        const to = `mqtt://127.0.0.1:${broker.port}`
        const gateway = startMqttx(['gateway', '--listen', '0', '--to', to, ...options], {
          timeoutMs: 60_000,
        })
        const url = /^mqtt-sn:\/\/127\.0\.0\.1:(\d+)$/m
        await gateway.until((stdout) => url.test(stdout))
        const [, port = ''] = url.exec(gateway.stdout().toString())!
        const sn = ['-V', 'mqtt-sn', '-h', '127.0.0.1', '-p', port]
        const sub = startMqttx([
          'sub',
          ...sn,
          '-t',
          'sn/#',
          '-q',
          '2',
          '-C',
          '50',
          '-F',
          '%t %p',
          '-W',
          '50',
          '-d',
        ])
        const plain = ['-t', 'sn/#', '-q', '2', '-C', '50', '-W', '50', '-d']
        const peer = startMqttx(['sub', ...broker.at, ...plain])
        await sub.until((_, stderr) => stderr.includes('SUBACK'))
        await peer.until((_, stderr) => stderr.includes('SUBACK'))
        const pub = await mqttx(['pub', ...sn, '-t', 'sn/lines', '-q', '2', '-l'], {
          stdin: `${lines.join('\n')}\n`,
        })
        expect([pub.status, pub.stderr]).toEqual([0, ''])
        expect((await sub.ended).stdout.toString()).toBe(lines.map((line) => `sn/lines ${line}\n`).join(''))
        expect((await peer.ended).stdout.toString()).toBe(lines.map((line) => `${line}\n`).join(''))
        gateway.kill('SIGTERM')
        expect((await gateway.ended).status).toBe(0)
      },
      90_000,
    )
  }
})
