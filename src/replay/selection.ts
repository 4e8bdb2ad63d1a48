// Which messages of a recording are published: by topic, by time, and from a number on.
import { matches } from '../session/topic-filter.js'

/** A time since 1970, or within the recording: from its first message. In milliseconds. */
export type Moment = { readonly at: number } | { readonly after: number }

export interface SelectionOptions {
  /** Topic Filters; none: all topics. */
  readonly filters: readonly string[]
  readonly from: Moment | undefined
  readonly to: Moment | undefined
  /** The number of the first message to publish, from 1. */
  readonly startAt: number
}

/** `end`: this message and all after it are later than `to`. */
export type Choice = 'publish' | 'skip' | 'end'

export class Selection {
  readonly #options: SelectionOptions
  #from = Number.NEGATIVE_INFINITY
  #to = Number.POSITIVE_INFINITY
  #begun = false

  constructor(options: SelectionOptions) {
    this.#options = options
  }

  /** `number` counts all messages, from 1; `time` is undefined only if neither `from` nor `to` is given. */
  choose(topic: string, time: number | undefined, number: number): Choice {
    const { filters, from, to, startAt } = this.#options
    if (!this.#begun) {
      this.#begun = true
      this.#from = resolved(from, time) ?? this.#from
      this.#to = resolved(to, time) ?? this.#to
    }
    if (time !== undefined && time > this.#to) return 'end'
    if (number < startAt || (time !== undefined && time < this.#from)) return 'skip'
    return filters.length === 0 || filters.some((filter) => matches(filter, topic)) ? 'publish' : 'skip'
  }
}

function resolved(moment: Moment | undefined, first: number | undefined): number | undefined {
  if (moment === undefined) return undefined
  return 'at' in moment ? moment.at : (first ?? 0) + moment.after
}
