// `mqttx help TOPIC` on a terminal: as wide as that, at most 100 columns, in colour, through the pager.
import { describe, expect, test } from 'vitest'
import { onTerminal } from '../helpers/on-a-terminal.js'
import { mqttx } from '../helpers/run.js'

const marked = "sed 's/^/P:/'"
const plain = (output: string) => output.replace(/\x1b\[\d+m/g, '').replaceAll('\r', '')

test('a pipe gets plain text in 80 columns, and no pager', async () => {
  const { stdout, status } = await mqttx(['help', 'tls'], { env: { PAGER: marked } })
  expect(status).toBe(0)
  expect(stdout.toString()).toMatch(/^TLS, WebSocket, proxies and passwords\n\n/)
  expect(stdout.toString()).not.toMatch(/\x1b|^P:/m)
})

test.each([
  [60, 60],
  [200, 100],
])('a terminal of %d columns gets lines of at most %d', async (columns, most) => {
  const line = `stty cols ${columns} rows 24; mqttx help differences`
  const { output, status } = await onTerminal(line, { PAGER: 'cat' })
  const widths = plain(output)
    .split('\n')
    .map((text) => text.length)
  expect(status).toBe(0)
  expect(Math.max(...widths)).toBeLessThanOrEqual(most)
  expect(Math.max(...widths)).toBeGreaterThan(most - 10)
  expect(output).toContain('\x1b[1m')
})

describe('the pager', () => {
  test('shows the guide', async () => {
    const { output, status } = await onTerminal('mqttx help cookbook', { PAGER: marked })
    expect(plain(output)).toMatch(/^P:Recipes for shell scripts and CI$/m)
    expect(status).toBe(0)
  })

  test('that is left early: silence and status 0', async () => {
    const { output, status } = await onTerminal('mqttx help differences', { PAGER: 'head -n 1' })
    expect(plain(output).trim()).toBe("Differences from mosquitto's clients")
    expect(status).toBe(0)
  })

  test('that is not there: the guide without it', async () => {
    const { output, status } = await onTerminal('mqttx help cookbook', { PAGER: '/nonexistent/pager' })
    expect(plain(output)).toContain('Recipes for shell scripts and CI')
    expect(status).toBe(0)
  })
})
