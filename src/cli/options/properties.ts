// MQTT 5 properties: -D for all of them, a plain option for those that are used often. Each asks for MQTT 5.
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'
import { flag, indirect, namesOf, option } from '../option.js'
import {
  addProperty,
  type GivenProperty,
  needsAnotherWord,
  type PropertyPacket,
  type PropertySets,
  parseProperty,
  property,
  propertyPackets,
} from '../property.js'
import { type ProtocolVersion, versionName } from '../values.js'

/** The version of MQTT, and what asked for it. */
export interface VersionArgs {
  protocolVersion: ProtocolVersion
  /** What -V says. */
  versionGiven?: ProtocolVersion
  /** The first option that only MQTT 5 has, as it is written: `--content-type`. */
  fiveNeededBy?: string
}

/** The keys of Args that these options write. */
export interface PropertyArgs extends VersionArgs {
  properties?: PropertySets
  /** Seconds; from -x, so that it can be told from -D connect session-expiry-interval. */
  sessionExpiry?: number
}

/** As in the reference, an option of MQTT 5 chooses that version. */
function needFive(args: PropertyArgs, option: string): void {
  args.protocolVersion = 5
  args.fiveNeededBy ??= option
}

/** Adds to the properties; `flags` are those of the option that gives them. */
function adder(flags: string): (args: PropertyArgs, given: GivenProperty) => void {
  const { short, long = '' } = namesOf({ flags })
  return (args, given) => {
    needFive(args, short === '-D' ? `-D ${given.packet}` : long)
    args.properties ??= {}
    addProperty(args.properties, given)
  }
}

const propertyFlags = '-D, --property COMMAND NAME VALUE'
const userPropertyFlags = '--user-property NAME=VALUE'

const any = indirect({
  flags: propertyFlags,
  group: 'MQTT 5',
  called: '--property',
  missing: 'not enough arguments specified',
  parse: (text, _name, more = []) => parseProperty([text, ...more]),
  needsAnother: needsAnotherWord,
  complete: propertyPackets,
  repeatable: true,
  help: 'Add a property of MQTT 5; see PROPERTIES in the manual.',
  doc: `COMMAND is connect, publish, subscribe, unsubscribe, disconnect or will. A user-property takes two values, its name
    and its value: \`-D publish user-property unit celsius\`.`,
  assign: adder(propertyFlags),
})

/** A plain option for one property of one packet. */
function plain(
  packet: PropertyPacket,
  name: string,
  description: { flags: string; help: string; doc?: string; missing: string },
) {
  return indirect({
    ...description,
    group: 'MQTT 5',
    parse: (text) => property(packet, name, text),
    assign: adder(description.flags),
  })
}

/** `NAME=VALUE`; the first `=` separates. */
function userProperty(packet: PropertyPacket) {
  return indirect({
    flags: userPropertyFlags,
    group: 'MQTT 5',
    missing: 'no property specified',
    repeatable: true,
    parse(text, name) {
      const equals = text.indexOf('=')
      if (equals < 0)
        throw new UsageError(`${name}: '${text}' is not NAME=VALUE`, { hint: 'unit=celsius, for example' })
      return property(packet, 'user-property', text.slice(0, equals), text.slice(equals + 1))
    },
    assign: adder(userPropertyFlags),
    help: `Add a User Property to each ${packet.toUpperCase()}.`,
    doc: 'May be given more than once, also with the same name.',
  })
}

const sessionExpiry = indirect({
  flags: '-x, --session-expiry SECONDS',
  group: 'MQTT 5',
  called: '-x',
  missing: 'no session expiry interval specified',
  parse: parseSessionExpiry,
  assign(args: PropertyArgs, value: number) {
    needFive(args, '-x')
    args.sessionExpiry = value
  },
  help: 'How long the server keeps the session without us; -1: for ever.',
  doc: 'The Session Expiry Interval: 0 to 4294967295. That number, -1 and \u221e mean that it never expires.',
})

const never = 4_294_967_295

/** In decimal, in hexadecimal behind 0x, in octal behind 0, as the reference reads it. */
function parseSessionExpiry(text: string): number {
  if (text === '\u221e' || text === '-1') return never
  const hint = `seconds from 0 to ${never}, or -1 for ever`
  const [, minus, digits] = /^(-?)(0x[\da-f]+|0[0-7]*|[1-9]\d*)$/i.exec(text) ?? []
  if (digits === undefined) throw new UsageError('session-expiry-interval not a number.', { hint })
  const number = /^0\d/.test(digits) ? Number.parseInt(digits, 8) : Number(digits)
  if (number > never || (minus !== '' && number !== 0))
    throw new UsageError('session-expiry-interval out of range.', { hint })
  return number
}

const willDelay = plain('will', 'will-delay-interval', {
  flags: '--will-delay SECONDS',
  missing: 'no time specified',
  help: 'How long the server waits before it sends the will.',
  doc: 'If we are back in time it is not sent.',
})

const willExpiry = plain('will', 'message-expiry-interval', {
  flags: '--will-expiry SECONDS',
  missing: 'no time specified',
  help: 'How long the will is of interest.',
})

/** Of every command that connects. */
export const connectProperties = { any, sessionExpiry, willDelay, willExpiry }

/** Of a command that publishes. */
export const publishProperties = {
  userProperty: userProperty('publish'),
  contentType: plain('publish', 'content-type', {
    flags: '--content-type TYPE',
    missing: 'no content type specified',
    help: 'What the payload is, a MIME type for example.',
  }),
  messageExpiry: plain('publish', 'message-expiry-interval', {
    flags: '--message-expiry SECONDS',
    missing: 'no time specified',
    help: 'How long the message is of interest.',
    doc: 'The server drops it for those who have not got it by then.',
  }),
  correlationData: plain('publish', 'correlation-data', {
    flags: '--correlation-data TEXT',
    missing: 'no data specified',
    help: 'What the answer to this message will carry too.',
  }),
  payloadFormat: plain('publish', 'payload-format-indicator', {
    flags: '--payload-format FORMAT',
    missing: 'no format specified',
    help: 'Say what the payload is: 1 for UTF-8 text, 0 for any bytes.',
  }),
}

/** Of pub, whose Response Topic is free. */
export const responseTopicOption = {
  responseTopic: plain('publish', 'response-topic', {
    flags: '--response-topic TOPIC',
    missing: 'no response topic specified',
    help: 'Where an answer is expected.',
  }),
  topicAlias: plain('publish', 'topic-alias', {
    flags: '--topic-alias NUMBER',
    missing: 'no topic alias specified',
    help: 'Send the topic once and this number in its place afterwards.',
    doc: 'The server says how large the number may be; one that takes none is an error.',
  }),
}

/** Of a command that subscribes. */
export const subscribeProperties = {
  userProperty: userProperty('subscribe'),
  subscriptionIdentifier: plain('subscribe', 'subscription-identifier', {
    flags: '--subscription-identifier NUMBER',
    missing: 'no number specified',
    help: 'A number that messages of this subscription carry (%S).',
  }),
}

const noLocal = flag({
  flags: '--no-local',
  group: 'MQTT 5',
  help: 'Do not receive what this very client has published.',
})

const retainAsPublished = flag({
  flags: '--retain-as-published',
  group: 'MQTT 5',
  help: 'Keep the retain flag of messages as their publisher set it.',
})

const retainHandling = option({
  flags: '--retain-handling WHEN',
  group: 'MQTT 5',
  choices: ['always', 'new', 'never'],
  missing: 'no option specified',
  parse: parseRetainHandling,
  help: 'When to send retained messages: always, new or never.',
  doc: '`new`: only if the subscription did not exist before. Before MQTT 5 it has no effect, as in the reference.',
})

function parseRetainHandling(text: string): 0 | 1 | 2 {
  switch (text) {
    case 'always':
      return 0
    case 'new':
      return 1
    case 'never':
      return 2
    default:
      throw new UsageError(`Unknown value '${shown(text)}' for --retain-handling.`, {
        hint: 'use always, new or never',
      })
  }
}

/** Subscription Options (MQTT 5.0, 3.8.3.1); with an earlier version they are left out, as the reference does. */
export const subscriptionFlags = { noLocal, retainAsPublished, retainHandling }

/**
 * What only shows when all words have been read.
 * @throws UsageError in the reference's words
 */
export function checkProperties(args: PropertyArgs): void {
  const { properties = {}, versionGiven = 5, fiveNeededBy } = args
  const connect = properties.connect ?? {}
  if (versionGiven < 5 && fiveNeededBy !== undefined) {
    const hint = `${fiveNeededBy} needs MQTT 5, but -V ${versionName(versionGiven)} is given: leave one of them out`
    throw new UsageError('This feature is not supported.', { hint })
  }
  if (args.sessionExpiry !== undefined && 'sessionExpiryInterval' in connect) {
    throw new UsageError('Unable to connect (Duplicate property in property list).', {
      prefix: '',
      hint: 'the session expiry is given by -x and by -D connect session-expiry-interval',
    })
  }
}
