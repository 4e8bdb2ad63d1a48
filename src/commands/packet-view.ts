// Creates the view that --view selects.
import type { ViewName } from '../cli/options/inspect.js'
import { BytesView } from '../inspect/views/bytes.js'
import { FlowView } from '../inspect/views/flow.js'
import { JsonView } from '../inspect/views/json.js'
import { LineView } from '../inspect/views/line.js'
import { StatsView } from '../inspect/views/stats.js'
import { TreeView } from '../inspect/views/tree.js'
import { type Paint, plainPaint, type TextSink, type View } from '../inspect/views/view.js'
import { WrappedSink } from '../inspect/views/wrap.js'

export interface Showing {
  readonly view: ViewName
  readonly full: boolean
  readonly fields: boolean
  readonly showSecrets: boolean
  /** Width of the terminal, to which lines are wrapped; undefined if the output is not a terminal. */
  readonly columns: number | undefined
}

export function createView(
  { view, full, fields, showSecrets, columns }: Showing,
  output: TextSink,
  paint: Paint = plainPaint,
): View {
  if (view === 'json') return new JsonView(output, { fields, showSecrets })
  const sink = columns === undefined ? output : new WrappedSink(output, columns)
  switch (view) {
    case 'bytes':
      return new BytesView(sink, { paint, full, showSecrets, columns })
    case 'line':
      return new LineView(sink, paint)
    case 'tree':
      return new TreeView(sink, { paint, full, showSecrets })
    case 'flow':
      return new FlowView(sink, paint, columns)
    case 'stats':
      return new StatsView(sink, columns)
    default:
      return view satisfies never
  }
}
