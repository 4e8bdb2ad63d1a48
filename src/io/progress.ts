// A spinner on stderr for slow operations. Its package is loaded when the spinner is first shown.
import type { Writable } from 'node:stream'
import { hasScreen } from './terminal.js'

const delayMs = 500

/**
 * Shows `text` with a spinner after half a second, unless `stop` has been called or `stream` is no screen. It is opened
 * then: most runs are over before.
 */
export function progress(stream: () => Writable, text: string): { stop(): void; update(text: string): void } {
  let stopped = false
  let spinner: { text: string; stop(): void } | undefined
  const timer = setTimeout(async () => {
    const screen = stream()
    if (!hasScreen(screen)) return
    const { default: ora } = await import('ora')
    // discardStdin would consume standard input.
    if (!stopped) spinner = ora({ text, stream: screen, discardStdin: false }).start()
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
