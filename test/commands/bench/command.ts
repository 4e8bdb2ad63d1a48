// `mqttx bench ... --json` to its end, with its report read.
import { mqttx, type RunOptions } from '../../helpers/run.js'

export async function bench(words: readonly string[], at: readonly string[], options: RunOptions = {}) {
  const outcome = await mqttx(['bench', ...words, '--json', ...at], { timeoutMs: 19_000, ...options })
  return { ...outcome, report: JSON.parse(outcome.stdout.toString()) }
}
