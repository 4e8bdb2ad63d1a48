// top on a terminal: the screen and its keys.
import type { Writable } from 'node:stream'
import type { Host } from '../../host.js'
import { isKeyboard, type Keyboard, onTyped, suspend } from '../../io/keyboard.js'
import type { Output } from '../../io/output.js'
import { KeyReader } from '../../top/keys.js'
import type { TopicTree } from '../../top/topic-tree.js'
import { type Action, TopView, type ViewOptions } from '../../top/view.js'
import { LiveScreen } from '../live-screen.js'
import type { Controls, Surface } from './surface.js'

/** Of the time at most this share is spent on the figures of the screen: with many topics it is drawn less often. */
const largestShare = 0.1

export class Screen implements Surface {
  readonly #host: Host
  readonly #view: TopView
  readonly #screen: LiveScreen
  readonly #keyboard: Keyboard | undefined
  readonly #keys = new KeyReader()
  #controls: Controls | undefined
  #stopReading = () => {}
  /** When the figures may be computed again. */
  #nextMs = 0

  constructor(host: Host, output: Output, tree: TopicTree, options: ViewOptions) {
    this.#host = host
    const view = new TopView(tree, options)
    this.#view = view
    this.#keyboard = isKeyboard(host.stdin) ? host.stdin : undefined
    this.#screen = new LiveScreen(host, output, {
      lines: (columns, rows) => view.lines(columns, rows, this.#controls!.status()),
      lastLines: (columns, rows) => view.lastLines(columns, rows, this.#controls!.status()),
      warn: (text) => view.warn(text),
    })
  }

  /** To be used instead of standard error. */
  get stderr(): Writable {
    return this.#screen.stderr
  }

  start(controls: Controls): void {
    this.#controls = controls
    const keyboard = this.#keyboard
    this.#screen.open(keyboard)
    if (keyboard !== undefined) this.#stopReading = onTyped(keyboard, (text) => this.#onTyped(text))
  }

  update(): undefined {
    const before = this.#host.now()
    if (before < this.#nextMs) return
    this.#view.refresh(this.#controls!.timeMs())
    const after = this.#host.now()
    this.#nextMs = after + (after - before) / largestShare
    this.#screen.requestFrame()
  }

  close(): undefined {
    this.#stopReading()
    this.#stopReading = () => {}
    if (this.#controls !== undefined) this.#view.refresh(this.#controls.timeMs())
    this.#screen.close()
  }

  #onTyped(text: string): void {
    for (const key of this.#keys.read(text)) {
      const action = this.#view.key(key)
      if (action !== undefined) this.#act(action)
      if (action === 'quit') return // a key that repeats is no second signal
    }
    this.#screen.requestFrame()
  }

  #act(action: Action): void {
    switch (action) {
      case 'quit':
        return this.#controls!.stop()
      case 'reset':
        this.#controls!.reset()
        return this.#view.refresh(this.#controls!.timeMs())
      case 'suspend':
        return suspend()
      case 'core':
        return void process.kill(process.pid, 'SIGQUIT')
      default:
        return action satisfies never
    }
  }
}
