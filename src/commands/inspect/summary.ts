// Summary of a long capture, shown on a terminal before its packets: suggestions for filters.
import { Inspector, type InspectorOptions } from '../../inspect/inspector.js'
import { Summary } from '../../inspect/views/summary.js'
import { type ReadOptions, readInto } from '../capture-reading.js'

/** Captures of up to so many packets have no summary. */
const fewPackets = 1000
/** Packets counted at most, which takes a second or two without output. */
const mostPackets = 500_000

export interface Counting extends Omit<ReadOptions, 'enter'> {
  readonly inspect: Omit<InspectorOptions, 'view'>
}

/** Reads the files once and summarises the packets that match the filter; '' if they are few. */
export async function summaryOf({ inspect, turn, ...pass }: Counting): Promise<string> {
  const view = new Summary()
  const inspector = new Inspector({ ...inspect, view })
  let isComplete = true
  await readInto(inspector, {
    ...pass,
    enter() {},
    async turn() {
      inspector.flush()
      isComplete = (await turn()) && !inspector.done && view.packets < mostPackets
      return isComplete
    },
  })
  if (isComplete) inspector.end()
  return view.packets > fewPackets ? view.text(isComplete || inspector.done) : ''
}
