// Runs `mqttx bench ... --json` and parses its result.
import type { Broker } from '../../helpers/peers.js'
import { mqttx, type RunOptions } from '../../helpers/run.js'

export async function bench(args: readonly string[], at: readonly string[], options: RunOptions = {}) {
  const outcome = await mqttx(['bench', ...args, '--json', ...at], { timeoutMs: 60_000, ...options })
  return { ...outcome, report: JSON.parse(outcome.stdout.toString()) }
}

/** Resolves when the server has forwarded this many messages of a run. */
export async function underWay({ at }: Pick<Broker, 'at'>, messages = 5): Promise<void> {
  await mqttx(['sub', '-t', 'mqttx/bench/#', '-C', String(messages), ...at])
}
