// top on a terminal of its own: whatever ends or stops it, the terminal is as it was.
import { beforeAll, describe, expect, test } from 'vitest'
import { oneOfEvery } from '../helpers/amount.js'
import { onTerminal, type Step } from '../helpers/on-a-terminal.js'
import { type Broker, startOwnBroker } from '../helpers/peers.js'
import { mqttx, programInShell } from '../helpers/run.js'

let broker: Broker
let at: string
beforeAll(async () => {
  broker = await startOwnBroker()
  at = broker.at.join(' ')
  await mqttx(['pub', ...broker.at, '-r', '-q', '1', '-t', 'home/door', '-m', 'open'])
})

const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l'
const drawn = 'door'

describe('top', () => {
  test.each(
    oneOfEvery<[string, string | [signal: string], string, number | undefined]>(3, [
      ['q', 'q', '', 0],
      ['Ctrl-C', '\x03', '', 0],
      ['Ctrl-\\', '\x1c', '', 131],
      ['SIGHUP', ['SIGHUP'], '', 129],
      ['-W', '', '-W 1', 0],
      ['two of Ctrl-C', '\x03\x03', '', undefined],
      ['SIGTERM', ['SIGTERM'], '', 0],
    ]),
  )('restores the terminal after %s', async (_, input, options, expected) => {
    const step: Step = typeof input === 'string' ? [drawn, input] : [drawn, null, input[0]]
    const line =
      typeof input === 'string' ? `mqttx top ${at} ${options}; exit $?` : `exec ${programInShell} top ${at}`
    const { output, status, restored } = await onTerminal(`ulimit -c 0; stty cols 80 rows 10; ${line}`, {}, [
      step,
    ])
    if (expected !== undefined) expect(status).toBe(expected)
    expect(output.lastIndexOf(leave)).toBeGreaterThan(output.lastIndexOf(enter))
    expect(restored).toBe(true)
  })

  test('q that repeats is one q', async () => {
    const line = `stty cols 80 rows 10; mqttx top ${at}; exit $?`
    const { output, status, restored } = await onTerminal(line, {}, [[drawn, 'qqqq']])
    expect([status, restored]).toEqual([0, true])
    expect(output).not.toContain('Ended by')
  })

  test('Ctrl-Z shows the normal screen, fg the tree, and keys act again', async () => {
    const { output, status, restored } = await onTerminal(
      `stty cols 80 rows 10; set -m; mqttx top ${at}; echo stopped $?; fg; exit $?`,
      {},
      [
        [drawn, '\x1a'],
        ['stopped 148', ''],
        [drawn, 't'],
        ['home/door', 'q'],
      ],
    )
    expect([status, restored]).toEqual([0, true])
    expect(output.split(enter)).toHaveLength(3)
  })
})
