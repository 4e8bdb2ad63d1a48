// `sub --json | pub --json` is a bridge: what comes out at the far end is what went in, through mosquitto and MQTT 5.
import { expect } from 'vitest'
import { subscriber } from '../helpers/clients.js'
import { type Broker, peerTest, startMosquitto } from '../helpers/peers.js'
import { mqttx, shell } from '../helpers/run.js'
import { tap } from '../helpers/tap.js'

const count = 10_000
const v5 = ['-V', '5']

/** Numbers that look random and are the same in each run (a generator by Marsaglia). */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

/** Lines as `sub --json` prints them, without the time: bytes, UTF-8 with everything in it, and properties. */
function randomLines(): string[] {
  const random = randomNumbers(2_463_534_242)
  const below = (limit: number) => random() % limit
  const bytes = (length: number) => Buffer.from(Array.from({ length }, () => below(256)))
  const text = (length: number) =>
    String.fromCodePoint(
      ...Array.from({ length }, () => [below(0x80) || 1, 0xe9, 0xfeff, 0x1f4a9][below(4)]!),
    )
  const property = (name: string, value: unknown) => (below(2) === 0 ? { [name]: value } : {})
  return Array.from({ length: count }, (_, index) => {
    const binary = below(2) === 0
    const payload = binary
      ? { payload: Buffer.concat([bytes(below(100)), Buffer.of(255)]).toString('base64'), encoding: 'base64' }
      : { payload: `${text(below(60))}\0\n`, encoding: 'utf8' }
    const properties = {
      ...property('payloadFormatIndicator', !binary),
      ...property('contentType', `type/${below(5)}`),
      ...property('responseTopic', `answers/${below(9)}`),
      ...property('correlationData', { base64: bytes(1 + below(20)).toString('base64') }),
      ...property('userProperties', { number: `${index}`, é: ['1', '2', `${below(9)}`], __proto__x: 'x' }),
    }
    const some = Object.keys(properties).length > 0
    return JSON.stringify({
      topic: `from/${below(50)}/é`,
      qos: 1 + below(2),
      ...payload,
      ...(some && { properties }),
    })
  })
}

/** What must be the same at the far end: everything but the time, DUP, and what belongs to a connection. */
function substance(line: string): string {
  const { topic, payload, encoding, qos, properties = {} } = JSON.parse(line)
  const names = [
    'payloadFormatIndicator',
    'contentType',
    'responseTopic',
    'correlationData',
    'userProperties',
  ]
  return JSON.stringify([topic, payload, encoding, qos, names.map((name) => properties[name] ?? null)])
}

function mosquittoWithRoom(): Promise<Broker> {
  return startMosquitto(['allow_anonymous true', 'max_queued_messages 0'])
}

peerTest(
  '10,000 messages of random bytes and properties, copied without a difference',
  ['mosquitto', 'bash'],
  async () => {
    const [from, to] = await Promise.all([mosquittoWithRoom(), mosquittoWithRoom()])
    const lines = randomLines()
    const limits = ['-q', '2', '-C', `${count}`, '-W', '50', ...v5]
    const reading = await subscriber('mqttx', to, ['-t', '#', '--json', ...limits], { timeoutMs: 55_000 })

    const relay = await tap(from.port)
    const words = (list: readonly string[]) => list.map((word) => `'${word}'`).join(' ')
    const copy = shell(
      `mqttx sub ${words([...relay.at, '-t', 'from/#', '--subscription-identifier', '7', '--json', ...limits])} |
         mqttx pub ${words([...to.at, ...v5, '--json'])}; echo "\${PIPESTATUS[@]}"`,
      { timeoutMs: 55_000 },
    )
    await relay.subscribed()
    const sent = await mqttx(['pub', ...from.at, ...v5, '--json'], {
      stdin: `${lines.join('\n')}\n`,
      timeoutMs: 50_000,
    })

    expect(sent).toMatchObject({ status: 0, stderr: '' })
    expect(await copy).toMatchObject({ stdout: Buffer.from('0 0\n'), stderr: '' })
    const received = (await reading.ended).stdout.toString().trimEnd().split('\n')
    expect(received).toHaveLength(count)
    // In any order: a broker passes QoS 1 on at once, and QoS 2 with its PUBREL.
    const [came, went] = [received, lines].map((list) => list.map(substance).sort()) as [string[], string[]]
    const at = came.findIndex((line, index) => line !== went[index])
    expect([came[at], at]).toEqual([went[at], -1])
    expect(received.every((line) => !line.includes('subscriptionIdentifier'))).toBe(true)
    await from.stop()
    await to.stop()
  },
  60_000,
)
