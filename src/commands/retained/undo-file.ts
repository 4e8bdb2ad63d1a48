// The file from which `retained restore` publishes what rm has removed.
import { constants } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { LineSplitter } from '../../io/lines.js'
import { writeWhole } from './whole-file.js'

/** Names in the current folder, of which the first that is not in use is taken: `mqttx-undo-20261127T081500Z.ndjson`. */
export function undoFiles(now: Date): (number: number) => string {
  const stamp = now.toISOString().replaceAll(/[-:]|\.\d+/g, '')
  return (number) => `mqttx-undo-${stamp}${number === 1 ? '' : `-${number}`}.ndjson`
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
