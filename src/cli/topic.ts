// Parsers for Topic Names and Topic Filters (MQTT 3.1.1, 4.7); hints name the character at fault.
import { UsageError } from '../errors.js'
import { misplacedWildcards } from '../session/topic-filter.js'
import { shown } from '../text.js'
import type { Parse } from './option.js'
import { largestString, stringFault } from './values.js'

/** mosquitto, client and server, refuses topics with more slashes. */
const mostSlashes = 200

/** Parses a Topic Name. `kind` is mosquitto's word for it, as in `Invalid publish topic`. */
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

/** Parses a Topic Filter, which may have the wildcards `+` and `#`. */
export function topicFilter(kind: 'subscription' | 'filter' | 'unsubscribe'): Parse<string> {
  return (text, name) => {
    refuseMalformed(text, name)
    const fault = filterFault(text)
    if (fault === undefined) return text
    const message = `Invalid ${kind} topic '${shown(text)}', are all '+' and '#' wildcards correct?`
    throw new UsageError(message, { hint: fault })
  }
}

/** Why a received `text` is not a valid Topic Name to publish to; undefined if it is. */
export function topicNameFault(text: string): string | undefined {
  return (Buffer.byteLength(text) > largestString ? undefined : stringFault(text)) ?? nameFault(text)
}

function refuseMalformed(text: string, name: string): void {
  if (Buffer.byteLength(text) > largestString) return // has an error text of its own
  const fault = stringFault(text)
  if (fault !== undefined) throw new UsageError(`Malformed UTF-8 in ${name} argument.`, { hint: fault })
}

function nameFault(text: string): string | undefined {
  const wildcard = /[+#]/.exec(text)
  if (wildcard === null) return sizeFault(text)
  return `'${wildcard[0]}' at character ${characterAt(text, wildcard.index)} is a wildcard, allowed only in a subscription`
}

function filterFault(text: string): string | undefined {
  const [first] = misplacedWildcards(text)
  if (first === undefined) return sizeFault(text)
  return `'${first.wildcard}' at character ${characterAt(text, first.index)} must be ${first.mustBe}`
}

function sizeFault(text: string): string | undefined {
  if (text === '') return 'it is empty'
  const bytes = Buffer.byteLength(text)
  if (bytes > largestString) return `it is ${bytes} bytes long, the limit is ${largestString}`
  const slashes = text.split('/').length - 1
  return slashes > mostSlashes ? `it has ${slashes} '/', the limit is ${mostSlashes}` : undefined
}

/** The position in code points, from 1; `index` counts UTF-16 units. */
function characterAt(text: string, index: number): number {
  return [...text.slice(0, index)].length + 1
}
