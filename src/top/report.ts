// Reports of `mqttx top` without a screen: a table, a line of JSON, or metrics in Prometheus' text format.
import { count, jsonOf, oneLine } from '../text.js'
import { asciiMarks, headings, type Layout, plainStyle, rowText } from './columns.js'
import { clockTime, compact, grouped, qosList } from './figures.js'
import { type Figures, firstNode, type Nodes, others, root } from './nodes.js'
import { comparison, type Order } from './order.js'
import { firstTopics, rowsOf, unfoldToFit, type ViewName } from './rows.js'
import type { TopicTree } from './topic-tree.js'

export const formats = ['text', 'json', 'prometheus'] as const
export type Format = (typeof formats)[number]

export interface ReportOptions {
  readonly view: ViewName
  readonly order: Order
  /** Topics, or rows of a tree. */
  readonly limit: number
}

/** What the tree does not know. */
export interface Circumstances {
  readonly server: string
  readonly filters: readonly string[]
  /** Milliseconds since the start. */
  readonly timeMs: number
  /** Milliseconds since 1970. */
  readonly now: number
  /** One of so many messages is counted now. */
  readonly ratio: number
  /** Messages that were received and, as only some were counted, not looked at. */
  readonly skipped: number
}

/** The report in pieces of at most a few kilobytes. The figures are those of the moment at which a piece is taken. */
export function report(
  tree: TopicTree,
  format: Format,
  options: ReportOptions,
  circumstances: Circumstances,
): Iterable<string> {
  switch (format) {
    case 'text':
      return text(tree, options, circumstances)
    case 'json':
      return json(tree, options, circumstances)
    case 'prometheus':
      return prometheus(tree, options, circumstances)
    default:
      return format satisfies never
  }
}

/** Wide enough for all columns and any topic. */
const unlimited = 1_000_000

function* text(tree: TopicTree, options: ReportOptions, circumstances: Circumstances): Iterable<string> {
  const { nodes } = tree
  const { view, order, limit } = options
  const { timeMs } = circumstances
  const layout: Layout = { width: unlimited, view, style: plainStyle, marks: asciiMarks }
  yield `${totals(tree, circumstances)}\n`
  yield `${headings(layout, order.key)}\n`
  if (view === 'tree') {
    unfoldToFit(nodes, limit, false)
    const rows = rowsOf(tree, { view, order, timeMs, matching: false, silent: false })
    for (const row of rows.slice(0, limit)) yield `${rowText(row, nodes, layout)}\n`
    if (rows.length > limit) yield `and ${rows.length - limit} more rows\n`
    return
  }
  const topics = first(nodes, options, timeMs)
  for (const node of topics)
    yield `${rowText({ node, depth: 0, hidden: 0, figures: nodes.figures(node, timeMs) }, nodes, layout)}\n`
  const more = tree.topics - topics.length
  if (more > 0) yield `and ${grouped(more)} more ${more === 1 ? 'topic' : 'topics'}\n`
  if (tree.overflowed) {
    const row = { node: others, depth: 0, hidden: 0, figures: nodes.figures(others, timeMs) }
    yield `${rowText(row, nodes, layout)}\n`
  }
}

/** The topics of a report, in order. */
function first(nodes: Nodes, { order, limit }: ReportOptions, timeMs: number): number[] {
  return firstTopics(nodes, limit, comparison(nodes, order, timeMs)).sorted()
}

function totals(tree: TopicTree, { server, filters, timeMs, ratio, skipped }: Circumstances): string {
  const figures = tree.nodes.figures(root, timeMs)
  const parts = [
    `${oneLine(server)} ${filters.map(oneLine).join(' ')}`,
    clockTime(timeMs),
    `${grouped(tree.topics)} ${tree.topics === 1 ? 'topic' : 'topics'}`,
    `${grouped(figures.messages)} ${figures.messages === 1 ? 'message' : 'messages'}`,
    `${compact(figures.rate)}/s`,
    `${compact(figures.byteRate)} B/s`,
    tree.stored > 0 && count(tree.stored, 'stored message'),
    skipped > 0 && `sampled${ratio > 1 ? ` (now 1/${ratio})` : ''}: ${grouped(skipped)} not looked at`,
  ]
  return parts.filter(Boolean).join('  ')
}

function silentTopics(nodes: Nodes, timeMs: number): number {
  let silent = 0
  for (let node = firstNode; node < nodes.end; node++) if (nodes.isSilent(node, timeMs)) silent++
  return silent
}

function* json(tree: TopicTree, options: ReportOptions, circumstances: Circumstances): Iterable<string> {
  const { nodes } = tree
  const { server, filters, timeMs, now, ratio, skipped } = circumstances
  const all = nodes.figures(root, timeMs)
  const head = {
    time: new Date(now).toISOString(),
    seconds: seconds(timeMs),
    server,
    filters,
    ...counters(all),
    storedMessages: tree.stored,
    topicCount: tree.topics,
    silentTopics: silentTopics(nodes, timeMs),
    retainedTopics: all.retained,
    sampling: ratio,
    skippedMessages: skipped,
    otherTopics: tree.overflowed ? counters(nodes.figures(others, timeMs)) : null,
  }
  yield `${jsonOf(head).slice(0, -1)},"topics":[`
  let separator = ''
  for (const node of first(nodes, options, timeMs)) {
    yield `${separator}${jsonOf({ topic: nodes.path(node), ...topicFigures(nodes.figures(node, timeMs)) })}`
    separator = ','
  }
  yield ']}\n'
}

const counters = ({ messages, bytes, rate, averageRate, byteRate }: Figures) => ({
  messages,
  bytes,
  rate: rounded(rate),
  averageRate: rounded(averageRate),
  byteRate: rounded(byteRate),
})

const topicFigures = (figures: Figures) => ({
  ...counters(figures),
  age: seconds(figures.age),
  silence: seconds(figures.silence),
  silent: figures.isSilent,
  qos: qosList(figures.qos),
  retained: figures.retained > 0,
})

const rounded = (value: number): number => Number(value.toFixed(3))
const seconds = (ms: number | undefined): number | null => (ms === undefined ? null : Math.round(ms) / 1000)

interface Metric {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly value: (figures: Figures) => number | undefined
}

const ofTopics: readonly Metric[] = [
  { name: 'messages_total', type: 'counter', help: 'Messages received.', value: ({ messages }) => messages },
  { name: 'bytes_total', type: 'counter', help: 'Bytes of their payloads.', value: ({ bytes }) => bytes },
  {
    name: 'rate',
    type: 'gauge',
    help: 'Messages per second during the last seconds.',
    value: ({ rate }) => rounded(rate),
  },
  {
    name: 'silence_seconds',
    type: 'gauge',
    help: 'Time since the last message.',
    value: ({ silence }) => seconds(silence) ?? undefined,
  },
  { name: 'retained', type: 'gauge', help: '1: has a retained message.', value: ({ retained }) => retained },
]

/** Text format 0.0.4. Topics beyond the limit have no series. */
function* prometheus(
  tree: TopicTree,
  options: ReportOptions,
  circumstances: Circumstances,
): Iterable<string> {
  const { nodes } = tree
  const { timeMs, ratio, skipped } = circumstances
  const all = nodes.figures(root, timeMs)
  yield single('messages_total', 'counter', 'Messages received, without stored ones.', all.messages)
  yield single('bytes_total', 'counter', 'Bytes of their payloads.', all.bytes)
  yield single('topics', 'gauge', 'Topics seen.', tree.topics)
  yield single('silent_topics', 'gauge', 'Topics silent for longer than usual.', silentTopics(nodes, timeMs))
  yield single('retained_topics', 'gauge', 'Topics with a retained message.', all.retained)
  yield single('sampling', 'gauge', 'One of so many messages is counted.', ratio)
  yield single('skipped_messages_total', 'counter', 'Messages not looked at while sampling.', skipped)
  const topics = first(nodes, options, timeMs)
  if (topics.length === 0) return
  for (const { name, type, help, value } of ofTopics) {
    yield `# HELP mqttx_topic_${name} ${help}\n# TYPE mqttx_topic_${name} ${type}\n`
    for (const node of topics) {
      const number = value(nodes.figures(node, timeMs))
      if (number !== undefined) yield `mqttx_topic_${name}{topic="${label(nodes.path(node))}"} ${number}\n`
    }
  }
}

function single(name: string, type: Metric['type'], help: string, value: number): string {
  return `# HELP mqttx_top_${name} ${help}\n# TYPE mqttx_top_${name} ${type}\nmqttx_top_${name} ${value}\n`
}

/** Escapes what a terminal would act on as `\u001b`. Different topics stay different: two equal series would be an error. */
function label(text: string): string {
  return oneLine(text.replaceAll('\\', '\\\\')).replaceAll('\\', '\\\\').replaceAll('"', '\\"')
}
