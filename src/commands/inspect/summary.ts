// Before every byte of a long capture is shown on a terminal: what to filter by.
import { Inspector, type InspectorOptions } from '../../inspect/inspector.js'
import { Summary } from '../../inspect/views/summary.js'
import { type Pass, passOver } from './pass.js'

/** Packets that are shown without a summary. */
const fewPackets = 1000
/** Packets that are counted: this takes a second or two, in which nothing is seen. */
const mostPackets = 500_000

export interface Counting extends Omit<Pass, 'enter'> {
  readonly inspect: Omit<InspectorOptions, 'view'>
}

/** Reads the files once to count what passes the filter; '' where that is not much. */
export async function summaryOf({ inspect, turn, ...pass }: Counting): Promise<string> {
  const view = new Summary()
  const inspector = new Inspector({ ...inspect, view })
  let goesOn = true
  await passOver(inspector, {
    ...pass,
    enter() {},
    async turn() {
      inspector.flush()
      goesOn = (await turn()) && !inspector.done && view.packets < mostPackets
      return goesOn
    },
  })
  if (goesOn) inspector.end()
  return view.packets > fewPackets ? view.text(goesOn || inspector.done) : ''
}
