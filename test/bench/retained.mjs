// Rows for `mqttx retained` with 100,000 retained messages on mosquitto: listed beside mosquitto_sub, removed and restored.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bash, folder, startMosquitto, time } from './measure.mjs'

const many = 100_000
const runs = 3

export async function retainedRows({ mqttx, interleave }) {
  const server = await startMosquitto()
  const at = `-h 127.0.0.1 -p ${server.first}`
  const recording = join(folder, 'retained')
  const lines = Array.from({ length: many }, (_, index) =>
    JSON.stringify({ topic: `retained/${index}`, payload: `state ${index}`, qos: 1, retain: true }),
  )
  writeFileSync(recording, `${lines.join('\n')}\n`)
  const restore = `${mqttx} retained restore '${recording}' ${at} -M 1000 2>/dev/null`
  const list = `mosquitto_sub ${at} -t 'retained/#' --retained-only -F %t -C ${many}`
  const restored = (command) => async () => {
    await bash(restore)
    return time(command)
  }
  const [ls, theirList, rm, restoring] = await interleave(
    [
      restored(`${mqttx} retained ls 'retained/#' ${at} >/dev/null`),
      () => time(`${list} >/dev/null`),
      restored(`${mqttx} retained rm 'retained/#' --yes --no-undo -M 1000 ${at} 2>/dev/null`),
      () => time(restore),
    ],
    runs,
  )
  await server.stop()
  const figure = ({ wall, cpu }) => `${wall.toFixed(2)} s, CPU ${cpu.toFixed(2)} s`
  const row = (name, ours, peer) => ({
    name: `retained ${name}`,
    ours: figure(ours),
    peer: peer === undefined ? '' : figure(peer),
    ratio: peer === undefined ? '' : (peer.wall / ours.wall).toFixed(2),
    bar: '',
    met: true,
  })
  return [
    row('ls, 100,000 topics (peer: mosquitto_sub --retained-only -C)', ls, theirList),
    row('rm --yes, 100,000 topics', rm),
    row('restore, 100,000 messages at QoS 1', restoring),
  ]
}
