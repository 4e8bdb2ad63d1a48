// What a probe has measured, beside the limits of --warn and --crit.
import type { Limits } from '../../cli/options/check.js'
import { count } from '../../text.js'
import type { ProbeResult } from './probe.js'

export interface Measured {
  /** Milliseconds from the beginning to CONNACK. */
  readonly connect: number | undefined
  /** Milliseconds from PUBLISH to the message. */
  readonly roundtrip: number | undefined
  /** Days for which the server's certificate is still valid, rounded down. */
  readonly certificate: number | undefined
}

const msPerDay = 86_400_000

/** `now`: milliseconds since 1970. */
export function measured({ steps }: ProbeResult, now: number): Measured {
  const begin = steps[0]?.begin ?? 0
  const success = (name: string) =>
    steps.find((step) => step.name === name && step.end !== undefined && step.error === undefined)
  const connack = success('CONNACK')
  const roundTrip = success('round trip')
  const expires = success('TLS')?.expires
  return {
    connect: connack && connack.end! - begin,
    roundtrip: roundTrip && roundTrip.end! - roundTrip.begin,
    certificate: expires === undefined ? undefined : Math.floor((expires - now) / msPerDay),
  }
}

/** A line for each value that is beyond `limits`. */
export function exceeded(values: Measured, limits: Limits): string[] {
  const { connect, roundtrip, certificate } = values
  return [
    over('connecting took', connect, limits.connect),
    over('the round trip took', roundtrip, limits.roundtrip),
    certificate !== undefined && limits.certificate !== undefined && certificate < limits.certificate
      ? `the certificate expires in ${count(certificate, 'day')}, the limit is ${limits.certificate}`
      : undefined,
  ].filter((line) => line !== undefined)
}

function over(what: string, value: number | undefined, limit: number | undefined): string | undefined {
  if (value === undefined || limit === undefined || value <= limit) return undefined
  return `${what} ${milliseconds(value)}, the limit is ${limit} ms`
}

export function milliseconds(value: number): string {
  return `${value.toFixed(1)} ms`
}
