// The example of docs/cookbook.md: services that answer ticks and stop on halt.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { publish, subscriber } from '../helpers/clients.js'
import { type Broker, peerTest, startOwnBroker } from '../helpers/peers.js'
import { type Running, scratch, start } from '../helpers/run.js'
import { once } from '../helpers/wait.js'

const cookbook = readFileSync(resolve(import.meta.dirname, '../../docs/cookbook.md'), 'utf8')
const script = /^```bash\n(#!\/usr\/bin\/env bash\n# tick-tock.*?)^```/ms.exec(cookbook)![1]!

test('tick-tock has ten lines', () => {
  expect(script.trimEnd().split('\n')).toHaveLength(10)
})

describe('tick-tock', () => {
  const folder = scratch('tick-tock')
  const file = join(folder, 'tick-tock.sh')
  let broker: Broker
  beforeAll(async () => {
    broker = await startOwnBroker()
    writeFileSync(file, script)
    // The script does not say where the broker is: that is in its user's options files.
    for (const name of ['mosquitto_pub', 'mosquitto_sub'])
      writeFileSync(join(folder, name), `-p ${broker.port}\n`)
  })

  const service = () => start('bash', [file], { env: { XDG_CONFIG_HOME: folder }, timeoutMs: 60_000 })
  const pidOf = (running: Running) => String(running.child.pid)

  peerTest('each tick is answered by each service, and each stops when told to', ['bash'], async () => {
    const [one, two] = [service(), service()]
    const tocks = await subscriber('mqttx', broker, ['-v', '-t', 'tock/#'])
    const tick = () => publish('mqttx', broker, ['-t', 'tick', '-m', 'tick'])
    const answered = (stdout: string, running: Running) =>
      new RegExp(`^tock/${pidOf(running)} ${pidOf(running)} \\d+$`, 'm').test(stdout)

    await once(async () => {
      await tick()
      const seen = tocks.stdout().toString()
      return answered(seen, one) && answered(seen, two)
    })

    await publish('mqttx', broker, ['-t', `control/${pidOf(one)}`, '-m', 'halt'])
    expect(await one.ended).toMatchObject({ status: 0, stderr: '' })

    await publish('mqttx', broker, ['-t', 'tock/mark', '-m', 'all before this is there'])
    await tocks.until((stdout) => stdout.includes('tock/mark'))
    const before = tocks.stdout().length
    await tick()
    await tocks.until((stdout) => answered(stdout.slice(before), two))
    expect(answered(tocks.stdout().subarray(before).toString(), one)).toBe(false)

    await publish('mqttx', broker, ['-t', 'control/all', '-m', 'halt'])
    expect(await two.ended).toMatchObject({ status: 0, stderr: '' })
    tocks.kill()
  })
})
