// Small pieces of text that the views share: hexadecimal digits, times, columns.

import type { Instant } from '../../capture/stream.js'
import { snNames } from '../mqtt-sn-names.js'
import { packetNames } from '../names.js'
import type { Packet } from '../packet.js'
import { type Ink, written } from './ink.js'

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

let knownSecond = -1
let timeOfSecond = ''

/** Writes the time of day, UTC, to the microsecond: `10:15:32.123456`; nothing where it is not known. */
export function putTimeOfDay(ink: Ink, { second, nanos }: Instant): void {
  if (second < 0) return
  if (second !== knownSecond) {
    knownSecond = second
    const day = second % 86_400
    timeOfSecond = [day / 3600, (day / 60) % 60, day % 60].map((part) => two(Math.floor(part))).join(':')
  }
  ink.ascii(timeOfSecond)
  ink.ascii('.')
  ink.digits(Math.floor(nanos / 1000), 6)
}

/** The same as a string. */
export function timeOfDay(time: Instant): string {
  return written((ink) => putTimeOfDay(ink, time))
}

/** Writes seconds with all nine digits: a number in JSON would lose some. */
export function putSeconds(ink: Ink, { second, nanos }: Instant): void {
  ink.number(second)
  ink.ascii('.')
  ink.digits(nanos, 9)
}

/** Writes a duration in the unit that gives it three or four digits. */
export function putDuration(ink: Ink, ns: number): void {
  if (ns < 0) ink.ascii('-')
  const size = Math.abs(ns)
  if (size < 1e6) putTrimmed(ink, size / 1e3, ' us')
  else if (size < 1e9) putTrimmed(ink, size / 1e6, ' ms')
  else putTrimmed(ink, size / 1e9, ' s')
}

/** The same as a string. */
export function durationText(ns: number): string {
  return written((ink) => putDuration(ink, ns))
}

function putTrimmed(ink: Ink, value: number, unit: string): void {
  const hundredths = Math.round(value * 100)
  if (value >= 100) ink.number(Math.round(value))
  else {
    ink.number(Math.floor(hundredths / 100))
    ink.ascii('.')
    if (value >= 10) ink.digits(Math.floor((hundredths % 100) / 10), 1)
    else ink.digits(hundredths % 100, 2)
  }
  ink.ascii(unit)
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}

export function typeName(packet: Packet): string {
  return packet.protocol === 'mqtt' ? packetNames[packet.type]! : (snNames[packet.type] ?? 'RESERVED')
}

export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`
}
