// The PUBLISH of each message of a client, as far as it can be prepared: the topic changes seldom.
import type { PublishTemplate } from '../../codec/publish.js'
import { type Facts, fillIn, has } from './placeholders.js'
import type { EnginePlan } from './plan.js'
import type { TopicChoice } from './topics.js'

/** What all clients of a thread share. */
export interface Topics {
  /** Undefined: there is nothing to choose. */
  readonly choice: TopicChoice | undefined
  /** By the number of the topic, where that is all that tells topics apart. */
  readonly kept: Map<number, PublishTemplate>
}

const mostKept = 65_536 // the first ones, which Zipf's law chooses most often

export function templatesOf(
  { topic, template }: EnginePlan,
  { choice, kept }: Topics,
  facts: Facts,
): (message: number) => PublishTemplate {
  const made = (message: number, number: number) =>
    template(fillIn(topic, { ...facts, message, topic: number }))
  if (choice === undefined) {
    if (has(topic, 'n')) return (message) => made(message, 0)
    const fixed = made(0, 0)
    return () => fixed
  }
  if (has(topic, 'icn')) return (message) => made(message, choice.of(facts.index, message))
  return (message) => {
    const number = choice.of(facts.index, message)
    const known = kept.get(number)
    if (known !== undefined) return known
    const fresh = made(message, number)
    if (number < mostKept) kept.set(number, fresh)
    return fresh
  }
}
