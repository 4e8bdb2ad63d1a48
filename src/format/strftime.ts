// glibc's strftime in the C locale and local time, for the `@` escapes of -F, %I, and `tst` of JSON.
import type { WallTime } from './message.js'

/** A time broken down in the local time zone. */
export interface LocalTime {
  /** Truncated to whole seconds. */
  readonly date: Date
  /** Whole seconds since the epoch. */
  readonly seconds: number
  readonly nanoseconds: number
  /** Days since 1 January, from 0. */
  readonly yearDay: number
}

export function localTime({ seconds, nanoseconds }: WallTime): LocalTime {
  const date = new Date(seconds * 1000)
  const midnight = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate())
  return { date, seconds, nanoseconds, yearDay: (midnight - Date.UTC(date.getFullYear(), 0)) / 86_400_000 }
}

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const months = 'January February March April May June July August September October November December'.split(
  ' ',
)

const twoDigits = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'))

const two = (value: number) => twoDigits[value] ?? String(value)
const blankTwo = (value: number) => String(value).padStart(2)
const hour12 = ({ date }: LocalTime) => date.getHours() % 12 || 12
// `!`: getDay() and getMonth() are always valid indices.
const day = ({ date }: LocalTime) => days[date.getDay()]!
const month = ({ date }: LocalTime) => months[date.getMonth()]!
const clock = ({ date }: LocalTime) =>
  `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
const calendar = ({ date }: LocalTime) =>
  `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
const american = ({ date }: LocalTime) =>
  `${two(date.getMonth() + 1)}/${two(date.getDate())}/${two(date.getFullYear() % 100)}`
const half = ({ date }: LocalTime) => (date.getHours() < 12 ? 'AM' : 'PM')

/** The conversions of strftime by letter. */
const conversions: Readonly<Record<string, (time: LocalTime) => string>> = {
  '%': () => '%',
  a: (time) => day(time).slice(0, 3),
  A: day,
  b: (time) => month(time).slice(0, 3),
  B: month,
  c: (time) =>
    `${day(time).slice(0, 3)} ${month(time).slice(0, 3)} ${blankTwo(time.date.getDate())} ${clock(time)} ${time.date.getFullYear()}`,
  C: ({ date }) => two(Math.floor(date.getFullYear() / 100)),
  d: ({ date }) => two(date.getDate()),
  D: american,
  e: ({ date }) => blankTwo(date.getDate()),
  F: calendar,
  g: (time) => two(isoWeek(time).year % 100),
  G: (time) => String(isoWeek(time).year),
  h: (time) => month(time).slice(0, 3),
  H: ({ date }) => two(date.getHours()),
  I: (time) => two(hour12(time)),
  j: ({ yearDay }) => String(yearDay + 1).padStart(3, '0'),
  k: ({ date }) => blankTwo(date.getHours()),
  l: (time) => blankTwo(hour12(time)),
  m: ({ date }) => two(date.getMonth() + 1),
  M: ({ date }) => two(date.getMinutes()),
  n: () => '\n',
  p: half,
  P: (time) => half(time).toLowerCase(),
  r: (time) => `${two(hour12(time))}${clock(time).slice(2)} ${half(time)}`,
  R: (time) => clock(time).slice(0, 5),
  s: ({ seconds }) => String(seconds),
  S: ({ date }) => two(date.getSeconds()),
  t: () => '\t',
  T: clock,
  u: ({ date }) => String(date.getDay() || 7),
  U: ({ date, yearDay }) => two(Math.floor((yearDay + 7 - date.getDay()) / 7)),
  V: (time) => two(isoWeek(time).week),
  w: ({ date }) => String(date.getDay()),
  W: ({ date, yearDay }) => two(Math.floor((yearDay + 7 - ((date.getDay() + 6) % 7)) / 7)),
  x: american,
  X: clock,
  y: ({ date }) => two(date.getFullYear() % 100),
  Y: ({ date }) => String(date.getFullYear()),
  z: ({ date }) => zoneOffset(date),
  Z: ({ date }) => zoneName(date),
}

/** The conversion of a letter; an unknown letter prints itself after a `%`. */
export function conversion(letter: string): (time: LocalTime) => string {
  return (Object.hasOwn(conversions, letter) && conversions[letter]) || (() => `%${letter}`)
}

/** `YYYY-MM-DDTHH:MM:SS`, the common part of %I and `tst`, without the zone offset. */
export function isoSecond(time: LocalTime): string {
  return `${calendar(time)}T${clock(time)}`
}

/** `+hhmm`, east of Greenwich positive. */
export function zoneOffset(date: Date): string {
  const minutes = -date.getTimezoneOffset()
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`
}

/** Year and week number of ISO 8601: a week belongs to the year of its Thursday. */
function isoWeek({ date }: LocalTime): { year: number; week: number } {
  const thursday = new Date(
    Date.UTC(date.getFullYear(), date.getMonth(), date.getDate() + 4 - (date.getDay() || 7)),
  )
  const year = thursday.getUTCFullYear()
  return { year, week: 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0)) / (7 * 86_400_000)) }
}

// Each locale has the zone abbreviations of its region and prints GMT+n for others.
const locales = ['en-US', 'en-GB', 'en-AU', 'en-NZ', 'en-ZA', 'en-IN']

/** The zone's abbreviation (`CET`); if ICU has none, the offset as in the time zone database (`+03`). */
function zoneName(date: Date): string {
  for (const locale of locales) {
    const parts = new Intl.DateTimeFormat(locale, { timeZoneName: 'short' }).formatToParts(date)
    const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? ''
    if (/^[A-Z]+$/.test(name)) return name
  }
  return zoneOffset(date).replace(/00$/, '')
}
