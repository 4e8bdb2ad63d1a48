// The file from which `retained restore` publishes what rm has removed.
import { constants } from 'node:buffer'
import { createReadStream, existsSync } from 'node:fs'
import { LineSplitter } from '../../io/lines.js'
import { writeWhole } from './whole-file.js'

/** A name in the current folder that is not in use: `mqttx-undo-20261127T081500Z.ndjson`. */
export function defaultUndoFile(now: Date): string {
  const stamp = now.toISOString().replaceAll(/[-:]|\.\d+/g, '')
  for (let number = 1; ; number++) {
    const name = `mqttx-undo-${stamp}${number === 1 ? '' : `-${number}`}.ndjson`
    if (!existsSync(name)) return name
  }
}

/**
 * Leaves out the lines of the topics that were not removed: restoring them would overwrite newer messages. The file is
 * complete at any time.
 * @throws MqttxError 14 if it cannot be written
 */
export function pruneUndoFile(
  path: string,
  wasRemoved: (topic: string) => boolean,
  warn: (text: string) => void,
): Promise<void> {
  return writeWhole(path, {
    isNew: false,
    warn,
    async fill(output) {
      const lines = new LineSplitter(constants.MAX_STRING_LENGTH)
      for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
        lines.push(chunk)
        while (lines.next()) {
          const { bytes, start, end } = lines
          const { topic } = JSON.parse(bytes.toString('utf8', start, end)) as { topic: string }
          if (!wasRemoved(topic)) continue
          output.range(bytes, start, end)
          output.newline()
        }
        await output.flush()
      }
    },
  })
}
