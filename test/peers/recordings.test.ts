// What mosquitto_sub -F %j and %J recorded is published again as it was.
import { expect } from 'vitest'
import { type Broker, peerTest, startMosquitto } from '../helpers/peers.js'
import { mqttx, type Running, shell, start } from '../helpers/run.js'
import { tap } from '../helpers/tap.js'

const properties =
  '-D publish user-property payload v -D publish user-property payload w -D publish user-property b c ' +
  '-D publish content-type x -D publish correlation-data cd -D publish payload-format-indicator 1'

/** What is published first, by mosquitto_pub. */
const messages = [
  ['a', `-V 5 -q 1 ${properties}`, '{"payload":1,"b":["é",null]}'],
  ['a', '', '17'],
  ['a', '-V 5', ''],
  ['a/b', '-q 2', '"text"'],
] as const

/** Subscribes until all messages have come. */
async function subscriber(broker: Broker, program: string, words: readonly string[]): Promise<Running> {
  const relay = await tap(broker.port)
  const all = ['-V', '5', '-t', '#', '-q', '2', '-C', `${messages.length}`, '-W', '10']
  const running = start('bash', ['-c', '"$@"', '_', program, ...words, ...relay.at, ...all])
  await relay.subscribed()
  return running
}

for (const format of ['%j', '%J']) {
  peerTest(`E68: -F ${format}`, ['mosquitto', 'mosquitto_sub', 'mosquitto_pub'], async () => {
    const broker = await startMosquitto(['allow_anonymous true', 'max_packet_size 100000'])
    const recorder = await subscriber(broker, 'mosquitto_sub', ['-F', format])
    const before = await subscriber(broker, 'mqttx', ['sub', '--json'])
    for (const [topic, options, payload] of messages) {
      const line = `mosquitto_pub ${broker.at.join(' ')} -t ${topic} ${options} -m '${payload}'`
      expect(await shell(line)).toMatchObject({ status: 0 })
    }
    const recording = (await recorder.ended).stdout
    const after = await subscriber(broker, 'mqttx', ['sub', '--json'])
    const outcome = await mqttx(['pub', '-V', '5', ...broker.at, '--json'], { stdin: recording })
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
    const parsed = async (running: Running) =>
      (await running.ended).stdout
        .toString()
        .trim()
        .split('\n')
        .map((line) => ({ ...JSON.parse(line), time: '' }))
    expect(await parsed(after)).toEqual(await parsed(before))
    await broker.stop()
  })
}
