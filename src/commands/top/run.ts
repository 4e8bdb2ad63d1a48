// mqttx top: counts the messages of each topic and shows them until -W, -C or a signal ends it.
import { connectOptions, defaultWindow } from '../../connection/options.js'
import type { Host } from '../../host.js'
import { Output } from '../../io/output.js'
import { hasScreen, speaksUtf8, wantsColor } from '../../io/terminal.js'
import { asciiMarks, plainStyle, type Style, utf8Marks } from '../../top/columns.js'
import { Sampler } from '../../top/sampler.js'
import { TopicTree } from '../../top/topic-tree.js'
import { createDiagnostics } from '../diagnostics.js'
import { withTrace } from '../tracing.js'
import { Monitor } from './monitor.js'
import { Reports } from './reports.js'
import { Screen } from './screen.js'
import type { TopArgs } from './spec.js'

/** Between two looks of a screen. */
const screenMs = 1000

export async function run(args: TopArgs, host: Host): Promise<number> {
  const options = await connectOptions(
    args,
    {
      pid: host.pid,
      maxInFlight: defaultWindow,
      receiveMaximum: 65_535,
      noDelay: true,
      reconnects: Number.POSITIVE_INFINITY,
    },
    host,
  )
  const seed = () => Math.floor(Math.random() * 2 ** 32)
  const tree = new TopicTree({
    seed: seed(),
    retainAsPublished: options.version === 5,
    silentMs: args.silent === undefined ? undefined : args.silent * 1000,
  })
  const output = new Output(host.stdout)
  const { surface, stderr, intervalMs } = await shownOn(args, host, output, tree)
  const diagnostics = createDiagnostics(args, { stderr })
  const parts = { host, output, diagnostics, tree, sampler: new Sampler(seed()), surface, intervalMs }
  return withTrace(args, options, host, (traced) => new Monitor(args, traced, parts).run())
}

/** The screen on a terminal, else reports. `stderr` is standard error, or collects its lines while the screen is open. */
async function shownOn(args: TopArgs, host: Host, output: Output, tree: TopicTree) {
  const { stdout, env } = host
  const format = args.json ? 'json' : args.format
  const order = { key: args.sort, reverse: args.reverse }
  const given = args.interval === undefined ? undefined : args.interval * 1000
  if (format !== undefined || !hasScreen(stdout) || env.TERM === 'dumb') {
    const reports = new Reports(tree, output, format ?? 'text', {
      ...{ view: args.view ?? 'list', order, limit: args.limit },
    })
    return { surface: reports, stderr: host.stderr, intervalMs: given }
  }
  const marks = speaksUtf8(env) ? utf8Marks : asciiMarks
  const style = wantsColor(stdout, env) ? await colours() : plainStyle
  const screen = new Screen(host, output, tree, { view: args.view ?? 'tree', order, style, marks })
  return { surface: screen, stderr: screen.stderr, intervalMs: given ?? screenMs }
}

async function colours(): Promise<Style> {
  const { style } = await import('../../io/style.js')
  const { heading, faint, option, found, selected } = style
  return { heading, faint, selected, level: option, silent: found.warning }
}
