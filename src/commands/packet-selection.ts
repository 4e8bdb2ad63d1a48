// The packets that the options of inspect and tap select, and how they look.
import type { Args } from '../cli/option.js'
import type { inspectOptions, ViewName } from '../cli/options/inspect.js'
import type { Host } from '../host.js'
import { Filter } from '../inspect/filter.js'
import type { InspectorOptions } from '../inspect/inspector.js'
import type { Paint } from '../inspect/views/view.js'
import { wantsColor } from '../io/terminal.js'

type AllArgs = Args<typeof inspectOptions>
type FilterArgs = Pick<AllArgs, 'type' | 'client' | 'topic' | 'connection' | 'only'> &
  Partial<Pick<AllArgs, 'from' | 'count'>> & { to?: bigint }
type Color = AllArgs['color']

/** Undefined: all packets. */
export function filterOf(args: FilterArgs): Filter | undefined {
  const { type, client, topic, connection, from, to, only, count } = args
  if (type.length + client.length + topic.length + connection.length === 0) {
    if (from === undefined && to === undefined && only === undefined && count === undefined) return undefined
  }
  return new Filter({
    ...{ types: type, clients: client, topics: topic, connections: connection },
    ...{ from, to, onlyViolations: only !== undefined, count },
  })
}

export async function paintFor(
  { color, view }: { color: Color; view?: ViewName | undefined },
  { stdout, env }: Pick<Host, 'stdout' | 'env'>,
): Promise<Paint | undefined> {
  const wanted = color === 'always' || (color === 'auto' && wantsColor(stdout, env))
  if (!wanted || view === 'json' || view === 'stats') return undefined
  return (await import('../io/style.js')).style
}

export async function loadSparkplug(): Promise<InspectorOptions['payloads']> {
  const { Sparkplug, sparkplugLines } = await import('../inspect/sparkplug.js')
  const sparkplug = new Sparkplug()
  return (packet) => {
    const value = sparkplug.read(packet)
    return value && { name: 'sparkplug', value, lines: sparkplugLines(value) }
  }
}
