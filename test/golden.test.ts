// Transcripts: text files with command lines and their output, which must be reproduced.
// `npm run golden` accepts the current output. The first command of each runs as a process, and those that need a shell;
// the others in this process, which takes a tenth of the time. Of an executable all are processes, of every second transcript.
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from './commands/fake-host.js'
import { type Broker, startOwnBroker } from './helpers/peers.js'
import { isCheckout, shell } from './helpers/run.js'

const folder = resolve(import.meta.dirname, 'golden')
const transcripts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .filter((_, index) => isCheckout || index % 2 === 0)

let broker: Broker
beforeAll(async () => {
  broker = await startOwnBroker()
})
afterAll(() => broker.stop())

const piece = /[\w./:=,@%+-]|\$PORT|'[^']*'|"[^"$`\\]*"/g
/** Commands of words alone. passwd asks on the terminal, broker has no end. */
const simple = new RegExp(`^mqttx (inspect|bench|pub|sub|rr)( (${piece.source})+)*$`)

/** The words of a simple command, without `mqttx`. */
function wordsOf(line: string, port: string): string[] {
  const words = line.match(new RegExp(`(${piece.source})+`, 'g'))!.slice(1)
  return words.map((word) =>
    word.replace(piece, (text) => (/^['"]/.test(text) ? text.slice(1, -1) : text.replace('$PORT', port))),
  )
}

/** `subscribed N`, for command lines: waits until clients have subscribed to N Topic Filters. */
const subscribed = `subscribed() {
  until [ "$(mqttx sub -p $PORT -t '$SYS/broker/subscriptions/count' -C 1)" = "$1" ]; do :; done
}`

/** Runs `line`: standard output, standard error with `! ` before each line, and a nonzero status. */
async function printed(line: string, isFirst: boolean): Promise<string> {
  const port = String(broker.port)
  const { status, stdout, stderr } =
    isCheckout && !isFirst && simple.test(line)
      ? await run(wordsOf(line, port), { at: [] })
      : await shell(`${subscribed}\n${line}`, { env: { PORT: port } })
  const shown = stdout.toString() + stderr.replace(/^/gm, '! ').replace(/! $/, '')
  return shown.replaceAll(port, 'PORT') + (status === 0 ? '' : `[status ${status}]\n`)
}

/** Runs the `$ ...` lines of a transcript and keeps its `# ...` lines; a blank line ends each command. */
async function replay(transcript: string): Promise<string> {
  let result = ''
  for (const line of transcript.split('\n')) {
    if (line.startsWith('$ ')) result += `${line}\n${await printed(line.slice(2), !result.includes('$ '))}\n`
    else if (line.startsWith('# ')) result += `${line}\n`
  }
  return `${result.trimEnd()}\n`
}

test.each(transcripts)('%s', async (name) => {
  const path = resolve(folder, name)
  await expect(await replay(readFileSync(path, 'utf8'))).toMatchFileSnapshot(path)
})
