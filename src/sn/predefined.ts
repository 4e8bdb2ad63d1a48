// A file of predefined topics (MQTT-SN 1.2, 6.7): lines `ID NAME`. Client and gateway must have the same.
import { MqttxError } from '../errors.js'
import { shown } from '../text.js'

/** The predefined topics, in both directions. */
export class PredefinedTopics {
  readonly #names = new Map<number, string>()
  readonly #ids = new Map<string, number>()

  /** @returns false if the identifier or the name is there already */
  add(id: number, name: string): boolean {
    if (this.#names.has(id) || this.#ids.has(name)) return false
    this.#names.set(id, name)
    this.#ids.set(name, id)
    return true
  }

  nameOf(id: number): string | undefined {
    return this.#names.get(id)
  }

  idOf(name: string): number | undefined {
    return this.#ids.get(name)
  }

  get size(): number {
    return this.#names.size
  }
}

export const largestTopicId = 65_535
/** Bytes of a Topic Name of MQTT. */
const longestName = 65_535

/**
 * Parses lines `ID NAME`: an identifier from 1 to 65,535, blanks, and a Topic Name, which may contain blanks. Blank lines
 * and lines that begin with `#` are skipped.
 * @param file its name, for errors
 * @throws MqttxError that names the line
 */
export function parsePredefined(text: string, file: string): PredefinedTopics {
  const topics = new PredefinedTopics()
  let number = 0
  for (const line of text.split('\n')) {
    number++
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const [, digits = '', name = ''] = /^(\d{1,5})\s+(.+)$/.exec(trimmed) ?? []
    const id = Number(digits)
    const fault = faultOf(id, name)
    if (fault !== undefined) throw invalid(file, number, `${fault}: '${shown(trimmed, 100)}'`)
    if (!topics.add(id, name))
      throw invalid(file, number, `${id} or '${shown(name, 100)}' is in an earlier line`)
  }
  return topics
}

function faultOf(id: number, name: string): string | undefined {
  if (name === '') return 'not `ID NAME`'
  if (id < 1 || id > largestTopicId) return `the identifier is not from 1 to ${largestTopicId}`
  if (/[+#\0\ufffd]/.test(name)) return 'not a Topic Name'
  if (Buffer.byteLength(name) > longestName) return `the Topic Name is longer than ${longestName} bytes`
  return undefined
}

function invalid(file: string, line: number, what: string): MqttxError {
  return new MqttxError(`${file}, line ${line}: ${what}`, {
    hint: 'a line is an identifier from 1 to 65535, a blank, and a Topic Name: 7 home/kitchen/temperature',
  })
}
