// Small pieces of text that the views share: hexadecimal digits, times, columns.

import { snNames } from '../mqtt-sn-names.js'
import { packetNames } from '../names.js'
import type { Packet } from '../packet.js'

export const hexPairs: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
)

const spaces = Array.from({ length: 81 }, (_, width) => ' '.repeat(width))

/** As many spaces as are missing to `width`, at least none. */
export function padding(width: number): string {
  return width <= 0 ? '' : (spaces[width] ?? ' '.repeat(width))
}

/** The bytes from `start` to `end` in hexadecimal, with `between` them. */
export function hexOf(bytes: Uint8Array, start: number, end: number, between = ''): string {
  let text = ''
  for (let i = start; i < end; i++) text += i > start ? between + hexPairs[bytes[i]!]! : hexPairs[bytes[i]!]!
  return text
}

let cachedTime = -1n
let cachedWhole = ''
let cachedSecond = -1
let cachedText = ''

/** The time of day, UTC, to the microsecond: `10:15:32.123456`. */
export function timeOfDay(time: bigint): string {
  if (time < 0n) return ''
  if (time === cachedTime) return cachedWhole
  cachedTime = time
  const micros = Number(time / 1000n)
  const second = Math.floor(micros / 1e6)
  if (second !== cachedSecond) {
    cachedSecond = second
    const day = second % 86_400
    cachedText = `${two(Math.floor(day / 3600))}:${two(Math.floor(day / 60) % 60)}:${two(day % 60)}.`
  }
  cachedWhole = cachedText + String(micros - second * 1e6 + 1e6).slice(1)
  return cachedWhole
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}

/** Seconds since 1970 with all nine digits: a number in JSON would lose some. */
export function secondsText(time: bigint): string {
  const seconds = time / 1_000_000_000n
  return `${seconds}.${String(time - seconds * 1_000_000_000n + 1_000_000_000n).slice(1)}`
}

/** A duration in the unit that gives it three or four digits. */
export function durationText(ns: number): string {
  if (ns < 1e6) return `${trimmed(ns / 1e3)} us`
  return ns < 1e9 ? `${trimmed(ns / 1e6)} ms` : `${trimmed(ns / 1e9)} s`
}

function trimmed(value: number): string {
  if (value >= 100) return String(Math.round(value))
  const hundredths = Math.round(value * 100)
  const whole = Math.floor(hundredths / 100)
  if (value >= 10) return `${whole}.${Math.floor((hundredths % 100) / 10)}`
  return `${whole}.${two(hundredths % 100)}`
}

export function typeName(packet: Packet): string {
  return packet.protocol === 'mqtt' ? packetNames[packet.type]! : (snNames[packet.type] ?? 'RESERVED')
}

export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`
}
