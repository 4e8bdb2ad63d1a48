// mqttx retained: lists, removes, saves and restores retained messages.
import { connectOptions } from '../../connection/options.js'
import type { Host } from '../../host.js'
import { withTrace } from '../tracing.js'
import type { Frame } from './frame.js'
import { ls } from './ls.js'
import { type Request, requestOf } from './request.js'
import { restore } from './restore.js'
import { rm } from './rm.js'
import { save } from './save.js'
import type { RetainedArgs } from './spec.js'

/** PUBLISH packets in flight in each direction. */
const outgoing = 20
const incoming = 500
/** Reconnect attempts in a row of restore, as `pub -l`. */
const restoreReconnects = 8

export async function run(args: RetainedArgs, host: Host): Promise<number> {
  const request = requestOf(args)
  const fixed = { willQos: 0, willRetain: false, disableCleanSession: false } as const
  const needs = {
    pid: host.pid,
    maxInFlight: Math.min(args.maxInflight ?? outgoing, 65_000), // leaves Packet Identifiers for SUBSCRIBE
    receiveMaximum: incoming,
    noDelay: true,
    reconnects: request.action === 'restore' ? restoreReconnects : 0,
  }
  const retryMax = request.action === 'restore' ? args.retryMax : 0 // a list that continues later is not one
  const given = { ...args, ...fixed, ...(retryMax !== undefined && { retryMax }) }
  const options = await connectOptions(given, needs, host)
  return withTrace(args, options, host, (traced) => act(request, { args, options: traced, host }))
}

function act(request: Request, frame: Omit<Frame, 'filters'>): Promise<number> {
  switch (request.action) {
    case 'ls':
      return ls({ ...frame, filters: request.filters })
    case 'rm':
      return rm({ ...frame, filters: request.filters })
    case 'save':
      return save({ ...frame, filters: request.filters })
    case 'restore':
      return restore(request.file, frame)
    default:
      return request satisfies never
  }
}
