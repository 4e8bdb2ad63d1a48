// sub -w on a terminal: the newest message of each topic on the alternate screen.
import type { Writable } from 'node:stream'
import type { ReceivedMessage } from '../../format/message.js'
import { type WatchOptions, WatchView } from '../../format/watch-view.js'
import type { Host } from '../../host.js'
import type { Output } from '../../io/output.js'
import { LiveScreen } from '../live-screen.js'
import type { Printer } from '../printer.js'

export class WatchScreen implements Printer {
  readonly everySecond = undefined
  readonly #view: WatchView
  readonly #screen: LiveScreen

  constructor(host: Host, output: Output, options: WatchOptions) {
    const view = new WatchView(options)
    this.#view = view
    this.#screen = new LiveScreen(host, output, {
      lines: (columns, rows) => view.lines(columns, rows),
      lastLines(columns, rows) {
        view.warn('') // all warnings follow
        return view.empty ? [] : view.lines(columns, rows)
      },
      warn: (text) => view.warn(text),
    })
  }

  /** To be used instead of standard error. */
  get stderr(): Writable {
    return this.#screen.stderr
  }

  readonly print = (message: ReceivedMessage): void => {
    this.#view.update(message)
    this.#screen.requestFrame()
  }

  start(): void {
    this.#screen.open()
  }

  close(): void {
    this.#screen.close()
  }
}
