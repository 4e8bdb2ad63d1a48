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

/** Pause after each frame, in milliseconds. */
const frameMs = 50
/** Warnings kept for printing when the view closes. Further ones are only counted. */
const maxWarnings = 100

export class WatchScreen implements Printer {
  readonly everySecond = undefined
  readonly #host: Host
  readonly #output: Output
  readonly #view: WatchView
  readonly #warnings: string[] = []
  /** Warnings that exceeded `maxWarnings`. */
  #droppedWarnings = 0
  /** True while `#drawFrames` runs. */
  #drawing = false
  /** The view has changed since the last frame. */
  #dirty = false
  /** Returns to the normal screen; undefined unless the view is open. */
  #leaveScreen: (() => void) | undefined

  constructor(host: Host, output: Output, options: WatchOptions) {
    this.#host = host
    this.#output = output
    this.#view = new WatchView(options)
  }

  /**
   * To be used instead of standard error. While the view is open and standard error is a terminal, the view shows the
   * newest line, and all are printed at `close`; otherwise lines are written at once.
   */
  readonly stderr: Writable = new Writable({
    decodeStrings: false,
    write: (text: string | Buffer, _encoding, done) => {
      this.#warn(String(text))
      done()
    },
  })

  readonly print = (message: ReceivedMessage): void => {
    this.#view.update(message)
    this.#requestFrame()
  }

  start(): void {
    this.#host.stdout.on('resize', this.#requestFrame)
    this.#leaveScreen = alternateScreen(this.#host.stdout, this.#requestFrame)
    this.#requestFrame()
  }

  /** Returns to the normal screen; prints the last frame and the kept warnings there. Later calls do nothing. */
  close(): void {
    if (this.#leaveScreen === undefined) return
    this.#leaveScreen()
    this.#leaveScreen = undefined
    const { stdout, stderr } = this.#host
    stdout.off('resize', this.#requestFrame)
    const { columns, rows } = sizeOf(stdout)
    this.#view.warn('') // all warnings follow below
    const lastFrame = this.#view.empty ? [] : this.#view.lines(columns, rows - 1) // one row for the prompt
    for (const line of lastFrame) this.#output.fixed(`${line}\n`)
    for (const line of this.#warnings) say(stderr, line)
    if (this.#droppedWarnings > 0) say(stderr, `${count(this.#droppedWarnings, 'more warning')} not shown.`)
  }

  #warn(text: string): void {
    const { stderr } = this.#host
    const isDeferred = this.#leaveScreen !== undefined && isTerminal(stderr)
    for (const line of text.trimEnd().split('\n')) {
      if (!isDeferred) {
        say(stderr, line)
        continue
      }
      if (this.#warnings.length < maxWarnings) this.#warnings.push(line)
      else this.#droppedWarnings++
      this.#view.warn(line)
    }
    this.#requestFrame()
  }

  readonly #requestFrame = (): void => {
    this.#dirty = true
    if (!this.#drawing) void this.#drawFrames()
  }

  /** Draws frames until the view stops changing or closes. A stopped terminal (Ctrl-S) delays the next frame. */
  async #drawFrames(): Promise<void> {
    this.#drawing = true
    while (this.#dirty && this.#leaveScreen !== undefined) {
      this.#dirty = false
      const { columns, rows } = sizeOf(this.#host.stdout)
      const lines = this.#view.lines(columns, rows)
      // Erase each line before writing it: after a full line the cursor is on the last cell, which would be erased.
      const frame = lines.map((line) => `\x1b[K${line}`).join('\n')
      const eraseRest = lines.length < rows ? '\n\x1b[J' : ''
      this.#output.fixed(`\x1b[H${frame}${eraseRest}`)
      try {
        await this.#output.flush()
      } catch {
        break // reported by `Output.onFailure`
      }
      await sleep(frameMs, undefined, { ref: false })
    }
    this.#drawing = false
  }
}
