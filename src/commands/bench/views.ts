// Shows a run in progress: the line on the terminal, and the metrics.
import type { Host } from '../../host.js'
import { say as sayLine } from '../../io/say.js'
import { hasScreen, speaksUtf8, wantsColor } from '../../io/terminal.js'
import { version } from '../../version.js'
import { systemClock } from '../clock.js'
import type { BenchArgs } from './args.js'
import { LiveLine } from './live.js'
import type { RunControl } from './measure.js'
import { exposition } from './metrics.js'
import type { RunPlan } from './plan.js'
import type { Drawing } from './report.js'
import type { Snapshot } from './snapshot.js'
import { clientsOfShard } from './workload.js'

export interface Views {
  readonly watch: RunControl['watch']
  /** Prints a line on stderr; erases the live line first. */
  say(line: string): void
  close(): void
}

/** @throws MqttxError 14 if --prometheus cannot listen */
export async function openViews(args: BenchArgs, plan: RunPlan, host: Host): Promise<Views> {
  let look: (() => Snapshot | undefined) | undefined
  const metrics =
    args.prometheus === undefined ? undefined : await serve(args.prometheus, plan, () => look?.())
  const live = await liveView(args, plan, host)
  const say = (line: string) => {
    live?.clear()
    sayLine(host.stderr, line)
  }
  if (metrics !== undefined && !args.quiet) say(`Metrics: ${metrics.url}`)
  const watch: RunControl['watch'] = (looking) => {
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

/** Loads the HTTP server only if needed. */
async function serve(
  address: NonNullable<BenchArgs['prometheus']>,
  { mode, rate, qos }: RunPlan,
  look: () => Snapshot | undefined,
) {
  const { serveMetrics } = await import('./metrics-server.js')
  const labels = { version, mode, loop: rate === undefined ? 'closed' : 'open', qos }
  return serveMetrics(address, () => exposition(labels, look()))
}

async function liveView(args: BenchArgs, plan: RunPlan, host: Host): Promise<LiveLine | undefined> {
  const { stderr, env } = host
  if (args.quiet || !hasScreen(stderr) || env.TERM === 'dumb') return undefined
  const { mode, durationMs, count, clients, subscribers, shard } = plan
  const own = clientsOfShard(clients, shard).length
  const others = mode === 'pubsub' || mode === 'rr' ? subscribers : 0
  const paint = wantsColor(stderr, env)
    ? (await import('../../io/style.js')).style.error
    : (text: string) => text
  return new LiveLine({
    stream: stderr,
    columns: () => (stderr as { columns?: number }).columns ?? 0,
    now: () => systemClock.now(),
    goal: Number.isFinite(durationMs)
      ? { ms: durationMs }
      : { messages: Math.max(1, (count! * own) / clients) },
    clients: own + others,
    ascii: drawingOf(args, host).form === 'ascii',
    paint,
  })
}

/** How a report is drawn: --plot, or by the locale. */
export function drawingOf({ plot }: Pick<BenchArgs, 'plot'>, { env }: Host): Drawing {
  return { form: plot ?? (speaksUtf8(env) ? 'braille' : 'ascii'), all: plot !== undefined }
}
