// A spinner on stderr for what takes longer than expected. Only on a terminal, and loaded only when it turns.
import type { Writable } from 'node:stream'

const patienceMs = 500

/** Shows `text` with a spinner when `stop` has not been called by then. */
export function progress(stream: Writable, text: string): { stop(): void; update(text: string): void } {
  let stopped = false
  let spinner: { text: string; stop(): void } | undefined
  const timer = setTimeout(async () => {
    const { default: ora } = await import('ora')
    // discardStdin would read standard input, which is ours to read.
    if (!stopped) spinner = ora({ text, stream, discardStdin: false }).start()
  }, patienceMs)
  timer.unref()
  return {
    update(now) {
      text = now
      if (spinner !== undefined) spinner.text = now
    },
    stop() {
      stopped = true
      clearTimeout(timer)
      spinner?.stop()
    },
  }
}
