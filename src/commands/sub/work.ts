// Which commands a worker runs for which messages, and what it subscribes to.

import { checkDeadLetter } from '../../cli/options/worker.js'
import { checksum } from '../../codec/checksum.js'
import type { Publish } from '../../codec/publish.js'
import { UsageError } from '../../errors.js'
import { readGiven } from '../../io/small-file.js'
import { matches } from '../../session/topic-filter.js'
import { shown } from '../../text.js'
import type { SubArgs } from './spec.js'
import { longestTable, overlapping, parseTable, type TableLine } from './table.js'

export interface Work {
  /** One SUBSCRIBE each. */
  readonly requests: readonly {
    readonly filters: readonly string[]
    /** Undefined: that of the command line, if any. */
    readonly subscriptionIdentifier?: number
  }[]
  /** Empty: no line of the table matches. */
  commandsFor(publish: Publish): readonly string[]
}

/** @throws MqttxError for a table that cannot be read or is wrong */
export function readWork(args: SubArgs): Work {
  const { exec, table, topics } = args
  if (exec !== undefined)
    return { requests: topics.length > 0 ? [{ filters: topics }] : [], commandsFor: () => [exec] }
  const bytes = readGiven(table!, { what: 'the table ', longest: longestTable })
  return workOf(parseTable(bytes, table!), args)
}

/** @throws UsageError if lines overlap and Subscription Identifiers are not available to tell them apart */
export function workOf(
  lines: readonly TableLine[],
  args: Pick<SubArgs, 'table' | 'protocolVersion' | 'properties' | 'deadLetter'>,
): Work {
  const filters = lines.map(({ filter }) => filter)
  checkDeadLetter(args.deadLetter, filters)
  const both = overlapping(lines)
  if (both === undefined)
    return { requests: [{ filters }], commandsFor: (publish) => matching(lines, publish) }
  const [{ number: one }, { number: other, filter }] = both
  const what = `${shown(args.table ?? '')}, lines ${one} and ${other}: both Topic Filters match the same topics.`
  if (args.protocolVersion < 5) {
    const hint = `add -V 5: before MQTT 5 a server may send such a message once or twice; or change '${shown(filter)}'`
    throw new UsageError(what, { hint })
  }
  if (args.properties?.subscribe?.subscriptionIdentifier !== undefined) {
    const hint = 'omit the property subscription-identifier: each line has its own then'
    throw new UsageError(what, { hint })
  }
  const identifiers = identifiersOf(filters)
  return {
    requests: filters.map((own, index) => ({ filters: [own], subscriptionIdentifier: identifiers[index]! })),
    commandsFor(publish) {
      // A server sends a message once with all identifiers, or once for each [MQTT-3.3.4-3] [MQTT-3.3.4-4].
      const given = [publish.properties?.subscriptionIdentifier ?? []].flat()
      const named = matching(
        lines.filter((_, index) => given.includes(identifiers[index]!)),
        publish,
      )
      // Without a known one it was sent for a subscription of an earlier table.
      return named.length > 0 ? named : matching(lines, publish)
    },
  }
}

/** The largest Subscription Identifier (MQTT 5.0, 3.8.2.1.2). */
const largest = 268_435_455

/**
 * A Subscription Identifier for each Topic Filter. It depends on the filter and not on its line: the Session may have
 * messages for an earlier table.
 */
function identifiersOf(filters: readonly string[]): number[] {
  const taken = new Set<number>()
  return filters.map((filter) => {
    let identifier = ((checksum(Buffer.from(filter)) >>> 0) % largest) + 1
    while (taken.has(identifier)) identifier = (identifier % largest) + 1
    taken.add(identifier)
    return identifier
  })
}

function matching(lines: readonly TableLine[], { topic }: Publish): string[] {
  const found = lines.filter(({ filter }) => matches(filter.replace(/^\$share\/[^/]*\//, ''), topic))
  return found.map(({ command }) => command)
}
