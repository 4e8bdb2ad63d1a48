// The time of a recorded line: "time" of `sub --json`, "tst" of mosquitto_sub's %j and %J.
import { bad, shape } from './values.js'

const hint = 'such as 2026-11-21T09:30:00.250000Z, as printed by sub --json'

/** RFC 3339, with a space in place of the T too; mosquitto_sub writes the offset without a colon. */
const form = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(?:[Zz]|[Zz]?([+-])(\d\d):?([0-5]\d))$/

/** The last date and time of day with its milliseconds since 1970: most lines have the second of the line before. */
interface Second {
  text: string
  ms: number
}

/** Reads the times of a recording's lines. */
export class LineTimes {
  readonly #second: Second = { text: '', ms: 0 }

  /**
   * The time of a line with these members in milliseconds since 1970, exact to a quarter of a microsecond; undefined if
   * it has none. A number is in seconds since 1970, as in lines of mosquitto_sub 1.
   * @throws MqttxError
   */
  of(members: Record<string, unknown>): number | undefined {
    const name = members.time === undefined ? 'tst' : 'time'
    const value = members[name]
    if (value === undefined) return undefined
    const time = typeof value === 'string' ? this.#parsed(value) : secondsAsMs(value)
    if (time === undefined) throw bad(`"${name}" is ${shape(value)}, not a time`, hint)
    return time
  }

  #parsed(text: string): number | undefined {
    const parts = form.exec(text)
    if (parts === null) return undefined
    const [, date, clock, fraction = '', sign, hours = '0', minutes = '0'] = parts
    const second = `${date}T${clock}Z`
    if (second !== this.#second.text) {
      const ms = Date.parse(second)
      if (Number.isNaN(ms)) return undefined
      this.#second.ms = ms
      this.#second.text = second
    }
    const offset = (Number(hours) * 60 + Number(minutes)) * 60_000
    const local = this.#second.ms + Number(fraction.padEnd(9, '0')) / 1e6
    return sign === '-' ? local + offset : local - offset
  }
}

/** As far from 1970 as a Date can be, in seconds: some 270,000 years. */
const furthest = 8.64e12

function secondsAsMs(value: unknown): number | undefined {
  return typeof value === 'number' && Math.abs(value) <= furthest ? value * 1000 : undefined
}
