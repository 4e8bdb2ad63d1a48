// mqttx retained save: prints the retained messages as lines of JSON that `retained restore` publishes again.
import { ndjson } from '../../format/ndjson.js'
import { Output } from '../../io/output.js'
import { isTerminal } from '../../io/terminal.js'
import { count } from '../../text.js'
import { clock } from '../printer.js'
import { type Frame, refuseUnread, type Surveying, withSurvey } from './frame.js'
import { topicState } from './topic-table.js'
import { writeWhole } from './whole-file.js'

/** @returns the exit status */
export async function save(frame: Frame): Promise<number> {
  const { args, host } = frame
  const path = args.output === '-' ? undefined : args.output
  const output = path === undefined ? new Output(host.stdout) : undefined
  return withSurvey(frame, {
    events: { chunkEnd: () => output?.flush() },
    async run(surveying) {
      const { survey, note, diagnostics } = surveying
      if (output !== undefined) {
        output.onFailure = (error) => survey.reader.connection.abort(error)
        await saveTo(output, surveying)
        await surveying.finish(output)
      } else {
        const fill = (file: Output): Promise<void> => saveTo(file, surveying)
        await writeWhole(path!, { warn: diagnostics.warn, fill })
      }
      if (isTerminal(host.stderr)) note(`Saved ${count(saved(surveying), 'retained message')}.`)
      return survey.status
    },
  })
}

async function saveTo(output: Output, { survey }: Surveying): Promise<void> {
  const print = ndjson(clock)
  await survey.list(true)
  await survey.read((message) => print(message, output))
  refuseUnread(survey)
}

const saved = ({ survey }: Surveying): number => survey.table.count(topicState.read)
