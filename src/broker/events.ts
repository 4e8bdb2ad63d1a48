// Status lines: what happens to clients, in the words of mosquitto's log where it has them.
import { reasonText } from '../codec/reason-codes.js'
import { shown } from '../text.js'
import { from } from '../transport/listeners.js'
import type { Client, Ending, Events } from './core/caller.js'
import type { Peer } from './peers.js'

/** `watched`: a client subscribes to topics of $SYS. */
export function logged(log: (line: string) => void, watched: () => void): Events {
  const noRoom = seldom((topic: string) =>
    log(`There is no room for the retained message of ${shown(topic)}.`),
  )
  const denied = seldom((line: string) => log(line))
  return {
    accepted(client) {
      const { clientId } = client
      log(`New client connected from ${from(originOf(client))} as ${shown(clientId)} (${asked(client)}).`)
    },
    refused(client, why) {
      const id = client.request?.clientId
      const name = id ? `${shown(id)} ` : ''
      log(`Client ${name}from ${from(originOf(client))} refused: ${shown(why)}.`)
    },
    closed(client, ending) {
      log(`Client ${shown(client.clientId)} ${endingText(ending)}.`)
    },
    dropped(clientId, occasion) {
      if (occasion === 'first') log(`Client ${shown(clientId)}: its queue is full, messages are lost.`)
    },
    notRetained: noRoom,
    watched,
    denied(client, topic) {
      denied(`Client ${shown(client.clientId)} may not publish to ${shown(topic)}.`)
    },
  }
}

function originOf({ sink }: Client) {
  return (sink as Peer).origin
}

/** Protocol, clean session, keep alive and user, in mosquitto's notation: p1 is MQTT 3.1, p2 is 3.1.1, p5 is 5.0. */
function asked({ request, version, keepAlive }: Client): string {
  const user = request?.user === undefined ? '' : `, u'${shown(request.user)}'`
  return `p${version === 5 ? 5 : version - 2}, c${request?.clean === false ? 0 : 1}, k${keepAlive}${user}`
}

function endingText(ending: Ending): string {
  if (ending.by === 'network') return 'closed its connection'
  if (ending.by === 'server') return `disconnected: ${shown(ending.why)}`
  return ending.reasonCode === 0 ? 'disconnected' : `disconnected: ${reasonText(ending.reasonCode)}`
}

/** What may happen again and again is logged every 10 seconds at most. */
export function seldom<T>(report: (what: T) => void): (what: T) => void {
  let last = Number.NEGATIVE_INFINITY
  return (what) => {
    if (performance.now() - last < 10_000) return
    last = performance.now()
    report(what)
  }
}
