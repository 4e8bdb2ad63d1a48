// sub -w on a terminal: draws the view on the alternate screen, at most 20 times a second.
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReceivedMessage } from '../../format/message.js'
import { type WatchOptions, WatchView } from '../../format/watch-view.js'
import type { Host } from '../../host.js'
import { alternateScreen } from '../../io/alternate-screen.js'
import type { Output } from '../../io/output.js'
import { say } from '../../io/say.js'
import { isTerminal, sizeOf } from '../../io/terminal.js'
import { count } from '../../text.js'
import type { Printer } from '../printer.js'

/** Between two frames, in milliseconds. */
const frameMs = 50
/** Warnings that are printed after the view. */
const maxWarnings = 100

export class WatchScreen implements Printer {
  readonly everySecond = undefined
  readonly #host: Host
  readonly #output: Output
  readonly #view: WatchView
  readonly #warnings: string[] = []
  #dropped = 0
  #drawing = false
  #dirty = false
  #leave: (() => void) | undefined

  constructor(host: Host, output: Output, options: WatchOptions) {
    this.#host = host
    this.#output = output
    this.#view = new WatchView(options)
  }

  /** Standard error while the view is open: a terminal gets the lines after it, anything else at once. */
  readonly stderr: Writable = new Writable({
    decodeStrings: false,
    write: (text: string | Buffer, _encoding, done) => {
      this.#warn(String(text))
      done()
    },
  })

  readonly print = (message: ReceivedMessage): void => {
    this.#view.update(message)
    this.#draw()
  }

  start(): void {
    this.#host.stdout.on('resize', this.#redraw)
    this.#leave = alternateScreen(this.#host.stdout, this.#redraw)
    this.#draw()
  }

  /** Restores the terminal and prints the last frame and the warnings below the command line. Later calls do nothing. */
  close(): void {
    if (this.#leave === undefined) return
    this.#leave()
    this.#leave = undefined
    this.#host.stdout.off('resize', this.#redraw)
    const { columns, rows } = sizeOf(this.#host.stdout)
    this.#view.warn('')
    const last = this.#view.empty ? [] : this.#view.lines(columns, rows - 1)
    for (const line of last) this.#output.fixed(`${line}\n`)
    for (const line of this.#warnings) say(this.#host.stderr, line)
    if (this.#dropped > 0) say(this.#host.stderr, `${count(this.#dropped, 'more warning')} not shown.`)
  }

  #warn(text: string): void {
    const direct = this.#leave === undefined || !isTerminal(this.#host.stderr)
    for (const line of text.trimEnd().split('\n')) {
      if (direct) say(this.#host.stderr, line)
      else if (this.#warnings.length < maxWarnings) this.#warnings.push(line)
      else this.#dropped++
      if (!direct) this.#view.warn(line)
    }
    this.#draw()
  }

  readonly #redraw = (): void => this.#draw()

  #draw(): void {
    this.#dirty = true
    if (!this.#drawing) void this.#frames()
  }

  /** Draws frames until nothing has changed. A terminal that takes nothing (Ctrl-S) delays the next frame. */
  async #frames(): Promise<void> {
    this.#drawing = true
    while (this.#dirty && this.#leave !== undefined) {
      this.#dirty = false
      const { columns, rows } = sizeOf(this.#host.stdout)
      const lines = this.#view.lines(columns, rows)
      // Erase before writing: after a full line the cursor is still on its last cell.
      const frame = lines.map((line) => `\x1b[K${line}`).join('\n')
      this.#output.fixed(`\x1b[H${frame}${lines.length < rows ? '\n\x1b[J' : ''}`)
      try {
        await this.#output.flush()
      } catch {
        break // reported by `onFailure`
      }
      await sleep(frameMs, undefined, { ref: false })
    }
    this.#drawing = false
  }
}
