// The executable of this machine (npm run pkg) compared with an empty program and a bare exchange on the same runtime, with
// mosquitto's clients and with itself on Node.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile } from '../../.ci/pack/bun-runtime.mjs'
import { executable, hostTarget } from '../../.ci/pack/targets.mjs'
import { folder, startMosquitto, time } from './measure.mjs'

/** CONNECT; after the answer PUBLISH and DISCONNECT. */
const exchange = `
  const socket = require('node:net').connect(Number(process.argv[2]), '127.0.0.1', () => {
    socket.write(Buffer.from('100c00044d5154540402003c0000', 'hex'))
    socket.once('data', () => socket.end(Buffer.from('300400017478e000', 'hex')))
  })`

/** Compiles `text` as mqttx is compiled. */
async function compiled(name, text) {
  const script = join(folder, `${name}.cjs`)
  const program = join(folder, name)
  writeFileSync(script, text)
  await compile(hostTarget, program, [script])
  return `'${program}'`
}

function startRow(name, ours, peer, bar) {
  const ratio = ours.wall / peer.wall
  const seconds = ({ wall }) => `${wall.toFixed(4)} s`
  return {
    name,
    ...{
      ours: seconds(ours),
      peer: seconds(peer),
      ratio: ratio.toFixed(2),
      bar: `at most ${bar.toFixed(2)}`,
    },
    met: ratio <= bar,
  }
}

/** `mqttx` is the one on Node; the other functions are those of e2e.mjs. */
export async function nativeRows({ mqttx, lines, runs, interleave, publisher, subscriber, ideal, ratioRow }) {
  const native = `'${executable(hostTarget)}'`
  if (!existsSync(native.slice(1, -1))) throw new Error(`${native} is not built: npm run pkg -- host`)
  const withNode = executable(hostTarget, 'node')
  const empty = await compiled('empty', '')
  const bare = await compiled('bare', exchange)

  const mosquitto = await startMosquitto()
  const at = `-h 127.0.0.1 -p ${mosquitto.first} -t t -m x`
  const starts = [
    ...[`${native} pub ${at}`, `${bare} ${mosquitto.first}`, `${native} --version`, empty],
    ...(existsSync(withNode) ? [`'${withNode}' pub ${at}`] : []),
  ]
  const [pub, bareRun, version, emptyRun, nodeRun] = await interleave(
    starts.map((command) => () => time(command)),
    Math.max(runs, 41),
  )
  await mosquitto.stop()
  const rows = [
    startRow('executable: pub -m x (peer: a bare exchange on Bun)', pub, bareRun, 1.6),
    startRow('executable: --version (peer: an empty program on Bun)', version, emptyRun, 1.6),
  ]
  if (nodeRun !== undefined)
    rows.push(startRow('executable: pub -m x (peer: executable on Node)', pub, nodeRun, 1 / 3))

  const server = await ideal()
  const [q0, q1, q2, peer] = await interleave([
    () => publisher(server, `${native} pub -q 0`),
    () => publisher(server, `${native} pub -q 1 -M 10000`, 'acknowledged'),
    () => publisher(server, `${native} pub -q 2 -M 10000`, 'acknowledged'),
    () => publisher(server, 'mosquitto_pub -q 0'),
  ])
  await server.stop()
  rows.push(
    ratioRow('executable: pub -l -q 0', [q0, peer], 3.5, { lessCpu: true }),
    ratioRow('executable: pub -l -q 1 -M 10000, all acknowledged (peer at -q 0)', [q1, peer], 2.5),
    ratioRow('executable: pub -l -q 2 -M 10000, all acknowledged (peer at -q 0)', [q2, peer], 2),
  )

  const source = await ideal(lines)
  const [sub, theirs, onNode] = await interleave([
    () => subscriber(source, `${native} sub`),
    () => subscriber(source, 'mosquitto_sub'),
    () => subscriber(source, `${mqttx} sub`),
  ])
  await source.stop()
  rows.push(
    ratioRow("executable: sub -t '#' to a pipe", [sub, theirs], 20),
    ratioRow("executable: sub -t '#' to a pipe (peer: on Node)", [sub, onNode], 1),
  )
  return rows
}
