// The PUBLISH templates of a client's messages, prepared once per topic where possible.
import type { PublishTemplate } from '../../codec/publish.js'
import { fillIn, hasPlaceholder, type PlaceholderValues } from './placeholders.js'
import type { RunPlan } from './plan.js'
import type { TopicSelector } from './topics.js'

/** Shared by all clients of a thread. */
export interface TopicTemplates {
  /** Undefined without --topics. */
  readonly selector: TopicSelector | undefined
  /** By topic number, if topics differ by nothing else. */
  readonly cache: Map<number, PublishTemplate>
}

const maxCached = 65_536 // the lowest numbers, which Zipf's law selects most often

/** The template of a message by its number. */
export function publishTemplates(
  { topic, template }: RunPlan,
  { selector, cache }: TopicTemplates,
  values: PlaceholderValues,
): (message: number) => PublishTemplate {
  const make = (message: number, number: number) =>
    template(fillIn(topic, { ...values, message, topic: number }))
  if (selector === undefined) {
    if (hasPlaceholder(topic, 'n')) return (message) => make(message, 0)
    const fixed = make(0, 0)
    return () => fixed
  }
  if (hasPlaceholder(topic, 'icn')) return (message) => make(message, selector.topicOf(values.index, message))
  return (message) => {
    const number = selector.topicOf(values.index, message)
    const cached = cache.get(number)
    if (cached !== undefined) return cached
    const made = make(message, number)
    if (number < maxCached) cache.set(number, made)
    return made
  }
}
