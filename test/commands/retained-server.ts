// A scripted MQTT 5 server with retained messages, and the behaviour that a test asks for.
import type { Socket } from 'node:net'
import type { IPublishPacket, Packet } from 'mqtt-packet'
import { matches } from '../../src/session/topic-filter.js'
import { bytes } from '../connection/rig.js'
import { type ScriptedServer, scriptedServer } from '../helpers/scripted-server.js'
import { obliging } from './rr-server.js'

export interface RetainedScript {
  readonly topics: readonly string[]
  readonly qos?: 0 | 1 | 2
  readonly connack?: Record<string, unknown>
  /** Reason Codes of SUBACK by Topic Filter. */
  readonly refuses?: (filter: string) => number | undefined
  /** Messages at QoS 1 and 2 that a SUBSCRIBE gets at most; the rest is dropped. */
  readonly queue?: number
  /** Sends a message each so many milliseconds, while it answers other packets at once. */
  readonly everyMs?: number
  /** Stops after so many messages, and answers nothing any more. */
  readonly hangsAfter?: number
  /** Called before a removal is done; returns the Reason Code of PUBACK, `kept` to do nothing but acknowledge. */
  readonly onRemoval?: (
    topic: string,
    send: (packet: Packet) => void,
  ) => number | 'kept' | 'silent' | undefined
  /** Called after a SUBSCRIBE at QoS 2 was answered, with its filters. */
  readonly onRead?: (filters: readonly string[], send: (packet: Packet) => void) => void
}

export interface RetainedServer extends ScriptedServer {
  readonly store: Set<string>
  /** The most Topic Filters in one SUBSCRIBE at QoS 2. */
  largestBatch(): number
}

/** A message that is published now. */
export const live = (topic: string, payload = 'new'): IPublishPacket => ({
  ...{ cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false },
})

export async function retainedServer(script: RetainedScript): Promise<RetainedServer> {
  const store = new Set(script.topics)
  let largest = 0
  let sent = 0
  let messageId = 0
  const hangs = () => script.hangsAfter !== undefined && sent >= script.hangsAfter
  const deliver = (socket: Socket, filters: readonly string[], maximum: 0 | 1 | 2): void => {
    const found = filters.flatMap((filter) => [...store].filter((topic) => matches(filter, topic)))
    const qos = Math.min(script.qos ?? 0, maximum) as 0 | 1 | 2
    const fitting = qos > 0 && script.queue !== undefined ? found.slice(0, script.queue) : found
    fitting.forEach((topic, index) => {
      const send = (): void => {
        if (hangs() || socket.destroyed) return
        sent++
        const packet = {
          ...live(topic, topic),
          retain: true,
          qos,
          messageId: qos > 0 ? (messageId = (messageId % 65_535) + 1) : 0,
        }
        socket.write(bytes(packet as Packet, 5))
      }
      if (script.everyMs === undefined) send()
      else setTimeout(send, script.everyMs * (index + 1))
    })
  }
  const server = await scriptedServer({
    packet(packet, socket) {
      if (hangs()) return
      const send = (answer: Packet): void => void socket.write(bytes(answer, 5))
      const filters = packet.cmd === 'subscribe' ? packet.subscriptions.map(({ topic }) => topic) : []
      if (packet.cmd === 'connect')
        return send({
          cmd: 'connack',
          reasonCode: 0,
          sessionPresent: false,
          properties: script.connack ?? {},
        })
      if (packet.cmd === 'subscribe') {
        const { qos } = packet.subscriptions[0]!
        const granted = filters.map((filter) => script.refuses?.(filter) ?? qos)
        send({ cmd: 'suback', messageId: packet.messageId!, granted })
        deliver(
          socket,
          filters.filter((_, index) => granted[index]! < 0x80),
          qos,
        )
        if (qos === 2) {
          largest = Math.max(largest, filters.length)
          script.onRead?.(filters, send)
        }
        return
      }
      if (packet.cmd === 'publish' && packet.retain && packet.payload.length === 0) {
        const code = script.onRemoval?.(packet.topic, send)
        if (code === 'silent') return
        if (code === undefined) store.delete(packet.topic)
        return send({
          cmd: 'puback',
          messageId: packet.messageId!,
          reasonCode: code === 'kept' ? 0 : (code ?? 0),
        })
      }
      if (packet.cmd === 'unsubscribe') {
        const granted = packet.unsubscriptions.map(() => 0x11)
        return send({ cmd: 'unsuback', messageId: packet.messageId!, granted })
      }
      const answer = obliging(packet, 5)
      if (answer !== undefined) send(answer)
    },
  })
  return Object.assign(server, { store, largestBatch: () => largest })
}
