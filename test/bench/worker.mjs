// sub --exec: commands a second for messages of a kept session at QoS 1, compared with a shell loop around mosquitto_sub.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bash, folder, startMosquitto, time } from './measure.mjs'

/** Messages of a run, on four topics. */
const messages = 1000

export async function workerRows({ mqttx, interleave }) {
  const server = await startMosquitto(['max_queued_messages 0'])
  const at = `-h 127.0.0.1 -p ${server.first}`
  const session = `${at} -i worker -c -q 1 -t 'jobs/#'`
  const input = join(folder, 'jobs')
  const lines = Array.from({ length: messages }, (_, index) =>
    JSON.stringify({ topic: `jobs/${index % 4}`, payload: `job ${index}`, qos: 1 }),
  )
  writeFileSync(input, `${lines.join('\n')}\n`)
  /** The messages wait in the session before the time is taken. */
  const measured = (command) => async () => {
    await bash(`${mqttx} sub ${session} -E && ${mqttx} pub ${at} --json <'${input}'`)
    return time(command)
  }
  const [one, four, loop] = await interleave([
    measured(`${mqttx} sub ${session} -C ${messages} --exec true`),
    measured(`${mqttx} sub ${session} -C ${messages} --exec true --jobs 4`),
    measured(
      `mosquitto_sub ${session} -C ${messages} | while IFS= read -r m; do printf %s "$m" | sh -c true; done`,
    ),
  ])
  await server.stop()
  const speed = ({ wall, cpu }) => `${Math.round(messages / wall)} /s, CPU ${cpu.toFixed(2)} s`
  return [
    ['', one],
    [' --jobs 4', four],
  ].map(([jobs, ours]) => ({
    name: `sub -q 1 --exec true${jobs} (peer: a shell loop)`,
    ours: speed(ours),
    peer: speed(loop),
    ratio: (loop.wall / ours.wall).toFixed(2),
    bar: '',
    met: true,
  }))
}
