// Draws lines on the alternate screen of a terminal, at most 20 times a second, and keeps warnings for the end.
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../host.js'
import { alternateScreen } from '../io/alternate-screen.js'
import type { Keyboard } from '../io/keyboard.js'
import type { Output } from '../io/output.js'
import { say } from '../io/say.js'
import { isTerminal, sizeOf } from '../io/terminal.js'
import { count } from '../text.js'

/** Pause after each frame, in milliseconds. */
const frameMs = 50
/** Warnings kept for printing when the view closes. Further ones are only counted. */
const maxWarnings = 100

export interface ScreenContent {
  /** At most `rows` lines of at most `columns` cells. */
  lines(columns: number, rows: number): string[]
  /** What remains on the normal screen when the view closes: at most `rows` lines. */
  lastLines(columns: number, rows: number): string[]
  /** Shows a warning from the next frame on. */
  warn(text: string): void
}

export class LiveScreen {
  readonly #host: Host
  readonly #output: Output
  readonly #content: ScreenContent
  readonly #warnings: string[] = []
  /** Warnings that exceeded `maxWarnings`. */
  #droppedWarnings = 0
  /** True while `#drawFrames` runs. */
  #drawing = false
  /** The content has changed since the last frame. */
  #dirty = false
  /** Returns to the normal screen; undefined unless the view is open. */
  #leaveScreen: (() => void) | undefined

  constructor(host: Host, output: Output, content: ScreenContent) {
    this.#host = host
    this.#output = output
    this.#content = content
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

  /** Switches to the alternate screen and draws. `keyboard` is in its raw mode until `close`. */
  open(keyboard?: Keyboard): void {
    this.#host.stdout.on('resize', this.requestFrame)
    this.#leaveScreen = alternateScreen(this.#host.stdout, this.requestFrame, keyboard)
    this.requestFrame()
  }

  /** Returns to the normal screen; prints the last lines and the kept warnings there. Later calls do nothing. */
  close(): void {
    if (this.#leaveScreen === undefined) return
    this.#leaveScreen()
    this.#leaveScreen = undefined
    const { stdout, stderr } = this.#host
    stdout.off('resize', this.requestFrame)
    const { columns, rows } = sizeOf(stdout)
    // One row is for the prompt.
    for (const line of this.#content.lastLines(columns, rows - 1)) this.#output.fixed(`${line}\n`)
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
      this.#content.warn(line)
    }
    this.requestFrame()
  }

  /** The content has changed. */
  readonly requestFrame = (): void => {
    this.#dirty = true
    if (!this.#drawing) void this.#drawFrames()
  }

  /** Draws frames until the content stops changing or the view closes. A stopped terminal (Ctrl-S) delays the next frame. */
  async #drawFrames(): Promise<void> {
    this.#drawing = true
    while (this.#dirty && this.#leaveScreen !== undefined) {
      this.#dirty = false
      const { columns, rows } = sizeOf(this.#host.stdout)
      const lines = this.#content.lines(columns, rows)
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
