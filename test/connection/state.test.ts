// The phases of a Connection: the result of every event in every phase.
import { describe, expect, test } from 'vitest'
import type { Handshake } from '../../src/connection/handshake.js'
import type { Link } from '../../src/connection/link.js'
import type { Negotiated } from '../../src/connection/negotiated.js'
import { ConnectionState } from '../../src/connection/state.js'

const link = { name: 'link' } as unknown as Link
const handshake = { name: 'handshake' } as unknown as Handshake
const negotiated = { sessionExpiry: 30 } as Negotiated
const failure = new Error('lost for good')

const events = {
  opened: (state: ConnectionState) => state.opened(link, handshake),
  accepted: (state: ConnectionState) => state.accepted(negotiated, 5),
  lost: (state: ConnectionState) => state.lost(),
  closing: (state: ConnectionState) => state.closing(),
  ended: (state: ConnectionState) => state.ended(failure),
}
type Event = keyof typeof events
type Phase = ConnectionState['phase']

/** The events that lead to each phase. */
const paths: Record<Phase, readonly Event[]> = {
  disconnected: [],
  connecting: ['opened'],
  connected: ['opened', 'accepted'],
  closing: ['opened', 'accepted', 'closing'],
  ended: ['ended'],
}

/** What each phase holds. */
const held: Record<Phase, object> = {
  disconnected: { link: undefined, connecting: undefined, connected: undefined, failure: undefined },
  connecting: { link, connecting: { link, handshake }, connected: undefined, failure: undefined },
  connected: { link, connecting: undefined, connected: { link, negotiated, since: 5 }, failure: undefined },
  closing: { link, connecting: undefined, connected: undefined, failure: undefined },
  ended: { link: undefined, connecting: undefined, connected: undefined, failure },
}

function stateIn(phase: Phase): ConnectionState {
  const state = new ConnectionState()
  for (const event of paths[phase]) events[event](state)
  return state
}

/** The next phase; undefined where the event is ignored. */
const transitions: Record<Phase, Partial<Record<Event, Phase>>> = {
  disconnected: { opened: 'connecting', ended: 'ended' },
  connecting: { accepted: 'connected', lost: 'disconnected', ended: 'ended' },
  connected: { lost: 'disconnected', closing: 'closing', ended: 'ended' },
  closing: { ended: 'ended' },
  ended: {},
}

const phases = Object.keys(transitions) as Phase[]
const table = phases.flatMap((phase) =>
  (Object.keys(events) as Event[]).map((event) => [phase, event, transitions[phase][event]] as const),
)

describe('transitions', () => {
  test.each(table)('in phase %s, event %s leads to %s', (phase, event, next) => {
    const state = stateIn(phase)
    expect(events[event](state)).toBe(next !== undefined)
    expect(state.phase).toBe(next ?? phase)
    expect(state).toMatchObject(held[next ?? phase])
    expect(state.ending).toBe(['closing', 'ended'].includes(state.phase))
  })
})

test('the first failure is kept', () => {
  const state = stateIn('ended')
  expect(state.ended(new Error('another'))).toBe(false)
  expect(state.failure).toBe(failure)
})

test('an end without an error has no failure', () => {
  const state = stateIn('closing')
  state.ended()
  expect([state.phase, state.failure]).toEqual(['ended', undefined])
})

test('the Session Expiry Interval of the last CONNACK outlives the network connection', () => {
  const state = stateIn('connecting')
  expect(state.sessionExpiry).toBe(0)
  state.accepted(negotiated, 5)
  state.lost()
  expect(state.sessionExpiry).toBe(30)
})
