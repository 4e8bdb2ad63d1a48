// A spinner on stderr for slow operations. Its package is loaded when the spinner is first shown.
import type { Writable } from 'node:stream'

const delayMs = 500

/** Shows `text` with a spinner after half a second, unless `stop` has been called. */
export function progress(stream: Writable, text: string): { stop(): void; update(text: string): void } {
  let stopped = false
  let spinner: { text: string; stop(): void } | undefined
  const timer = setTimeout(async () => {
    const { default: ora } = await import('ora')
    // discardStdin would consume standard input.
    if (!stopped) spinner = ora({ text, stream, discardStdin: false }).start()
  }, delayMs)
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
