// What shows a run while it goes on: the line on the terminal, and the metrics.
import type { PlotForm } from '../../cli/options/bench-values.js'
import type { Host } from '../../host.js'
import { say as sayLine } from '../../io/say.js'
import { hasScreen, speaksUtf8, wantsColor } from '../../io/terminal.js'
import { version } from '../../version.js'
import type { BenchArgs } from './args.js'
import { systemClock } from './client.js'
import { Live } from './live.js'
import type { Control } from './measure.js'
import { exposition } from './metrics.js'
import type { EnginePlan } from './plan.js'
import type { Snapshot } from './snapshot.js'
import { membersOf } from './workload.js'

export interface Views {
  readonly watch: Control['watch']
  /** Prints a line on stderr, beside what is drawn there. */
  say(line: string): void
  close(): void
}

/** @throws MqttxError where --prometheus cannot listen */
export async function openViews(args: BenchArgs, plan: EnginePlan, host: Host): Promise<Views> {
  let look: (() => Snapshot | undefined) | undefined
  const metrics =
    args.prometheus === undefined ? undefined : await serve(args.prometheus, plan, () => look?.())
  const live = await liveView(args, plan, host)
  const say = (line: string) => {
    live?.clear()
    sayLine(host.stderr, line)
  }
  if (metrics !== undefined && !args.quiet) say(`Metrics: ${metrics.url}`)
  const watch: Control['watch'] = (looking) => {
    look = looking
    return live?.watch(looking) ?? (() => {})
  }
  return {
    watch: metrics === undefined && live === undefined ? undefined : watch,
    say,
    close() {
      live?.end()
      metrics?.close()
    },
  }
}

/** The server is loaded only where it is asked for. */
async function serve(
  address: NonNullable<BenchArgs['prometheus']>,
  { mode, rate, qos }: EnginePlan,
  look: () => Snapshot | undefined,
) {
  const { serveMetrics } = await import('./metrics-server.js')
  const facts = { version, mode, loop: rate === undefined ? 'closed' : 'open', qos }
  return serveMetrics(address, () => exposition(facts, look()))
}

async function liveView(args: BenchArgs, plan: EnginePlan, host: Host): Promise<Live | undefined> {
  const { stderr, env } = host
  if (args.quiet || !hasScreen(stderr) || env.TERM === 'dumb') return undefined
  const { mode, durationMs, count, clients, subscribers, shard } = plan
  const own = membersOf(clients, shard).length
  const others = mode === 'pubsub' || mode === 'rr' ? subscribers : 0
  const paint = wantsColor(stderr, env)
    ? (await import('../../io/style.js')).style.error
    : (text: string) => text
  return new Live({
    stream: stderr,
    columns: () => (stderr as { columns?: number }).columns ?? 0,
    now: () => systemClock.now(),
    goal: Number.isFinite(durationMs)
      ? { ms: durationMs }
      : { messages: Math.max(1, (count! * own) / clients) },
    clients: own + others,
    ascii: plotOf(args, host) === 'ascii',
    paint,
  })
}

/** How a report draws where nobody says. */
export function plotOf({ plot }: Pick<BenchArgs, 'plot'>, { env }: Host): PlotForm {
  return plot ?? (speaksUtf8(env) ? 'braille' : 'ascii')
}
