// top without a screen: reports on standard output.
import type { Output } from '../../io/output.js'
import { type Format, type ReportOptions, report } from '../../top/report.js'
import type { TopicTree } from '../../top/topic-tree.js'
import type { Controls, Surface } from './surface.js'

/** Pieces of a report between two looks at whether standard output takes more. */
const piecesPerFlush = 64

export class Reports implements Surface {
  readonly #tree: TopicTree
  readonly #output: Output
  readonly #format: Format
  readonly #options: ReportOptions
  #controls: Controls | undefined
  #printed = 0
  /** The report that is being printed. */
  #printing: Promise<void> | undefined
  #closed = false

  constructor(tree: TopicTree, output: Output, format: Format, options: ReportOptions) {
    this.#tree = tree
    this.#output = output
    this.#format = format
    this.#options = options
  }

  start(controls: Controls): void {
    this.#controls = controls
  }

  update(): Promise<void> | undefined {
    if (this.#closed || !this.#controls?.isSubscribed) return undefined
    this.#printing ??= this.#print().finally(() => (this.#printing = undefined))
    return this.#printing
  }

  async close(isComplete: boolean): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    if (this.#printing !== undefined) await this.#printing
    if (isComplete && this.#controls !== undefined) await this.#print()
  }

  async #print(): Promise<void> {
    const controls = this.#controls!
    const { server, filters, ratio } = controls.status()
    const circumstances = {
      ...{ server, filters, ratio, skipped: controls.skipped },
      ...{ timeMs: controls.timeMs(), now: Date.now() },
    }
    if (this.#printed++ > 0 && this.#format !== 'json') this.#output.newline()
    let pieces = 0
    for (const piece of report(this.#tree, this.#format, this.#options, circumstances)) {
      this.#output.text(piece)
      if (++pieces % piecesPerFlush === 0) await this.#output.flush()
    }
    await this.#output.flush()
  }
}
