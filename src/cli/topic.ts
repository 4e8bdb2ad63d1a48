// Topic Names and Topic Filters (MQTT 3.1.1, 4.7), checked before anything connects, with a hint that names the place.
import { UsageError } from '../errors.js'
import { shown } from '../text.js'
import type { Parse } from './option.js'
import { largestString, stringFault } from './values.js'

/** More levels than this are refused by the reference, and by servers of its kind. */
const mostSlashes = 200

/** A Topic Name: what is published to. `kind` is the reference's word for it, as in `Invalid publish topic`. */
export function topicName(kind: 'publish' | 'response' | 'will'): Parse<string> {
  return (text, name) => {
    refuseMalformed(text, name)
    const fault = nameFault(text)
    if (fault === undefined) return text
    throw new UsageError(`Invalid ${kind} topic '${shown(text)}', does it contain '+' or '#'?`, {
      hint: fault,
    })
  }
}

/** A Topic Filter: what is subscribed to, where `+` and `#` stand for levels. */
export function topicFilter(kind: 'subscription' | 'filter' | 'unsubscribe'): Parse<string> {
  return (text, name) => {
    refuseMalformed(text, name)
    const fault = filterFault(text)
    if (fault === undefined) return text
    const message = `Invalid ${kind} topic '${shown(text)}', are all '+' and '#' wildcards correct?`
    throw new UsageError(message, { hint: fault })
  }
}

/** Why nothing can be published to `text`, which somebody else has sent; undefined if it can. */
export function topicNameFault(text: string): string | undefined {
  return (Buffer.byteLength(text) > largestString ? undefined : stringFault(text)) ?? nameFault(text)
}

function refuseMalformed(text: string, name: string): void {
  if (Buffer.byteLength(text) > largestString) return // has its own sentence
  const fault = stringFault(text)
  if (fault !== undefined) throw new UsageError(`Malformed UTF-8 in ${name} argument.`, { hint: fault })
}

function nameFault(text: string): string | undefined {
  const wildcard = /[+#]/.exec(text)
  if (wildcard === null) return sizeFault(text)
  return `'${wildcard[0]}' at character ${characterAt(text, wildcard.index)} is a wildcard, which only a subscription can have`
}

function filterFault(text: string): string | undefined {
  let start = 0
  for (const level of text.split('/')) {
    const wildcard = /[+#]/.exec(level)
    if (wildcard !== null) {
      const place = `'${wildcard[0]}' at character ${characterAt(text, start + wildcard.index)}`
      if (level.length > 1) return `${place} must be alone in its level`
      if (level === '#' && start + 1 < text.length) return `${place} must be the last level`
    }
    start += level.length + 1
  }
  return sizeFault(text)
}

function sizeFault(text: string): string | undefined {
  if (text === '') return 'it is empty'
  const bytes = Buffer.byteLength(text)
  if (bytes > largestString) return `it is ${bytes} bytes long, the limit is ${largestString}`
  const slashes = text.split('/').length - 1
  return slashes > mostSlashes ? `it has ${slashes} '/', the limit is ${mostSlashes}` : undefined
}

/** Counts characters as a person does, from 1; JavaScript counts UTF-16 units. */
function characterAt(text: string, index: number): number {
  return [...text.slice(0, index)].length + 1
}
