// sub on a terminal: the line that says it is subscribed, and the view of -w, which leaves the terminal as it was.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { onTerminal, type Step } from '../helpers/on-a-terminal.js'
import { type Broker, startOwnBroker } from '../helpers/peers.js'
import { isBun, mqttx, programInShell, scratch } from '../helpers/run.js'

let broker: Broker
let at: string
const topics = 30
beforeAll(async () => {
  broker = await startOwnBroker()
  at = broker.at.join(' ')
  const lines = Array.from({ length: topics }, (_, i) =>
    JSON.stringify({ topic: `home/${i}`, payload: `${i}\u202e `.repeat(100), retain: true }),
  )
  await mqttx(['pub', '--json', ...broker.at], { stdin: lines.join('\n') })
})

const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l'
const withoutColour = (text: string) => text.replace(/\x1b\[[\d;]*m/g, '')
/** The lines of each frame of the view. */
const framesOf = (output: string) =>
  output
    .slice(output.indexOf(enter) + enter.length, output.lastIndexOf(leave))
    .split('\x1b[H')
    .slice(1)
    .map((frame) =>
      withoutColour(frame)
        .split('\x1b[K')
        .slice(1)
        .map((line) => line.replace(/\r\n(\x1b\[J)?$/, '')),
    )

describe('the line that says it is subscribed', () => {
  test('is printed on a terminal, with coloured topics and marks', async () => {
    const { output, status } = await onTerminal(`mqttx sub ${at} -v -t home/1 -t other -C 1`)
    expect(status).toBe(0)
    expect(output).toContain("Subscribed to 'home/1', 'other'.\r\n")
    expect(output).toMatch(
      /\x1b\[2m\d\d:\d\d:\d\d\x1b\[22m \x1b\[36mhome\/1\x1b\[39m\x1b\[2m \[retained\]\x1b\[22m 1\\u202e /,
    )
  })

  test.each([
    ['with --quiet', '--quiet', ''],
    ['if standard error is a file', '', ' 2>/dev/null'],
    ['if standard output is a pipe', '', ' | cat'],
  ])('is not printed %s', async (_, option, rest) => {
    const { output } = await onTerminal(`mqttx sub ${at} -t home/1 -C 1 ${option}${rest}`)
    expect(output).not.toContain('Subscribed')
    expect(output).toContain('1')
  })
})

describe('sub -w', () => {
  test.each([
    [80, 10],
    [160, 40],
  ])('fits into %i columns and %i rows, and prints the last frame', async (columns, rows) => {
    const { output, status } = await onTerminal(
      `stty cols ${columns} rows ${rows}; mqttx sub ${at} -w -t '#' -C ${topics}; stty -a | head -1`,
    )
    expect(status).toBe(0)
    expect(output.split(enter)).toHaveLength(2)
    expect(output.split(leave)).toHaveLength(2)
    const frames = framesOf(output)
    expect(frames.length).toBeGreaterThan(0)
    for (const line of frames.flat()) expect(line.length).toBeLessThanOrEqual(columns)
    for (const frame of frames) expect(frame.length).toBeLessThanOrEqual(rows)
    const after = withoutColour(output.slice(output.lastIndexOf(leave) + leave.length)).split('\r\n')
    const room = rows - 2
    expect(after[0]).toBe(
      room >= topics
        ? `Broker: 127.0.0.1  ${topics} topics, ${topics} messages`
        : `Broker: 127.0.0.1  ${room} of ${topics} topics, newest first, ${topics} messages`,
    )
    expect(after[1]).toMatch(
      room >= topics ? /^[\d:]{8} home\/0 \[retained\] 0/ : /^[\d:]{8} home\/29 \[retained\] 29/,
    )
  })

  test('draws again when the size of the terminal changes', async () => {
    const resize = '(read _ < /dev/tty; stty cols 160 rows 6 < /dev/tty) &'
    const { output } = await onTerminal(`stty cols 80 rows 24; ${resize} mqttx sub ${at} -w -t '#'`, {}, [
      ['23 of 30 topics', '\r'],
      ['5 of 30 topics', '\x03'],
    ])
    const last = framesOf(output).at(-1)!
    expect(last).toHaveLength(6)
    expect(last[1]).toHaveLength(160)
  })

  const view = 'ulimit -c 0; stty cols 80 rows 10;'
  const sub = (options = '') => `sub ${at} -w -t '#' ${options}`
  const drawn = '9 of 30 topics'

  test.each<[string, string | [signal: string], string, number | undefined]>([
    ['Ctrl-C', '\x03', '', 0],
    ['two of Ctrl-C', '\x03\x03', '', undefined],
    ['Ctrl-\\', '\x1c', '', 131],
    ['-W', '', '-W 2', 27],
    ['SIGTERM', ['SIGTERM'], '', 0],
    ['SIGHUP', ['SIGHUP'], '', 129],
    ['SIGQUIT', ['SIGQUIT'], '', 131],
    ['SIGUSR1', ['SIGUSR1'], '', 138],
    ['SIGUSR2', ['SIGUSR2'], '', 140],
  ])('restores the terminal after %s', async (_, input, options, expected) => {
    const step: Step = typeof input === 'string' ? [drawn, input] : [drawn, null, input[0]]
    const line =
      typeof input === 'string' ? `mqttx ${sub(options)}; exit $?` : `exec ${programInShell} ${sub()}`
    const { output, status, restored } = await onTerminal(`${view} ${line}`, {}, [step])
    if (expected !== undefined) expect(status).toBe(expected)
    expect(output.lastIndexOf(leave)).toBeGreaterThan(output.lastIndexOf(enter))
    expect(restored).toBe(true)
  })

  test('restores the terminal after a crash, before the error is printed', async () => {
    const crash = join(scratch('crash'), 'crash.cjs')
    writeFileSync(
      crash,
      `const { stdout } = process
       const write = stdout.write.bind(stdout)
       stdout.write = (text, ...rest) => {
         if (String(text).includes('${drawn}')) setImmediate(() => { throw new Error('crash') })
         return write(text, ...rest)
       }`,
    )
    const { output, status } = await onTerminal(`${view} mqttx ${sub()}; exit $?`, {
      ...(isBun ? { BUN_OPTIONS: `--preload ${crash}` } : { NODE_OPTIONS: `--require ${crash}` }),
    })
    expect(status).toBe(70)
    expect(output.slice(output.lastIndexOf(leave))).toMatch(/^[^E]*Error: crash\r\nhint: /)
    expect(output.lastIndexOf(leave)).toBeGreaterThan(output.lastIndexOf(enter))
  })

  test('Ctrl-Z shows the normal screen, fg the view', async () => {
    const { output, status, restored } = await onTerminal(
      `${view} set -m; mqttx ${sub()}; echo stopped $?; fg; exit $?`,
      {},
      [
        [drawn, '\x1a'],
        ['stopped 148', ''],
        [drawn, '\x03'],
      ],
    )
    expect([status, restored]).toEqual([0, true])
    const order = [enter, drawn, leave, 'stopped 148', enter, drawn, leave].reduce(
      (from, text) => (from < 0 ? from : output.indexOf(text, from)),
      0,
    )
    expect(order).toBeGreaterThan(0)
    expect(output.split(enter)).toHaveLength(3)
  })

  test.each([
    ['Ctrl-Z without a shell to continue it', `exec ${programInShell} SUB`, '\x1a', '\x03'],
    [
      'SIGHUP that the shell ignores',
      `trap '' HUP; ${programInShell} SUB & read _; kill -HUP $!; read _; kill $!; wait $!`,
      '\r',
      '\r',
    ],
  ])('is shown again after %s', async (_, line, first, last) => {
    const { output, status } = await onTerminal(`${view} ${line.replace('SUB', sub())}`, {}, [
      [drawn, first],
      [leave + enter, ''],
      [drawn, last],
    ])
    expect(status).toBe(0)
    expect(output.split(enter)).toHaveLength(3)
  })

  test('shows the newest warning in the view, and prints all of them after it', async () => {
    // A client with the same Client Identifier: the broker closes the connection.
    const takeover = `(read _ < /dev/tty; mqttx pub ${at} -i same -t other -n) &`
    const { output, status } = await onTerminal(
      `stty cols 80 rows 10; ${takeover} mqttx sub ${at} -i same -w -t 'home/#' -W 3; exit $?`,
      {},
      [['9 of 30 topics', '\r']],
    )
    expect(status).toBe(27)
    const newest = framesOf(output).map((frame) => frame.at(-1)!)
    expect(newest.at(-1)).toBe('Warning: Reconnected.')
    for (const line of newest) expect(line.length).toBeLessThanOrEqual(80)
    const after = output.slice(output.lastIndexOf(leave) + leave.length)
    expect(after).toMatch(/^Warning: The connection was lost: .*\r\nWarning: Reconnected\.\r\n/)
    expect(after).toMatch(/\r\nTimed out\r\n$/)
  })
})
