// Recognises files that are not password files of the wanted format, so that none is damaged or misread.
import type { LineFormat } from './formats.js'
import { isSilent, type PasswordLine } from './lines.js'

/** The line that shows what a file is. */
export interface Foreign {
  readonly number: number
  /** `it looks like JSON, which is another format` */
  readonly fault: string
  readonly hint?: string | undefined
}

/** What JSON files hold users of brokers, by a key that only they have. */
const jsonFiles: readonly (readonly [key: RegExp, what: string, hint?: string])[] = [
  [
    /"(?:defaultACLAccess|encoded_password|textname)"|"clients"\s*:\s*\[/,
    "JSON of mosquitto's dynamic security plugin",
    'mosquitto_ctrl dynsec changes it',
  ],
  [
    /"(?:rabbit(?:mq)?_version|hashing_algorithm|vhosts)"/,
    'a definitions file of RabbitMQ',
    'mqttx passwd --format rabbitmq -n USER prints a user; its hash is the password_hash',
  ],
  [
    /"user_id"/,
    'a JSON import file of EMQX',
    'EMQX imports CSV as well: mqttx passwd --format emqx-csv writes it',
  ],
]

/** What a file is by its first line that says something. */
const firstLines: readonly (readonly [form: RegExp, what: string])[] = [
  [/^\s*[[{]/, 'JSON'],
  [/^\s*</, 'XML'],
  [/^-----BEGIN /, 'a key or certificate'],
  [/^(?:[^:]*:){6,}[^:]*$/, 'passwd(5) or shadow(5)'],
  [/^user_id,/, 'an import file of EMQX'],
  [/^[^:]*:\$2[abxy]\$\d\d\$/, 'bcrypt'],
  [/^[^:]*:\$(?:6|7|argon2id)\$/, 'a password file of mosquitto'],
]

/** How much of a JSON file is searched for its keys, in characters. */
const searched = 256 * 1024

/** Is given the lines of a file in order; knows at the end what it is. */
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
   * What the file is instead. A file in which no line has a hash, and some have no user, is no password file either:
   * a configuration, a script, an access control list.
   */
  verdict(): Foreign | undefined {
    const first = this.#first
    if (first !== undefined) {
      const [, what, hint] = jsonFiles.find(([key]) => this.#json !== '' && key.test(this.#json)) ?? []
      const fault = `it looks like ${what ?? first.what}, which is another format`
      return { number: first.number, fault, hint }
    }
    if (this.#hashes > 0 || this.#noUser === undefined) return undefined
    const fault = 'there is no user in it, and no hash in any line: this is no password file'
    return { number: this.#noUser, fault, hint: 'a line is USER:HASH, a comment begins with #' }
  }

  /** Why the file is not replaced by a new password file; stricter, because what it holds is lost then. */
  whyKept(): Foreign | undefined {
    const verdict = this.verdict()
    if (verdict !== undefined || this.#lines === 0) return verdict
    const number = this.#noUser ?? this.#plain ?? (this.#hashes === 0 ? 1 : undefined)
    return number === undefined ? undefined : { number, fault: 'it is not a user with a hash' }
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

  /** Also a hash that is damaged, or that only others know. */
  #isHash(text: string): boolean {
    return /^\$\w+\$/.test(text) || !('fault' in this.#format.parse(text))
  }
}
