// MQTT 5 properties: -D for all of them, long options for common ones. Each of them selects MQTT 5.
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'
import { namesOf, optionsOf } from '../option.js'
import {
  addProperty,
  type GivenProperty,
  needsAnotherArgument,
  type PropertyPacket,
  type PropertySets,
  parseProperty,
  property,
  propertyPackets,
} from '../property.js'
import { type ProtocolVersion, versionName } from '../values.js'

const { flag, indirect, option } = optionsOf('MQTT 5')

/** The MQTT version, and the options that selected it. */
export interface VersionArgs {
  protocolVersion: ProtocolVersion
  /** The value of -V. */
  versionGiven?: ProtocolVersion
  /** The name of the first option that needs MQTT 5: `--content-type`. */
  fiveNeededBy?: string
}

/** The keys that these options write to Args. */
export interface PropertyArgs extends VersionArgs {
  properties?: PropertySets
  /** Seconds, from -x; separate from `properties` to detect -D connect session-expiry-interval as well. */
  sessionExpiry?: number
}

/** As in mosquitto, an option for MQTT 5 selects that version. */
function needFive(args: PropertyArgs, option: string): void {
  args.protocolVersion = 5
  args.fiveNeededBy ??= option
}

/** Returns an `assign` that adds the property; `flags` are those of its option. */
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
  called: '--property',
  missing: 'not enough arguments specified',
  parse: (text, _name, more = []) => parseProperty([text, ...more]),
  needsAnother: needsAnotherArgument,
  complete: propertyPackets,
  repeatable: true,
  help: 'Add an MQTT 5 property; see PROPERTIES in the manual.',
  doc: `COMMAND is connect, publish, subscribe, unsubscribe, disconnect or will. A user-property takes two values, name
    and value: \`-D publish user-property unit celsius\`.`,
  assign: adder(propertyFlags),
})

/** A long option for one property of one packet. */
function plain(
  packet: PropertyPacket,
  name: string,
  description: { flags: string; help: string; doc?: string; missing: string },
) {
  return indirect({
    ...description,
    parse: (text) => property(packet, name, text),
    assign: adder(description.flags),
  })
}

/** `NAME=VALUE`; the first `=` separates. */
function userProperty(packet: PropertyPacket) {
  return indirect({
    flags: userPropertyFlags,
    missing: 'no property specified',
    repeatable: true,
    parse(text, name) {
      const equals = text.indexOf('=')
      if (equals < 0)
        throw new UsageError(`${name}: '${shown(text)}' is not NAME=VALUE`, { hint: 'as in unit=celsius' })
      return property(packet, 'user-property', text.slice(0, equals), text.slice(equals + 1))
    },
    assign: adder(userPropertyFlags),
    help: `Add a User Property to each ${packet.toUpperCase()}.`,
    doc: 'May be given more than once, even with the same name.',
  })
}

const sessionExpiry = indirect({
  flags: '-x, --session-expiry SECONDS',
  called: '-x',
  missing: 'no session expiry interval specified',
  parse: parseSessionExpiry,
  assign(args: PropertyArgs, value: number) {
    needFive(args, '-x')
    args.sessionExpiry = value
  },
  help: 'Keep the session this long after the connection; -1: forever.',
  doc: 'The Session Expiry Interval: 0 to 4294967295. The last, -1 and \u221e mean that it never expires.',
})

const never = 4_294_967_295

/** Decimal, hexadecimal after 0x or octal after 0, as in mosquitto. */
function parseSessionExpiry(text: string): number {
  if (text === '\u221e' || text === '-1') return never
  const hint = `seconds from 0 to ${never}, or -1 for no expiry`
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
  help: 'The server waits this long before it publishes the will.',
  doc: 'The will is not published if the client reconnects in time.',
})

const willExpiry = plain('will', 'message-expiry-interval', {
  flags: '--will-expiry SECONDS',
  missing: 'no time specified',
  help: 'Message Expiry Interval of the will.',
})

/** For every command that connects. */
export const connectProperties = { any, sessionExpiry, willDelay, willExpiry }

/** For commands that publish. */
export const publishProperties = {
  userProperty: userProperty('publish'),
  contentType: plain('publish', 'content-type', {
    flags: '--content-type TYPE',
    missing: 'no content type specified',
    help: 'Content Type of the payload, such as a MIME type.',
  }),
  messageExpiry: plain('publish', 'message-expiry-interval', {
    flags: '--message-expiry SECONDS',
    missing: 'no time specified',
    help: 'Message Expiry Interval.',
    doc: 'The server drops the message for subscribers that have not received it by then.',
  }),
  correlationData: plain('publish', 'correlation-data', {
    flags: '--correlation-data TEXT',
    missing: 'no data specified',
    help: 'Correlation Data, which the response repeats.',
  }),
  payloadFormat: plain('publish', 'payload-format-indicator', {
    flags: '--payload-format FORMAT',
    missing: 'no format specified',
    help: 'Payload Format Indicator: 1 for UTF-8 text, 0 for bytes.',
  }),
}

/** For pub only: rr has a Response Topic option of its own. */
export const responseTopicOption = {
  responseTopic: plain('publish', 'response-topic', {
    flags: '--response-topic TOPIC',
    missing: 'no response topic specified',
    help: 'Response Topic: where the response should go.',
  }),
  topicAlias: plain('publish', 'topic-alias', {
    flags: '--topic-alias NUMBER',
    missing: 'no topic alias specified',
    help: 'Topic Alias, which replaces the topic after the first message.',
    doc: 'The server sets the largest number; if it accepts no alias, this is an error.',
  }),
}

/** For commands that subscribe. */
export const subscribeProperties = {
  userProperty: userProperty('subscribe'),
  subscriptionIdentifier: plain('subscribe', 'subscription-identifier', {
    flags: '--subscription-identifier NUMBER',
    missing: 'no number specified',
    help: 'Subscription Identifier, which its messages carry (%S).',
  }),
}

const noLocal = flag({ flags: '--no-local', help: 'Do not receive messages published by this client.' })

const retainAsPublished = flag({
  flags: '--retain-as-published',
  help: 'Receive the retain flag as the publisher set it.',
})

const retainHandling = option({
  flags: '--retain-handling WHEN',
  choices: ['always', 'new', 'never'],
  missing: 'no option specified',
  parse: parseRetainHandling,
  help: 'When to send retained messages: always, new or never.',
  doc: '`new`: only if the subscription is new. No effect before MQTT 5, as in mosquitto.',
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

/** Subscription Options (MQTT 5.0, 3.8.3.1); ignored with an earlier version, as in mosquitto. */
export const subscriptionFlags = { noLocal, retainAsPublished, retainHandling }

/**
 * Checks the MQTT version and the properties after all options are read.
 * @throws UsageError with mosquitto's text
 */
export function checkProperties(args: PropertyArgs): void {
  const { properties = {}, versionGiven = 5, fiveNeededBy } = args
  const connect = properties.connect ?? {}
  if (versionGiven < 5 && fiveNeededBy !== undefined) {
    const hint = `${fiveNeededBy} needs MQTT 5, but -V ${versionName(versionGiven)} is given: omit one of them`
    throw new UsageError('This feature is not supported.', { hint })
  }
  if (args.sessionExpiry !== undefined && 'sessionExpiryInterval' in connect) {
    throw new UsageError('Unable to connect (Duplicate property in property list).', {
      prefix: '',
      hint: 'both -x and -D connect session-expiry-interval are given: omit one of them',
    })
  }
}
