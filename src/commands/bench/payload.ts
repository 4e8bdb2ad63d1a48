// Payloads: random bytes, the user's own, or a template that is filled in for each message.
import { fillInPayload, type PlaceholderValues } from './placeholders.js'
import { randomAt, randomBytes } from './random.js'
import { stampSize } from './stamp.js'
import type { TopicSelector } from './topics.js'

export interface PayloadPlan {
  /** The payload of every message, with room for the stamp if `stamped`. Not used if `text` is defined. */
  readonly payload: Buffer
  /** The first bytes are a stamp (stamp.ts). */
  readonly stamped: boolean
  /** --template: text with placeholders. */
  readonly text: string | undefined
}

export interface PayloadArgs {
  readonly size: number
  readonly seed: number
  /** From --message or --file. */
  readonly content: Buffer | undefined
  /** --template: the content has placeholders. */
  readonly template: boolean
  /** The mode requires a stamp. */
  readonly needsStamp: boolean
}

export function payloadOf({ size, seed, content, template, needsStamp }: PayloadArgs): PayloadPlan {
  if (content === undefined)
    return { payload: randomBytes(size, seed), stamped: size >= stampSize, text: undefined }
  return {
    payload: withStampSpace(content, needsStamp),
    stamped: needsStamp,
    text: template ? content.toString() : undefined,
  }
}

const randomLimit = 1_000_000
const payloadSeed = 0x5bd1e995 // makes %r independent of the selection of topics

/** The payload of a message by its number; undefined if all are the same. */
export function payloadTexts(
  { text, stamped, seed }: PayloadPlan & { readonly seed: number },
  selector: TopicSelector | undefined,
  values: PlaceholderValues,
): ((message: number) => Buffer) | undefined {
  if (text === undefined) return undefined
  const { index } = values
  return (message) => {
    const filled = fillInPayload(text, {
      ...values,
      message,
      topic: selector?.topicOf(index, message) ?? 0,
      random: Math.floor(randomAt(seed ^ payloadSeed, index, message) * randomLimit),
      time: Date.now(),
    })
    return withStampSpace(Buffer.from(filled), stamped)
  }
}

function withStampSpace(content: Buffer, stamped: boolean): Buffer {
  return stamped ? Buffer.concat([Buffer.alloc(stampSize), content]) : content
}
