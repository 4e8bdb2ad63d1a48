// Colours for directions and severities are all different.
import { expect, test } from 'vitest'
import { mqttx } from '../helpers/run.js'

const esc = '\u001b'
const starts = (codes: readonly number[]): string => codes.map((code) => `${esc}[${code}m`).join('')

const styles = {
  c2s: starts([31]), // red
  s2c: starts([94]), // bright blue
  error: starts([35, 1]), // magenta, bold
  warning: starts([33]), // yellow
  info: starts([36]), // cyan
}

const found = [
  ['error', '36 05 00 01 61 00 01', '! error [MQTT-3.3.1-4]'],
  ['warning', '30 83 00 00 01 61', '! warning ['],
  ['info', '30 03 00 01 07', '. info ['],
] as const

test('each direction and severity has its own style', () => {
  expect(new Set(Object.values(styles)).size).toBe(Object.keys(styles).length)
})

test.each(found.flatMap((row) => ['line', 'bytes', 'tree', 'flow'].map((view) => [view, ...row] as const)))(
  '--view %s: %s',
  async (view, severity, hex, text) => {
    const options = ['-V', 'mqttv311', '--color', 'always', '--view', view]
    const { stdout } = await mqttx(['inspect', ...options, '--hex', hex])
    expect(stdout.toString()).toContain(styles[severity] + text)
    expect(stdout.toString()).toContain(styles.c2s)
  },
)

test('packets of the server have its colour', async () => {
  const { stdout } = await mqttx(['inspect', '--color', 'always', '--view', 'line', '--hex', 'd0 00'])
  expect(stdout.toString()).toContain(`${styles.s2c}#1 1 <- PINGRESP`)
})
