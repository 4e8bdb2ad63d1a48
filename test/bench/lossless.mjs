// `node test/bench/lossless.mjs [LINES]`: publishes 1,000,000 lines with `pub -l` at QoS 1 and 2, to mosquitto and to our
// broker with default limits, and checks that a QoS 0 subscriber receives the input byte for byte. (For subscribers at QoS
// 1 or 2 mosquitto drops messages when more than 1,000 are queued.) The tests do the same with a tenth of the lines.
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bash, folder, startMosquitto, startServer } from './measure.mjs'

const lines = Number(process.argv[2] ?? 1_000_000)
const entry = resolve(import.meta.dirname, '../../bin/mqttx.js')
const mqttx = `'${process.execPath}' '${entry}'`
const [input, output] = [join(folder, 'input'), join(folder, 'output')]
writeFileSync(input, Array.from({ length: lines }, (_, index) => `${index + 1}\n`).join(''))

const brokers = {
  mosquitto: startMosquitto,
  'mqttx broker': () => startServer(process.execPath, [entry, 'broker', '-p', '0', '--quiet']),
}

let failed = 0
for (const [name, start] of Object.entries(brokers)) {
  for (const counter of ['mosquitto_sub', `${mqttx} sub`]) {
    for (const qos of [1, 2]) {
      const broker = await start()
      const topic = `-h 127.0.0.1 -p ${broker.first.split(':').at(-1)} -t many`
      const started = performance.now()
      const script = [
        `${counter} ${topic} -C ${lines} -W 300 >'${output}' & sub=$!`,
        'sleep 1',
        `${mqttx} pub ${topic} -q ${qos} -l <'${input}' && wait $sub; status=$?`,
        `cmp '${input}' '${output}' && exit $status`,
      ]
      const result = await bash(script.join('\n')).then(
        () => 'every line, once, in order',
        () => 'LOST',
      )
      if (result === 'LOST') failed++
      const taken = ((performance.now() - started) / 1000 - 1).toFixed(1)
      const who = counter === 'mosquitto_sub' ? counter : 'mqttx sub'
      process.stdout.write(`${lines} lines, QoS ${qos}, ${name}, counted by ${who}: ${result} (${taken} s)\n`)
      await broker.stop()
    }
  }
}
process.exitCode = failed === 0 ? 0 : 1
