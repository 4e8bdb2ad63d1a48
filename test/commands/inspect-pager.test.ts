// `mqttx inspect` on a terminal pipes its output to a pager, as git does.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { oneOfEvery } from '../helpers/amount.js'
import { onTerminal } from '../helpers/on-a-terminal.js'
import { mqttx, scratch } from '../helpers/run.js'

const picture = resolve(import.meta.dirname, '../fixtures/inspect/picture.pcap')
/** A capture whose --view bytes has some megabytes. */
const large = join(scratch('pager'), 'large.bin')
const pingreqs = Buffer.alloc(40_000, Buffer.from([0xc0, 0]))
writeFileSync(large, pingreqs)
const small = join(scratch('pager'), 'small.bin')
writeFileSync(small, pingreqs.subarray(0, 1000))
/** A PUBLISH of QoS 3. */
const wrong = "mqttx inspect -V mqttv311 --hex '36 05 00 01 61 00 01'"

const marked = "sed 's/^/P:/'"

const rows: [what: string, line: string, env: Record<string, string>, isPaged: boolean][] = [
  ['PAGER', `mqttx inspect ${picture}`, { PAGER: marked }, true],
  ['MQTTX_PAGER before PAGER', `mqttx inspect ${picture}`, { PAGER: 'false', MQTTX_PAGER: marked }, true],
  ['a file as standard input', `mqttx inspect < ${picture}`, { PAGER: marked }, true],
  ['bytes from --hex', 'mqttx inspect --hex c000', { PAGER: marked }, true],
  ['--no-pager', `mqttx inspect --no-pager ${picture}`, { PAGER: marked }, false],
  ['its variable', `mqttx inspect ${picture}`, { PAGER: marked, MQTTX_INSPECT_NO_PAGER: '1' }, false],
  ['an empty MQTTX_PAGER', `mqttx inspect ${picture}`, { PAGER: marked, MQTTX_PAGER: '' }, false],
  ['a pipe, which may be live', `cat ${picture} | mqttx inspect`, { PAGER: marked }, false],
  ['a named pipe', `mqttx inspect <(cat ${picture})`, { PAGER: marked }, false],
  ['a dumb terminal', `mqttx inspect ${picture}`, { PAGER: marked, TERM: 'dumb' }, false],
  ['output that is not a terminal', `mqttx inspect --view bytes ${picture} | cat`, { PAGER: marked }, false],
]

test.each(oneOfEvery(2, rows))('%s', async (_what, line, env, isPaged) => {
  const { output, status } = await onTerminal(line, env)
  expect(output).toContain(line.includes('c000') ? 'PINGREQ' : 'CONNECT')
  expect(output.includes('P:')).toBe(isPaged)
  expect(status).toBe(0)
})

test('the pager gets the environment that git sets, unless the user sets it', async () => {
  const pager = 'cat > /dev/null; echo "LESS=$LESS LV=$LV"'
  expect((await onTerminal(`mqttx inspect ${picture}`, { PAGER: pager })).output).toContain('LESS=FRX LV=-c')
  const { output } = await onTerminal(`mqttx inspect ${picture}`, { PAGER: pager, LESS: '-S' })
  expect(output).toContain('LESS=-S LV=-c')
})

test('less exits at once if the output fits on the screen', async () => {
  const { output, status } = await onTerminal(`stty rows 50 cols 100; ${wrong}`, {})
  expect(output).toContain('(qos-3)')
  expect(status).toBe(40)
})

test('a missing pager: the output is shown without it', async () => {
  const { output, status } = await onTerminal(`mqttx inspect --color never ${small}`, {
    PAGER: '/nonexistent/pager',
  })
  const plain = (await mqttx(['inspect', '--view', 'bytes', small])).stdout.toString()
  expect(output.slice(output.indexOf('connection 1')).replaceAll('\r', '')).toBe(plain)
  expect(output).toContain('/nonexistent/pager')
  expect(status).toBe(0)
})

test('quitting the pager early: no message and status 0, as with a closed pipe', async () => {
  const { output, status } = await onTerminal(`mqttx inspect ${large}`, { PAGER: 'head -n 1' })
  expect(output.trim()).toMatch(/^20000 packets; [^\n]*$/)
  expect(status).toBe(0)
})

test('violations set the status when the pager has received all output', async () => {
  expect((await onTerminal(wrong, { PAGER: marked })).status).toBe(40)
})

/** A pager that ignores Ctrl-C and exits after the next line of input. */
const patient = (read: string) => `trap '' INT; ${read}; echo ready; read x < /dev/tty; echo bye`

test('Ctrl-C after the input was read is left to the pager', async () => {
  const { output, status } = await onTerminal(
    `mqttx inspect ${picture}`,
    { PAGER: patient('cat > /dev/null') },
    [
      ['ready', '\u0003'],
      ['^C', '\u0003'],
      ['^C', '\n'],
    ],
  )
  expect(output).toContain('bye')
  expect(status).toBe(0)
})

test('Ctrl-C while reading stops it and waits for the pager', async () => {
  const { output, status } = await onTerminal(`mqttx inspect ${large}`, { PAGER: patient(':') }, [
    ['ready', '\u0003'],
    ['^C', '\n'],
  ])
  expect(output).toMatch(/bye\s+[^\n]*Error: [^\n]*Ended by SIGINT: the input was not read to the end\s*$/)
  expect(status).toBe(130)
})

test('notes are written after the pager exits', async () => {
  const cut = join(scratch('cut'), 'cut.pcap')
  writeFileSync(cut, readFileSync(picture).subarray(0, 2500))
  const { output } = await onTerminal(`mqttx inspect ${cut}`, { PAGER: 'cat > /dev/null; echo bye' })
  expect(output).toMatch(/^bye\s+.*the file ends inside record/)
})

test('a missing file is reported without a pager', async () => {
  const { output, status } = await onTerminal('mqttx inspect /nonexistent', { PAGER: 'echo paged; cat' })
  expect(output).not.toContain('paged')
  expect(status).toBe(1)
})
