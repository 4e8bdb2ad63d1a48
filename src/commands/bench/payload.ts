// What is sent: random bytes, the user's own, or a text that is filled in for each message.
import { type Facts, fillInPayload } from './placeholders.js'
import type { EnginePlan } from './plan.js'
import { chance, randomBytes } from './random.js'
import { stampSize } from './stamp.js'
import type { TopicChoice } from './topics.js'

export interface PayloadPlan {
  /** Of what is sent each time, or of the first message; where it is stamped, the stamp's place is empty. */
  readonly payload: Buffer
  /** The first bytes say who sent it, as which message, and when. */
  readonly stamped: boolean
  /** A text with placeholders, in the place of `payload`. */
  readonly text: string | undefined
}

export interface PayloadArgs {
  readonly size: number
  readonly seed: number
  /** Of --message or --file. */
  readonly content: Buffer | undefined
  /** --template: the content has placeholders. */
  readonly template: boolean
  /** The work cannot be done without the stamp. */
  readonly needsStamp: boolean
}

export function payloadOf({ size, seed, content, template, needsStamp }: PayloadArgs): PayloadPlan {
  if (content === undefined)
    return { payload: randomBytes(size, seed), stamped: size >= stampSize, text: undefined }
  return {
    payload: behindStamp(content, needsStamp),
    stamped: needsStamp,
    text: template ? content.toString() : undefined,
  }
}

const mostRandom = 1_000_000
const otherLots = 0x5bd1e995 // the numbers in payloads are not those that choose topics

/** The payloads of a client's messages; undefined where all are the same. */
export function textsOf(
  { text, stamped, seed }: EnginePlan,
  choice: TopicChoice | undefined,
  facts: Facts,
): ((message: number) => Buffer) | undefined {
  if (text === undefined) return undefined
  const { index } = facts
  return (message) => {
    const filled = fillInPayload(text, {
      ...facts,
      message,
      topic: choice?.of(index, message) ?? 0,
      random: Math.floor(chance(seed ^ otherLots, index, message) * mostRandom),
      time: Date.now(),
    })
    return behindStamp(Buffer.from(filled), stamped)
  }
}

function behindStamp(content: Buffer, stamped: boolean): Buffer {
  return stamped ? Buffer.concat([Buffer.alloc(stampSize), content]) : content
}
