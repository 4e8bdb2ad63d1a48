// Text formatting shared by the views: hexadecimal, times, durations, frame numbers.

import type { Instant, Origin } from '../../capture/stream.js'
import { snNames } from '../../codec/mqtt-sn-names.js'
import { shown } from '../../text.js'
import { packetNames } from '../names.js'
import type { Packet } from '../packet.js'
import { bufferOf } from '../utf8.js'
import { encoded, putAscii, putBytes, putDigits, putNumber, shortText } from './byte-writer.js'
import type { ConnectionFacts } from './view.js'

export const hexPairs: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
)

const spaces = Array.from({ length: 81 }, (_, width) => ' '.repeat(width))

/** `width` spaces, '' if it is negative. */
export function padding(width: number): string {
  return width <= 0 ? '' : (spaces[width] ?? ' '.repeat(width))
}

/** The bytes from `start` to `end` in hexadecimal. */
export function hexOf(bytes: Uint8Array, start: number, end: number): string {
  return bufferOf(bytes).toString('hex', start, end)
}

const dot = 46
let knownSecond = -1
let timeOfSecond = encoded('')

/** The time of day, UTC, in microseconds: `10:15:32.123456`; nothing if it is unknown. */
export function putTimeOfDay(bytes: Uint8Array, at: number, { second, nanos }: Instant): number {
  if (second < 0) return at
  if (second !== knownSecond) {
    knownSecond = second
    const day = second % 86_400
    const parts = [day / 3600, (day / 60) % 60, day % 60].map((part) =>
      String(Math.floor(part)).padStart(2, '0'),
    )
    timeOfSecond = encoded(`${parts.join(':')}.`)
  }
  return putDigits(bytes, putBytes(bytes, at, timeOfSecond), Math.floor(nanos / 1000), 6)
}

/** `putTimeOfDay` as a string. */
export function timeOfDay(time: Instant): string {
  return shortText((bytes, at) => putTimeOfDay(bytes, at, time))
}

/** The end of the year 9999, the last with four digits. */
const lastDated = 253_402_300_799

/** The date, UTC: `2026-11-21`; after the year 9999, as in damaged captures, `second` and the seconds since 1970. */
export function dateText({ second }: Instant): string {
  return second > lastDated ? `second ${second}` : new Date(second * 1000).toISOString().slice(0, 10)
}

/** Seconds since 1970 with nine decimals, more than a JSON number holds. */
export function putSeconds(bytes: Uint8Array, at: number, { second, nanos }: Instant): number {
  const point = putNumber(bytes, at, second)
  bytes[point] = dot
  return putDigits(bytes, point + 1, nanos, 9)
}

/** A duration in us, ms or s with about three digits; `ns` in nanoseconds. */
export function putDuration(bytes: Uint8Array, at: number, ns: number): number {
  if (ns < 0) at = putAscii(bytes, at, '-')
  const size = Math.abs(ns)
  if (size < 1e6) return putAscii(bytes, putTrimmed(bytes, at, size / 1e3), ' us')
  if (size < 1e9) return putAscii(bytes, putTrimmed(bytes, at, size / 1e6), ' ms')
  return putAscii(bytes, putTrimmed(bytes, at, size / 1e9), ' s')
}

/** `putDuration` as a string. */
export function durationText(ns: number): string {
  return shortText((bytes, at) => putDuration(bytes, at, ns))
}

function putTrimmed(bytes: Uint8Array, at: number, value: number): number {
  if (value >= 100) return putNumber(bytes, at, Math.round(value))
  const hundredths = Math.round(value * 100)
  const point = putNumber(bytes, at, Math.floor(hundredths / 100))
  bytes[point] = dot
  if (value < 10) return putDigits(bytes, point + 1, hundredths % 100, 2)
  return putDigits(bytes, point + 1, Math.floor((hundredths % 100) / 10), 1)
}

/** Longest file name shown. */
const longestFile = 200

/** The frame in which Wireshark shows a packet: that of its last byte. Undefined if it is not from a network capture. */
export function frameOf(packet: Packet, { transport }: ConnectionFacts): Origin | undefined {
  return transport === 'raw' ? undefined : packet.last
}

/** `frame 12`, or `frame 12 of b.pcap` if the capture has several files; '' for bytes that are in no file. */
export function frameText(frame: Origin | undefined): string {
  if (frame === undefined || frame.record === 0) return ''
  const { record, file } = frame
  return file === undefined ? `frame ${record}` : `frame ${record}${ofFile(file)}`
}

/** ` of b.pcap` */
export function ofFile(file: string): string {
  return ` of ${shown(file, longestFile)}`
}

export function typeName(packet: Packet): string {
  return packet.protocol === 'mqtt' ? packetNames[packet.type]! : (snNames[packet.type] ?? 'RESERVED')
}
