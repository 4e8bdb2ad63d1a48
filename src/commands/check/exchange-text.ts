// The packets of an exchange, annotated byte by byte.
import type { Record } from '../../check/record.js'
import { Inspector } from '../../inspect/inspector.js'
import { LiveConnections } from '../../inspect/live.js'
import { CollectedText } from '../../inspect/views/collected-text.js'
import type { View } from '../../inspect/views/view.js'

/** `viewOf` makes the view that prints to `text`. */
export async function exchangeText(
  record: Record,
  server: string,
  viewOf: (text: CollectedText) => Promise<View>,
): Promise<string> {
  const text = new CollectedText()
  const inspector = new Inspector({ view: await viewOf(text), certain: true })
  const live = new LiveConnections(inspector)
  const opened = new Set<number>()
  for (const { connection, side, bytes, at } of record.events) {
    if (!opened.has(connection)) live.opened(connection, `client ${connection}`, server)
    opened.add(connection)
    live.passed(connection, side, bytes, at)
    inspector.flush()
  }
  inspector.end()
  const left = record.left === 0 ? '' : `${record.left} further bytes are not shown.\n`
  return text.take() + left
}
