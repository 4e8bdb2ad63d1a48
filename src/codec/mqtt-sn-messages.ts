// The messages of MQTT-SN 1.2 as objects (5.4).

export type SnQos = -1 | 0 | 1 | 2

/** Return codes (5.3.10); others are reserved. */
export const SnCode = { accepted: 0, congestion: 1, invalidTopicId: 2, notSupported: 3 } as const

/** What a PUBLISH is addressed to (5.3.11); `id` is 16 bits, the name of a short topic two octets of UTF-8. */
export type SnTopic =
  | { readonly kind: 'normal' | 'predefined'; readonly id: number }
  | { readonly kind: 'short'; readonly name: string }

/** What a client subscribes to. */
export type SnFilter = SnTopic | { readonly kind: 'name'; readonly name: string }

interface MessageId {
  /** MsgId: 1 to 65,535, or 0 at QoS 0 and -1 */
  readonly messageId: number
}

interface Answer extends MessageId {
  /** TopicId as it is on the wire: of a short topic, its two octets */
  readonly topicId: number
  readonly returnCode: number
}

interface Will {
  /** '' is an empty message, which deletes the will; it has no flags (5.4.7). */
  readonly willTopic: string
  readonly qos: SnQos
  readonly retain: boolean
}

interface Subscription extends MessageId {
  readonly dup: boolean
  /** Of an UNSUBSCRIBE: not used. */
  readonly qos: SnQos
  /** Never of the kind 'normal': with that TopicIdType the message has a name (5.4.15). */
  readonly topic: SnFilter
}

export interface SnPublish extends MessageId {
  readonly type: 'publish'
  readonly dup: boolean
  readonly qos: SnQos
  readonly retain: boolean
  readonly topic: SnTopic
  readonly data: Uint8Array
}

export interface SnConnect {
  readonly type: 'connect'
  /** A WILLTOPICREQ is wanted. */
  readonly will: boolean
  readonly cleanSession: boolean
  /** 1 */
  readonly protocolId: number
  /** Keep Alive, in seconds */
  readonly duration: number
  readonly clientId: string
}

export type SnMessage =
  | { readonly type: 'advertise'; readonly gatewayId: number; readonly duration: number }
  | { readonly type: 'searchgw'; readonly radius: number }
  | { readonly type: 'gwinfo'; readonly gatewayId: number; readonly gatewayAddress: Uint8Array }
  | SnConnect
  | {
      readonly type: 'connack' | 'willtopicresp' | 'willmsgresp'
      readonly returnCode: number
    }
  | { readonly type: 'willtopicreq' | 'willmsgreq' | 'pingresp' }
  | ({ readonly type: 'willtopic' | 'willtopicupd' } & Will)
  | { readonly type: 'willmsg' | 'willmsgupd'; readonly data: Uint8Array }
  | ({ readonly type: 'register'; readonly topicId: number; readonly name: string } & MessageId)
  | ({ readonly type: 'regack' | 'puback' } & Answer)
  | SnPublish
  | ({ readonly type: 'pubcomp' | 'pubrec' | 'pubrel' | 'unsuback' } & MessageId)
  | ({ readonly type: 'subscribe' | 'unsubscribe' } & Subscription)
  | ({ readonly type: 'suback'; readonly qos: SnQos } & Answer)
  /** '' unless a sleeping client asks for its messages. */
  | { readonly type: 'pingreq'; readonly clientId: string }
  /** `duration`, in seconds: the client sleeps. */
  | { readonly type: 'disconnect'; readonly duration: number | undefined }
  | {
      readonly type: 'forwarded'
      /** 0 to 3 */
      readonly radius: number
      readonly nodeId: Uint8Array
      /** The encapsulated message, with its own Length. */
      readonly message: Uint8Array
    }

/** Why a datagram is not a message. */
export interface SnFault {
  readonly type?: undefined
  readonly fault: string
}
