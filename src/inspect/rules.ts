// The rules that are checked, one row each: key, severity, statement of the standard, text. Decoders and checks refer to a
// rule by its key.

/** key | severity | MQTT 3.1.1 | MQTT 5.0 | text. `§`: a section without numbered statement; `-`: no rule in that version. */
const table = `
type-reserved-0 | error | §2.2.1 | §2.1.2 | Control Packet type 0 is forbidden
type-15-before-v5 | error | §2.2.1 | - | Control Packet type 15 is forbidden before MQTT 5.0
flags-reserved | error | 2.2.2-1 | 2.1.3-1 | reserved flags of the Fixed Header must have their fixed value
flags-pubrel | error | 3.6.1-1 | 3.6.1-1 | the flags of PUBREL must be 0010
flags-subscribe | error | 3.8.1-1 | 3.8.1-1 | the flags of SUBSCRIBE must be 0010
flags-unsubscribe | error | 3.10.1-1 | 3.10.1-1 | the flags of UNSUBSCRIBE must be 0010
flags-disconnect | error | 3.14.1-1 | 3.14.1-1 | the flags of DISCONNECT must be 0000
flags-auth | error | - | 3.15.1-1 | the flags of AUTH must be 0000
qos-3 | error | 3.3.1-4 | 3.3.1-4 | a PUBLISH must not have both QoS bits set
dup-qos0 | error | 3.3.1-2 | 3.3.1-2 | DUP must be 0 for QoS 0 messages
remlen-5-bytes | error | §2.2.3 | §1.5.5 | the Remaining Length has at most four bytes
vbi-not-minimal | warning | §2.2.3 | 1.5.5-1 | a Variable Byte Integer must use the fewest bytes that can hold it
wrong-length | error | 4.8.0-1 | 4.13.1-1 | the Remaining Length is not what this packet has
field-overrun | error | 4.8.0-1 | 4.13.1-1 | a field runs past the end of the packet or property
trailing-bytes | error | 4.8.0-1 | 4.13.1-1 | bytes are left after the last field
utf8-ill-formed | error | 1.5.3-1 | 1.5.4-1 | a UTF-8 string must be well-formed, without surrogates
utf8-nul | error | 1.5.3-2 | 1.5.4-2 | a UTF-8 string must not contain U+0000
utf8-control | info | §1.5.3 | §1.5.4 | control characters and non-characters should not be in a UTF-8 string
utf8-pair | error | - | 1.5.7-1 | both parts of a UTF-8 string pair must be valid UTF-8
direction | error | §2.2.1 | §2.1.2 | this Control Packet is not sent in this direction
first-not-connect | error | 3.1.0-1 | 3.1.0-1 | the first packet of a client must be CONNECT
second-connect | error | 3.1.0-2 | 3.1.0-2 | a second CONNECT on a connection is a violation
protocol-name | error | 3.1.2-1 | 3.1.2-1 | the Protocol Name must be MQTT (MQIsdp in 3.1)
protocol-level | warning | 3.1.2-2 | 3.1.2-2 | an unknown protocol level must be refused with CONNACK 0x01 (0x84 in 5.0)
connect-reserved-flag | error | 3.1.2-3 | 3.1.2-3 | the reserved flag of CONNECT must be 0
will-bits-without-will | error | 3.1.2-11 | 3.1.2-11 | Will QoS and Will Retain must be 0 without Will Flag
will-qos-3 | error | 3.1.2-14 | 3.1.2-12 | Will QoS must not be 3
password-without-user | error | 3.1.2-22 | - | without User Name Flag the Password Flag must be 0
connect-payload-flags | error | 3.1.3-1 | 3.1.3-1 | the payload of CONNECT must have the fields its flags announce, in order
empty-clientid-session | error | 3.1.3-7 | - | a zero-length Client Identifier needs CleanSession 1
empty-clientid-reply | error | 3.1.3-8 | 3.2.2-16 | a zero-length Client Identifier must be refused, or answered with an assigned one
clientid-portable | info | 3.1.3-5 | 3.1.3-5 | a server may refuse Client Identifiers over 23 bytes or outside 0-9A-Za-z
will-topic | error | 3.1.3-10 | 3.1.3-11 | the Will Topic must be a valid Topic Name
user-name-utf8 | error | 3.1.3-11 | 3.1.3-12 | the User Name must be valid UTF-8
connack-first | error | 3.2.0-1 | 3.2.0-1 | the first packet from the server must be CONNACK (or AUTH in 5.0)
connack-twice | error | §3.2 | 3.2.0-2 | the server must not send more than one CONNACK
connack-flags | error | §3.2.2.1 | 3.2.2-1 | bits 7 to 1 of the Connect Acknowledge Flags must be 0
session-present-clean | error | 3.2.2-1 | 3.2.2-2 | Session Present must be 0 when the client asked for a clean session
session-present-error | error | 3.2.2-4 | 3.2.2-6 | Session Present must be 0 in a CONNACK with an error
connack-code | error | §3.2.2.3 | 3.2.2-8 | a CONNACK must have a defined code
refuse-then-close | warning | 3.2.2-5 | 3.2.2-7 | the server must close the connection after a CONNACK with an error
data-after-refuse | warning | 3.1.4-5 | 3.1.4-6 | the server must not process packets after a CONNACK with an error
connack-missing | warning | 3.1.4-4 | 3.1.4-5 | the server must answer a valid CONNECT with a CONNACK
session-lost-or-invented | warning | 3.2.2-2 | 3.2.2-3 | Session Present must say whether the server has a session
takeover | warning | 3.1.4-2 | 3.1.4-3 | the server must end the older connection of the same Client Identifier
early-with-auth-method | error | - | 3.1.2-30 | before CONNACK a client with Authentication Method sends only AUTH or DISCONNECT
keepalive-client | warning | 3.1.2-23 | 3.1.2-20 | the client must not be silent for longer than Keep Alive
keepalive-broker | warning | 3.1.2-24 | 3.1.2-22 | the server must close after one and a half times Keep Alive without a packet
server-keepalive | warning | - | 3.1.2-21 | the client must use the Server Keep Alive
property-not-allowed | error | - | §2.2.2.2 | this property is not allowed in this packet
property-unknown | error | - | §2.2.2.2 | no property has this identifier
property-twice | error | - | §2.2.2.2 | this property must not occur more than once
property-length | error | - | 2.2.2-1 | the Property Length must be present even without properties
property-range | error | - | §2.2.2.2 | the value of this property is out of its range
auth-data-without-method | error | - | §3.1.2.11.10 | Authentication Data needs an Authentication Method
response-info-unasked | error | - | 3.1.2-28 | Response Information must not be sent unless it was requested
problem-info-unwanted | error | - | 3.1.2-29 | no Reason String or User Property if Request Problem Information is 0
packet-too-large-s2c | error | - | 3.1.2-24 | the server must not send more than the client's Maximum Packet Size
packet-too-large-c2s | error | - | 3.2.2-15 | the client must not send more than the server's Maximum Packet Size
max-qos | error | - | 3.2.2-11 | the client must not publish above the Maximum QoS
retain-unavailable | error | - | 3.2.2-14 | the client must not set RETAIN if Retain Available is 0
feature-unavailable | error | - | §3.2.2.3 | the server does not support this feature
topic-wildcard | error | 3.3.2-2 | 3.3.2-2 | a Topic Name must not have wildcards
topic-empty | error | 4.7.3-1 | 4.7.3-1 | a Topic Name must have at least one character
topic-nul | error | 4.7.3-2 | 4.7.3-2 | a Topic Name must not contain U+0000
topic-unsubscribed | warning | 3.3.2-3 | 3.3.2-3 | a PUBLISH to a client must match one of its subscriptions
dollar-match | warning | 4.7.2-1 | 4.7.2-1 | a leading wildcard must not match topics that begin with $
packet-id-zero | error | 2.3.1-1 | 2.2.1-3 | a Packet Identifier must not be 0
packet-id-in-use | error | 2.3.1-2 | 2.2.1-3 | a new packet needs a Packet Identifier that is not in use
dup-on-first | warning | 4.3.2-1 | 4.3.2-2 | DUP must be 0 when a message is sent for the first time
resend-without-dup | warning | 3.3.1-1 | 3.3.1-1 | DUP must be 1 when a PUBLISH is resent
resend-same-connection | error | - | 4.4.0-1 | messages may be resent only after a reconnect
resend-missing | warning | 4.4.0-1 | 4.4.0-1 | unacknowledged messages must be resent when the session is resumed
resend-order | warning | 4.6.0-1 | 4.6.0-1 | messages must be resent in their original order
resend-new-id | warning | 2.3.1-3 | 4.4.0-1 | a message must be resent with the same Packet Identifier
retain-on-live | warning | 3.3.1-9 | 3.3.1-12 | RETAIN must be 0 on a message that an existing subscription matches
retain-handling | warning | - | 3.3.1-10 | retained messages must be sent as Retain Handling requests
qos-above-granted | error | 3.8.4-6 | 3.8.4-8 | a message must not be delivered above the QoS that was granted
c2s-subscription-id | error | - | 3.3.4-6 | a client must not send a Subscription Identifier in PUBLISH
s2c-subscription-id | warning | - | 3.3.4-3 | a message must have the Subscription Identifiers of the subscriptions it matches
alias-zero | error | - | 3.3.2-8 | a Topic Alias must not be 0
alias-too-big-c2s | error | - | 3.3.2-9 | a Topic Alias must not be over the server's Topic Alias Maximum
alias-too-big-s2c | error | - | 3.3.2-11 | a Topic Alias must not be over the client's Topic Alias Maximum
alias-unknown | error | - | 3.3.2-7 | a Topic Alias must be set on this connection before it is used
response-topic | error | - | 3.3.2-14 | the Response Topic must not have wildcards
payload-format | error | - | §3.3.2.3.2 | the Payload Format Indicator must be 0 or 1, and match the payload
content-type-utf8 | error | - | 3.3.2-19 | the Content Type must be valid UTF-8
receive-max-c2s | error | - | 3.3.4-7 | the client must not have more unacknowledged messages than the server's Receive Maximum
receive-max-s2c | error | - | 3.3.4-9 | the server must not have more unacknowledged messages than the client's Receive Maximum
puback-missing | warning | 4.3.2-2 | 4.3.2-4 | a QoS 1 PUBLISH must be answered with PUBACK
pubrec-missing | warning | 4.3.3-2 | 4.3.3-8 | a QoS 2 PUBLISH must be answered with PUBREC
pubrel-missing | warning | 4.3.3-1 | 4.3.3-4 | a PUBREC must be answered with PUBREL
pubcomp-missing | warning | 4.3.3-2 | 4.3.3-11 | a PUBREL must be answered with PUBCOMP
wrong-ack-type | error | 3.3.4-1 | 3.3.4-1 | this acknowledgement does not match the QoS of the message
ack-unknown-id | error | 2.3.1-6 | 2.2.1-5 | an acknowledgement must match an unacknowledged message
publish-after-pubrel | error | 4.3.3-1 | 4.3.3-6 | a message must not be resent after its PUBREL
pubrel-after-error | error | - | 4.3.3-4 | no PUBREL may follow a PUBREC with an error
puback-order | warning | 4.6.0-2 | 4.6.0-2 | a client must send PUBACKs in the order in which it received the messages
pubrec-order | warning | 4.6.0-3 | 4.6.0-3 | a client must send PUBRECs in the order in which it received the messages
pubrel-order | warning | 4.6.0-4 | 4.6.0-4 | a client must send PUBRELs in the order in which it received the PUBRECs
delivery-order | warning | 4.6.0-6 | 4.6.0-6 | messages of one topic and QoS must be delivered in order
qos2-duplicate | error | 4.3.3-2 | 4.3.3-10 | a QoS 2 message must be delivered exactly once
pub-reason-code | error | - | 3.4.2-1 | this Reason Code is not allowed in this packet
props-altered | warning | - | 3.3.2-17 | properties of a message must be forwarded unaltered
subscribe-empty | error | 3.8.3-3 | 3.8.3-2 | a SUBSCRIBE must have at least one Topic Filter
subscribe-options | error | 3.8.3-4 | 3.8.3-5 | Subscription Options must not have reserved bits, QoS 3 or Retain Handling 3
filter-hash | error | 4.7.1-2 | 4.7.1-1 | # must be the last character of a Topic Filter and alone in its level
filter-plus | error | 4.7.1-3 | 4.7.1-2 | + must fill a whole level of a Topic Filter
filter-empty | error | 4.7.3-1 | 4.7.3-1 | a Topic Filter must have at least one character
share-malformed | error | - | 4.8.2-1 | a Shared Subscription has the form $share/NAME/FILTER
share-nolocal | error | - | 3.8.3-4 | No Local must not be 1 on a Shared Subscription
suback-missing | warning | 3.8.4-1 | 3.8.4-1 | the server must answer a SUBSCRIBE with SUBACK
suback-id | error | 3.8.4-2 | 3.8.4-2 | a SUBACK must have the Packet Identifier of its SUBSCRIBE
suback-count | error | 3.8.4-5 | 3.8.4-6 | a SUBACK must have a code for each Topic Filter
suback-code | error | 3.9.3-2 | 3.9.3-2 | a SUBACK must have defined codes, and grant at most the requested QoS
unsubscribe-empty | error | 3.10.3-2 | 3.10.3-2 | an UNSUBSCRIBE must have at least one Topic Filter
unsuback-missing | warning | 3.10.4-4 | 3.10.4-4 | the server must answer an UNSUBSCRIBE with UNSUBACK
unsuback-codes | error | - | 3.11.3-1 | an UNSUBACK must have a defined code for each Topic Filter
publish-after-unsub | warning | 3.10.4-2 | 3.10.4-2 | no new messages may be sent for a removed subscription
nolocal-broken | error | - | 3.8.3-3 | with No Local a client must not receive its own messages
pingresp-missing | warning | 3.12.4-1 | 3.12.4-1 | the server must answer a PINGREQ with PINGRESP
after-disconnect | error | 3.14.4-2 | 3.14.4-1 | no packet may be sent after DISCONNECT
disconnect-close | warning | 3.14.4-1 | 3.14.4-2 | the connection must be closed after DISCONNECT
disconnect-before-connack | error | - | 3.14.0-1 | the server must not send DISCONNECT before CONNACK
disconnect-expiry | error | - | 3.14.2-2 | Session Expiry Interval in DISCONNECT is allowed only if CONNECT had one other than 0
disconnect-code | error | - | 3.14.2-1 | this Reason Code is not allowed in DISCONNECT
will-after-disconnect | error | 3.14.4-3 | 3.14.4-3 | no will may be published after a normal DISCONNECT
will-missing | warning | 3.1.2-8 | 3.1.2-8 | the will must be published after an abnormal close
auth-without-method | error | - | 4.12.0-6 | AUTH needs an Authentication Method in CONNECT
auth-method-changed | error | - | 4.12.0-5 | the Authentication Method must stay the same
auth-code | error | - | 3.15.2-1 | AUTH has 0x18 during the exchange, 0x19 only from the client, 0x00 only from the server
malformed-not-closed | warning | 4.8.0-1 | 4.13.1-1 | a connection with a malformed packet must be closed
ws-text-frame | error | 6.0.0-1 | 6.0.0-1 | MQTT must be sent in binary WebSocket frames
ws-offer | error | 6.0.0-3 | 6.0.0-3 | a client must offer the WebSocket sub-protocol mqtt
ws-select | error | 6.0.0-4 | 6.0.0-4 | the server must select the WebSocket sub-protocol mqtt
ws-masking | error | RFC 6455 §5.1 | RFC 6455 §5.1 | a WebSocket client must mask its frames, a server must not
sn-type-reserved | error | SN 1.2 §5.2.2 | SN 1.2 §5.2.2 | this message type is reserved
sn-length | warning | SN 1.2 §5.2.1 | SN 1.2 §5.2.1 | the length does not match the message, or takes three bytes needlessly
sn-trailing | error | SN 1.2 §5.2.1 | SN 1.2 §5.2.1 | bytes are left after the message: a datagram holds one
sn-flags | error | SN 1.2 §5.3.4 | SN 1.2 §5.3.4 | TopicIdType 3 is reserved
sn-flags-unused | info | SN 1.2 §5.3.4 | SN 1.2 §5.3.4 | a flag is set that has no meaning in this message
sn-qos | error | SN 1.2 §5.3.4 | SN 1.2 §5.3.4 | QoS -1 is only for PUBLISH
sn-dup-qos0 | warning | SN 1.2 §5.3.4 | SN 1.2 §5.3.4 | DUP has no meaning at QoS 0 and -1: such a message is not sent again
sn-utf8 | error | SN 1.2 §5.3.12 | SN 1.2 §5.3.12 | a text must be valid UTF-8
sn-client-id | warning | SN 1.2 §5.3.1 | SN 1.2 §5.3.1 | a ClientId has 1 to 23 characters
sn-protocol-id | warning | SN 1.2 §5.3.8 | SN 1.2 §5.3.8 | the ProtocolId of MQTT-SN 1.2 is 1
sn-return-code | error | SN 1.2 §5.3.10 | SN 1.2 §5.3.10 | the return codes 0x04 to 0xFF are reserved
sn-msg-id | warning | SN 1.2 §5.3.7 | SN 1.2 §5.3.7 | a message that is acknowledged, and its acknowledgement, need a MsgId other than 0
sn-topic-id-reserved | warning | SN 1.2 §5.3.11 | SN 1.2 §5.3.11 | the topic ids 0x0000 and 0xFFFF are reserved
sn-topic-name | error | SN 1.2 §5.3.12 | SN 1.2 §5.3.12 | a topic name must have at least one character
sn-direction | error | SN 1.2 §5.4 | SN 1.2 §5.4 | this message is only for the other direction
sn-register-id | warning | SN 1.2 §5.4.10 | SN 1.2 §5.4.10 | the topic id of a REGISTER is 0 from a client, and another number from a gateway
sn-will | warning | SN 1.2 §6.2 | SN 1.2 §6.2 | the will is asked for in order, and only if CONNECT has the Will flag
sn-not-connected | warning | SN 1.2 §6.2 | SN 1.2 §6.2 | a client must connect before this message
sn-after-disconnect | warning | SN 1.2 §6.12 | SN 1.2 §6.12 | a client that has disconnected must connect before this message
sn-topicid-unknown | warning | SN 1.2 §6.6 | SN 1.2 §6.6 | this topic id was not registered
sn-qos-1-session | warning | SN 1.2 §6.8 | SN 1.2 §6.8 | QoS -1 needs a predefined topic id or a short topic name
sn-one-outstanding | warning | SN 1.2 §6.6 | SN 1.2 §6.6 | a client must have only one request of a kind outstanding
sn-ack-unknown | warning | SN 1.2 §6.6 | SN 1.2 §6.6 | an acknowledgement must match a request
sn-ack-uncaptured | info | SN 1.2 §6.6 | SN 1.2 §6.6 | the request for this acknowledgement is not in the capture
sn-ack-type | warning | SN 1.2 §6.6 | SN 1.2 §6.6 | this acknowledgement does not belong to the request with its MsgId
sn-ack-topic | warning | SN 1.2 §5.4.13 | SN 1.2 §5.4.13 | an acknowledgement must have the topic id of its request
sn-dup-first | warning | SN 1.2 §5.3.4 | SN 1.2 §5.3.4 | DUP must be 0 when a message is sent for the first time
sn-dup-missing | warning | SN 1.2 §5.3.4 | SN 1.2 §5.3.4 | DUP must be 1 when a PUBLISH is sent again
sn-late-answer | warning | SN 1.2 §6.13 | SN 1.2 §6.13 | the answer came later than the largest T_retry, 15 s, and the request was not sent again
sn-retry-time | info | SN 1.2 §6.13 | SN 1.2 §6.13 | T_retry, after which a message is sent again, is 10 to 15 s
sn-to-sleeping | warning | SN 1.2 §6.14 | SN 1.2 §6.14 | a gateway must keep the messages of a client that sleeps
sn-from-sleeping | warning | SN 1.2 §6.14 | SN 1.2 §6.14 | a client that sleeps must connect before this message
sn-keepalive | warning | SN 1.2 §6.11 | SN 1.2 §6.11 | the client must not be silent for longer than it has announced
`

type Trimmed<Text extends string> = Text extends `${infer Key} | ${string}` ? Key : never
type Keys<Text extends string, Found = never> = Text extends `${infer Row}\n${infer Rest}`
  ? Keys<Rest, Found | Trimmed<Row>>
  : Found

/** Stable name of a rule, for searching and filtering. */
export type RuleKey = Keys<typeof table>
export type Severity = 'error' | 'warning' | 'info'

export interface Rule {
  readonly key: RuleKey
  readonly severity: Severity
  /** The statement in MQTT 3.1.1 and in 5.0: `3.1.0-1`, `§2.2.1`, `-`. */
  readonly before5: string
  readonly since5: string
  readonly text: string
}

/** All rules by key, in table order. */
export const rules: ReadonlyMap<string, Rule> = new Map(
  table
    .trim()
    .split('\n')
    .map((row) => {
      const [key, severity, before5, since5, text] = row.split(' | ')
      return [key, { key, severity, before5, since5, text }] as [string, Rule]
    }),
)

/** A violation of a rule in a packet. */
export interface Violation {
  readonly rule: Rule
  /** `MQTT-3.1.0-1`, or a section if the standard has no numbered statement. */
  readonly id: string
  readonly severity: Severity
  readonly message: string
  /** Bytes from the start of the packet. */
  readonly offset: number
}

/** Sections of MQTT 3.1, which has no numbered statements, that differ from those of 3.1.1. */
const sectionsOf31: readonly (readonly [prefix: string, section: string])[] = [
  ['1.5.3', '2.5'],
  ['2.2', '2.1'],
  ['2.3', '2.4'],
  ['4.3', '4.1'],
  ['4.4', '4.2'],
  ['4.6', '4.3'],
  ['4.7', 'Appendix A'],
  ['4.8', '2.1'],
]

/** The id of the statement in protocol `version`; `-` if that version does not have the rule. */
export function statementOf(rule: Rule, version: number): string {
  const statement = version === 5 ? rule.since5 : rule.before5
  if (!/^[§\d]/.test(statement)) return statement
  if (version === 1) return 'SN 1.2 §5.2' // rules of every message, such as field-overrun
  const number = statement.replace('§', '')
  if (version === 3) {
    const moved = sectionsOf31.find(([prefix]) => number.startsWith(prefix))?.[1]
    return `MQTT 3.1 §${moved ?? number.split('-')[0]!.split('.').slice(0, 2).join('.')}`
  }
  return statement.startsWith('§')
    ? `MQTT ${version === 5 ? '5.0' : '3.1.1'} ${statement}`
    : `MQTT-${statement}`
}

/** A violation of rule `key`; undefined if `version` does not have the rule. `detail` replaces the text of the rule. */
export function violation(
  key: RuleKey,
  version: number,
  offset: number,
  detail?: string,
): Violation | undefined {
  const rule = rules.get(key)!
  const id = statementOf(rule, version)
  if (id === '-') return undefined
  return { rule, id, severity: rule.severity, message: detail ?? rule.text, offset }
}
