// Status lines: what happens to clients, in the words of mosquitto's log where it has them.
import type { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import { shown } from '../text.js'
import { filterCost } from './filters.js'
import { from, type Peer, type Peers } from './peers.js'

/** Of aedes' Client. */
interface Client {
  readonly id: string | null
  readonly conn: Duplex
}

export function follow(aedes: EventEmitter, peers: Peers, log: (line: string) => void): void {
  const peerOf = (client: Client): Peer | undefined => peers.of(client)

  aedes.on('client', (client: Client) => {
    const peer = peerOf(client)
    if (peer === undefined || client.id === null) return
    peers.accepted(peer, client.id)
    log(`New client connected from ${from(peer.origin)} as ${shown(client.id)} (${asked(peer)}).`)
  })

  aedes.on('clientReady', (client: Client) => peerOf(client)?.gate.ready())

  aedes.on('unsubscribe', (filters: readonly string[], client: Client) => {
    const peer = peerOf(client)
    if (peer === undefined) return
    for (const filter of filters)
      if (peer.subscriptions.delete(filter)) peer.filterBytes -= filterCost(filter)
  })

  aedes.on('clientDisconnect', (client: Client) => {
    const peer = peerOf(client)
    if (peer !== undefined) log(`Client ${shown(client.id ?? '')} ${farewellOf(peer)}.`)
  })

  /** A broken connection can report each of its unwritten packets: the first says why. */
  function onError(client: Client, error: Error): void {
    const peer = peerOf(client)
    if (peer === undefined || peer.verdict !== undefined) return
    peer.verdict = error.message
    if (peer.name === undefined) log(`Client ${refusedName(client, peer)} refused: ${shown(error.message)}.`)
  }
  aedes.on('clientError', onError)
  aedes.on('connectionError', onError)
  aedes.on('error', (error: Error) => log(`Error: ${shown(error.message)}.`))
}

/** Protocol, clean session, keep alive and user, in mosquitto's notation: p1 is MQTT 3.1, p2 is 3.1.1. */
function asked({ connect, keepAlive }: Peer): string {
  const user = connect?.user === undefined ? '' : `, u'${shown(connect.user)}'`
  return `p${(connect?.version ?? 4) - 2}, c${connect?.clean === false ? 0 : 1}, k${keepAlive}${user}`
}

function farewellOf({ gate, verdict }: Peer): string {
  if (gate.saidGoodbye) return 'disconnected'
  return verdict === undefined ? 'closed its connection' : `disconnected: ${shown(verdict)}`
}

function refusedName(client: Client, { origin, connect }: Peer): string {
  const named = client.id !== null && connect?.idGiven === true
  return named ? `${shown(client.id)} from ${from(origin)}` : `from ${from(origin)}`
}
