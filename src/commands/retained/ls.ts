// mqttx retained ls: prints the topics that have a retained message, or with -v and --json more of each message.
import { Output } from '../../io/output.js'
import { isTerminal } from '../../io/terminal.js'
import { count } from '../../text.js'
import { type Frame, refuseUnread, withSurvey } from './frame.js'
import { heading, messageLine, topicLine } from './listing.js'
import type { Survey } from './survey.js'

/** `only` is true if nothing is removed because --yes is missing. @returns the exit status */
export async function ls(frame: Frame, only = false): Promise<number> {
  const { args, host, filters } = frame
  const output = new Output(host.stdout)
  const terminal = isTerminal(host.stdout)
  let found = 0
  return withSurvey(frame, {
    events: { chunkEnd: () => output.flush() },
    async run({ survey, note, finish }) {
      output.onFailure = (error) => survey.reader.connection.abort(error)
      const print = (line: string): void => {
        if (found++ === 0 && terminal && args.verbose && !args.json) output.fixed(heading)
        output.text(line)
      }
      await printAll(survey, { ...args, terminal, keep: filters.length > 1 }, print)
      await finish(output)
      if (only) note(`${count(found, 'retained message')} would be removed; --yes removes them.`)
      else if (found === 0 && terminal) note('No retained message matches.')
      refuseUnread(survey)
      return survey.status
    },
  })
}

interface Listing {
  readonly verbose: boolean
  readonly json: boolean
  readonly terminal: boolean
  readonly keep: boolean
}

async function printAll(survey: Survey, listing: Listing, print: (line: string) => void): Promise<void> {
  const { verbose, json, terminal, keep } = listing
  if (!verbose && !json) return survey.list(keep, (topic) => print(topicLine(topic, terminal)))
  await survey.list(true)
  await survey.read((message) => print(messageLine(message, listing, terminal)))
}
