// A scripted MQTT 5 server that is also a responder, controlled by the test.
import type { Socket } from 'node:net'
import type { IPublishPacket, Packet } from 'mqtt-packet'
import type { ProtocolVersion } from '../../src/codec/publish.js'
import { answerTo, bytes } from '../connection/rig.js'
import { type ScriptedServer, scriptedServer } from '../helpers/scripted-server.js'

export type Respond = (request: IPublishPacket, send: (packet: Packet) => void, socket: Socket) => void

/** The normal answer of a server of that version. */
export function obliging(packet: Packet, version: ProtocolVersion): Packet | undefined {
  const answer = answerTo(packet)
  if (answer?.cmd !== 'connack' || version < 5) return answer
  return { cmd: 'connack', reasonCode: 0, sessionPresent: false }
}

/** `override`: an answer instead of the normal one; undefined keeps the normal one. */
export function rrServer(
  respond: Respond,
  {
    version = 5,
    override = () => undefined,
  }: { version?: ProtocolVersion; override?: (packet: Packet) => Packet | undefined } = {},
): Promise<ScriptedServer> {
  return scriptedServer({
    packet(packet, socket) {
      const send = (answer: Packet) => void socket.write(bytes(answer, version))
      const answer = override(packet) ?? obliging(packet, version)
      if (answer !== undefined) send(answer)
      if (packet.cmd === 'publish') respond(packet, send, socket)
    },
  })
}

/** The PUBLISH of an answer, with fields overridden by `more`. */
export function answerFor(request: IPublishPacket, more: Partial<IPublishPacket> = {}): IPublishPacket {
  const { responseTopic = 'e', correlationData } = request.properties ?? {}
  return {
    cmd: 'publish',
    topic: responseTopic,
    payload: `re: ${request.payload}`,
    qos: 0,
    dup: false,
    retain: false,
    ...(correlationData !== undefined && { properties: { correlationData } }),
    ...more,
  }
}
