// Transcripts: text files with command lines and their output, which must be reproduced.
// `npm run golden` accepts the current output.
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Broker, startOwnBroker } from './helpers/peers.js'
import { shell } from './helpers/run.js'

const folder = resolve(import.meta.dirname, 'golden')
const transcripts = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.txt'),
)

let broker: Broker
beforeAll(async () => {
  broker = await startOwnBroker()
})
afterAll(() => broker.stop())

/** Runs `line`: standard output, standard error with `! ` before each line, and a nonzero status. */
async function printed(line: string): Promise<string> {
  const port = String(broker.port)
  const { status, stdout, stderr } = await shell(line, { env: { PORT: port } })
  const shown = stdout.toString() + stderr.replace(/^/gm, '! ').replace(/! $/, '')
  return shown.replaceAll(port, 'PORT') + (status === 0 ? '' : `[status ${status}]\n`)
}

/** Runs the `$ ...` lines of a transcript and keeps its `# ...` lines; a blank line ends each command. */
async function replay(transcript: string): Promise<string> {
  let result = ''
  for (const line of transcript.split('\n')) {
    if (line.startsWith('$ ')) result += `${line}\n${await printed(line.slice(2))}\n`
    else if (line.startsWith('# ')) result += `${line}\n`
  }
  return `${result.trimEnd()}\n`
}

test.each(transcripts)('%s', async (name) => {
  const path = resolve(folder, name)
  await expect(await replay(readFileSync(path, 'utf8'))).toMatchFileSnapshot(path)
})
