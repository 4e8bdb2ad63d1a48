// Recognises files that are not password files of the given format, so that they are not damaged or misread.
import type { LineFormat } from './formats.js'
import { isSilent, type PasswordLine } from './lines.js'

/** The line that identifies a file as something else. */
export interface Foreign {
  readonly number: number
  /** `this looks like JSON, not this format` */
  readonly fault: string
  readonly hint?: string | undefined
}

/** JSON files with users of brokers, by a characteristic key. */
const jsonFiles: readonly (readonly [key: RegExp, what: string, hint?: string])[] = [
  [
    /"(?:defaultACLAccess|encoded_password|textname)"|"clients"\s*:\s*\[/,
    "JSON of mosquitto's dynamic security plugin",
    'use mosquitto_ctrl dynsec to change it',
  ],
  [
    /"(?:rabbit(?:mq)?_version|hashing_algorithm|vhosts)"/,
    'a definitions file of RabbitMQ',
    'mqttx passwd --format rabbitmq -n USER prints a hash for password_hash',
  ],
  [
    /"user_id"/,
    'a JSON import file of EMQX',
    'EMQX also imports CSV, which mqttx passwd --format emqx-csv writes',
  ],
]

/** File types by the first significant line. */
const firstLines: readonly (readonly [form: RegExp, what: string])[] = [
  [/^\s*[[{]/, 'JSON'],
  [/^\s*</, 'XML'],
  [/^-----BEGIN /, 'a key or certificate'],
  [/^(?:[^:]*:){6,}[^:]*$/, 'passwd(5) or shadow(5)'],
  [/^user_id,/, 'an import file of EMQX'],
  [/^[^:]*:\$2[abxy]\$\d\d\$/, 'bcrypt'],
  [/^[^:]*:\$(?:6|7|argon2id)\$/, 'a password file of mosquitto'],
]

/** How much of a JSON file to search for keys, in characters. */
const searched = 256 * 1024

/** Classifies a file from its lines, passed in order. */
export class Recogniser {
  readonly #format: LineFormat
  #first: { readonly number: number; readonly what: string } | undefined
  #begun = false
  #json = ''
  #noUser: number | undefined
  #plain: number | undefined
  #lines = 0
  #hashes = 0

  constructor(format: LineFormat) {
    this.#format = format
  }

  add(line: PasswordLine): void {
    const { number, text, entry } = line
    this.#lines = number
    const first = this.#first
    if (first?.what === 'JSON' && this.#json.length < searched) this.#json += `${text}\n`
    if (text === this.#format.header) this.#hashes++
    if (first !== undefined || isSilent(line) || text === this.#format.header) return
    if (!this.#begun) this.#begin(line)
    if (entry === undefined) this.#noUser ??= number
    else if (this.#isHash(entry.hash)) this.#hashes++
    else this.#plain ??= number
  }

  /**
   * The reason the file is not a password file; undefined if it is. A file without any hash, in which some lines have no
   * user, is something else: a configuration, a script, an access control list.
   */
  verdict(): Foreign | undefined {
    const first = this.#first
    if (first !== undefined) {
      const [, what, hint] = jsonFiles.find(([key]) => this.#json !== '' && key.test(this.#json)) ?? []
      const fault = `this looks like ${what ?? first.what}, not this format`
      return { number: first.number, fault, hint }
    }
    if (this.#hashes > 0 || this.#noUser === undefined) return undefined
    const fault = 'not a password file: no user in this line and no hash in any line'
    return { number: this.#noUser, fault, hint: 'each line must be USER:HASH or a comment with #' }
  }

  /** Why -c must not overwrite the file. Stricter than `verdict`, as its contents would be lost. */
  whyKept(): Foreign | undefined {
    const verdict = this.verdict()
    if (verdict !== undefined || this.#lines === 0) return verdict
    const number = this.#noUser ?? this.#plain ?? (this.#hashes === 0 ? 1 : undefined)
    return number === undefined ? undefined : { number, fault: 'not a user with a hash' }
  }

  #begin({ number, text, entry }: PasswordLine): void {
    this.#begun = true
    if (entry !== undefined && !('fault' in this.#format.parse(entry.hash))) return
    const [, what] = firstLines.find(([form]) => form.test(text)) ?? []
    const own = this.#format.name === 'mosquitto' ? 'a password file of mosquitto' : this.#format.name
    if (what === undefined || what === own) return
    this.#first = { number, what }
    if (what === 'JSON') this.#json = `${text}\n`
  }

  /** True also for a damaged hash or one of an unsupported scheme. */
  #isHash(text: string): boolean {
    return /^\$\w+\$/.test(text) || !('fault' in this.#format.parse(text))
  }
}
