// The view that the command line asks for.
import type { ViewName } from '../../cli/options/inspect.js'
import { BytesView } from '../../inspect/views/bytes.js'
import { FlowView } from '../../inspect/views/flow.js'
import { JsonView } from '../../inspect/views/json.js'
import { LineView } from '../../inspect/views/line.js'
import { StatsView } from '../../inspect/views/stats.js'
import { TreeView } from '../../inspect/views/tree.js'
import { type Paint, plainPaint, type TextSink, type View } from '../../inspect/views/view.js'

export interface Showing {
  readonly view: ViewName
  readonly full: boolean
  readonly fields: boolean
  readonly showSecrets: boolean
}

export function viewOf(
  { view, full, fields, showSecrets }: Showing,
  sink: TextSink,
  paint: Paint = plainPaint,
): View {
  switch (view) {
    case 'bytes':
      return new BytesView(sink, { paint, full, showSecrets })
    case 'line':
      return new LineView(sink, paint)
    case 'tree':
      return new TreeView(sink, { paint, full, showSecrets })
    case 'flow':
      return new FlowView(sink, paint)
    case 'json':
      return new JsonView(sink, { fields, showSecrets })
    case 'stats':
      return new StatsView(sink)
    default:
      return view satisfies never
  }
}
