// What `pub -l` makes of a stream of bytes, as another subscriber sees it.
import { join } from 'node:path'
import { beforeAll, describe, expect } from 'vitest'
import { oneOfEvery } from '../helpers/amount.js'
import { subscriber } from '../helpers/clients.js'
import { type Broker, brokers, findPeer, type Peer, peerTest } from '../helpers/peers.js'
import { scratch, shell, startMqttx } from '../helpers/run.js'

const cases: readonly { name: string; input: string; messages: readonly string[] }[] = [
  { name: 'lines', input: 'a\nbc\ndef\n', messages: ['a', 'bc', 'def'] },
  { name: 'no newline at the end', input: 'a\nlast', messages: ['a', 'last'] },
  { name: 'blank lines', input: '\n\na\n\n', messages: ['', '', 'a', ''] },
  { name: 'blanks around', input: ' a \n\tb\t\n', messages: [' a ', '\tb\t'] },
  { name: 'CR', input: 'a\r\n\rb\n\r\n', messages: ['a\r', '\rb', '\r'] },
  { name: 'NUL', input: 'a\0b\nq\0\n\0\n', messages: ['a\0b', 'q\0', '\0'] },
  { name: 'not UTF-8', input: '\xff\xfe\n\x80\n\xc3\n', messages: ['\xff\xfe', '\x80', '\xc3'] },
  { name: 'a byte order mark', input: '\xef\xbb\xbfa\n', messages: ['\xef\xbb\xbfa'] },
  {
    name: 'a megabyte in one line',
    input: `${'x'.repeat(1_000_000)}\nend\n`,
    messages: ['x'.repeat(1_000_000), 'end'],
  },
]

describe.each(brokers.map((each, row) => ({ ...each, row })))('pub -l on $name', ({ launch, needs, row }) => {
  const all: Peer[] = [...needs, 'mosquitto_sub']
  let broker: Broker
  beforeAll(async () => {
    if (all.every(findPeer)) broker = await launch()
  })

  describe.each(['0', '1', '2'])('QoS %s', (qos) => {
    for (const { name, input, messages } of oneOfEvery(3, cases, Number(qos) + row)) {
      peerTest(name, all, async () => {
        const sub = await subscriber('mosquitto', broker, [
          '-t',
          'l',
          '-q',
          qos,
          '-F',
          '%X',
          '-C',
          `${messages.length}`,
        ])

        const pub = startMqttx(['pub', ...broker.at, '-t', 'l', '-l', '-q', qos], {
          stdin: Buffer.from(input, 'latin1'),
        })

        expect(await pub.ended).toMatchObject({ status: 0, stderr: '' })
        const expected = messages.map((message) =>
          Buffer.from(message, 'latin1').toString('hex').toUpperCase(),
        )
        expect((await sub.ended).stdout.toString().split('\n').slice(0, -1)).toEqual(expected)
      })
    }
  })

  peerTest('a line is sent when it arrives, not at the end', all, async () => {
    const sub = await subscriber('mosquitto', broker, ['-t', 'now', '-C', '2'])
    const pub = startMqttx(['pub', ...broker.at, '-t', 'now', '-l'], { stdin: 'open' })

    pub.write('one\n')
    await sub.until((stdout) => stdout === 'one\n')
    pub.write('tw')
    pub.write('o\n')

    expect((await sub.ended).stdout.toString()).toBe('one\ntwo\n')
    pub.kill()
    await pub.ended
  })

  peerTest('each message is there at once for a loop that reads', [...needs, 'bash'], async () => {
    const at = broker.at.join(' ')
    const file = join(scratch('loop'), 'got')
    const { stdout } = await shell(`mqttx pub ${at} -t echo -m 1 -r
      mqttx sub ${at} -t echo -C 2 | while read -r word; do echo "got $word" >>${file}; done &
      until [ -s ${file} ]; do sleep 0.05; done
      mqttx pub ${at} -t echo -m 2; wait; cat ${file}`)

    expect(stdout.toString()).toBe('got 1\ngot 2\n')
  })
})

describe('pub -l with nothing to send', () => {
  peerTest('sends nothing and ends well', ['mosquitto', 'mosquitto_sub'], async () => {
    const broker = await brokers[0]!.launch()
    const sub = await subscriber('mosquitto', broker, ['-t', '#', '-W', '2'])

    const pub = startMqttx(['pub', ...broker.at, '-t', 'l', '-l', '-q', '1'])

    expect((await pub.ended).status).toBe(0)
    expect((await sub.ended).stdout).toHaveLength(0)
  })
})
