// Exit status of `mqttx inspect`: no violation, a violation, or no MQTT.
import { expect, test } from 'vitest'
import { mqttx } from '../helpers/run.js'

test.each([
  ['a PUBLISH', '30 03 00 01 61', 0],
  ['a PUBLISH of QoS 3', '36 05 00 01 61 00 01', 40],
  ['a warning: a Remaining Length that is longer than it need be', '30 83 00 00 01 61', 40],
  ['what is only information', '30 03 00 01 07', 0],
])('--hex with %s', async (_what, hex, status) => {
  expect((await mqttx(['inspect', '-V', 'mqttv311', '--hex', hex])).status).toBe(status)
})

test('a QoS 3 PUBLISH is reported with its statement and byte offset', async () => {
  const { status, stdout } = await mqttx(['inspect', '--view', 'json', '--hex', '36 05 00 01 61 00 01'])
  const { violations } = JSON.parse(stdout.toString())
  expect(status).toBe(40)
  expect(violations).toMatchObject([{ id: 'MQTT-3.3.1-4', rule: 'qos-3', severity: 'error', offset: 0 }])
})

test('input without MQTT has its own status', async () => {
  expect((await mqttx(['inspect', '-'], { stdin: 'no packets in here' })).status).toBe(41)
})
