// MQTT-SN: our client, our gateway, and mosquitto or our broker as the server. mosquitto_sub sees the same messages.
import { describe, expect } from 'vitest'
import { brokers, peerTest } from '../helpers/peers.js'
import { mqttx, start, startMqttx } from '../helpers/run.js'

const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`)

describe.each(brokers)('in front of $name', ({ launch, needs }) => {
  for (const options of [[], ['--aggregate']]) {
    peerTest(
      `pub -l and sub over MQTT-SN through gateway ${options.join()}`,
      [...needs, 'mosquitto_sub'],
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
        const peer = start('mosquitto_sub', [
          ...broker.at,
          '-t',
          'sn/#',
          '-q',
          '2',
          '-C',
          '50',
          '-W',
          '50',
          '-d',
        ])
        await sub.until((_, stderr) => stderr.includes('SUBACK'))
        await peer.until((stdout) => stdout.includes('SUBACK'))
        const pub = await mqttx(['pub', ...sn, '-t', 'sn/lines', '-q', '2', '-l'], {
          stdin: `${lines.join('\n')}\n`,
        })
        expect([pub.status, pub.stderr]).toEqual([0, ''])
        expect((await sub.ended).stdout.toString()).toBe(lines.map((line) => `sn/lines ${line}\n`).join(''))
        const seen = (await peer.ended).stdout.toString().split('\n')
        expect(seen.filter((line) => line.startsWith('line '))).toEqual(lines)
        gateway.kill('SIGTERM')
        expect((await gateway.ended).status).toBe(0)
      },
      90_000,
    )
  }
})
