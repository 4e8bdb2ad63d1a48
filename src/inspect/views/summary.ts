// Summary of a long capture: values for the filter options. Memory use is independent of the size of the capture.
import { count, quoted } from '../../text.js'
import { fitted } from '../../width.js'
import { boundedKey } from '../content-hash.js'
import { publish } from '../names.js'
import type { Packet } from '../packet.js'
import { dateText, timeOfDay, typeName } from './text.js'
import type { ConnectionFacts, View } from './view.js'

/** Names that are counted individually, for each option. */
const mostNames = 20_000
const namesShown = 8
/** Longest name shown, in columns. */
const longestName = 60

export class Summary implements View {
  packets = 0
  #violations = 0
  readonly #types = new Counter()
  readonly #clients = new Counter()
  readonly #topics = new Counter()
  readonly #connections = new Counter()
  #first: string | undefined
  #last: string | undefined
  #second = -1

  packet(packet: Packet, { number, clientId }: ConnectionFacts): void {
    this.packets++
    if (packet.violations.length > 0) this.#violations++
    this.#types.add(typeName(packet))
    this.#connections.add(String(number))
    if (clientId !== undefined && clientId !== '') this.#clients.add(clientId)
    const { topic, type, second } = packet
    if (type === publish && packet.protocol === 'mqtt' && topic !== undefined) this.#topics.add(topic)
    if (second < 0) return
    if (second === this.#second) return
    this.#second = second
    this.#last = timeText(packet)
    this.#first ??= this.#last
  }

  /** Filter options with their most frequent values. `isWhole`: the whole capture was counted. */
  text(isWhole: boolean): string {
    const names = [quoted, quoted, String, String] as const
    const counters = [this.#clients, this.#topics, this.#types, this.#connections]
    const options = ['--client', '--topic', '--type', '--connection']
    const rows = options.map((option, i) => [option, counters[i]!.text(names[i]!)] as const)
    const shown = rows.filter(([, values]) => values !== '').map(([option, values]) => row(option, values))
    if (this.#first !== undefined && this.#last !== undefined) {
      shown.push(row('--from, --to', `${this.#first}, ${this.#last}`))
    }
    if (this.#violations > 0) shown.push(row('--only', `violations (${this.#violations})`))
    shown.push(row('--view', 'line, flow, stats'), row('--count', 'only the first packets'))
    const packets = `${count(this.packets, 'packet')}${isWhole ? '' : ' and more'}`
    return `${packets}; to see fewer of them, or less of each:\n${shown.join('')}\n`
  }
}

function row(option: string, values: string): string {
  return `  ${option.padEnd(14)}${values}\n`
}

/** A time in the format of --from and --to. */
function timeText(packet: Packet): string {
  return `${dateText(packet)}T${timeOfDay(packet).slice(0, 8)}`
}

class Counter {
  readonly #counts = new Map<string, number>()
  #others = 0

  add(name: string): void {
    const key = boundedKey(name)
    const known = this.#counts.get(key)
    if (known === undefined && this.#counts.size >= mostNames) this.#others++
    else this.#counts.set(key, (known ?? 0) + 1)
  }

  /** `"a" (12), "b" (3) and 5 more` */
  text(shown: (name: string) => string): string {
    const all = [...this.#counts].sort(([, a], [, b]) => b - a)
    const names = all
      .slice(0, namesShown)
      .map(([name, times]) => `${fitted(shown(name), longestName)} (${times})`)
    const left = all.length - names.length
    const more = this.#others > 0 ? ` and over ${left} more` : left > 0 ? ` and ${left} more` : ''
    return names.join(', ') + more
  }
}
