// The line formats of password files: mosquitto's and those of other brokers.
import { defaultIterations, hashPassword, hexSalt, type Settings } from './derive.js'
import {
  affordable,
  base64,
  decodeBase64,
  formatHash,
  type HashFault,
  parseHash,
  type StoredHash,
  unpadded,
  wholeNumber,
} from './hash.js'

export const formatNames = ['mosquitto', 'bcrypt', 'rabbitmq', 'emqx-csv'] as const
export type FormatName = (typeof formatNames)[number]

/** The user and the undecoded hash of a line. */
export interface Fields {
  readonly user: string
  readonly hash: string
}

export interface LineFormat {
  readonly name: FormatName
  /** The first line of every file. */
  readonly header?: string
  /** undefined for a comment or a line without a user. */
  split(line: string): Fields | undefined
  parse(hash: string): StoredHash | HashFault
  /** `before`: the line of the same user that this one replaces. */
  join(user: string, stored: StoredHash, before?: Fields): string
  /** Hashes a password with a new salt. Only mosquitto's format has a choice of schemes. */
  hash(password: Uint8Array, settings: Settings): Promise<StoredHash>
}

/** `USER:HASH`. Like mosquitto, ignores everything from a second `:` on, and white space around both fields. */
function splitAtColon(line: string): Fields | undefined {
  const [user = '', hash] = line.split(':')
  return line.startsWith('#') || hash === undefined ? undefined : { user: trimmed(user), hash: trimmed(hash) }
}

const mosquitto: LineFormat = {
  name: 'mosquitto',
  split: splitAtColon,
  parse: parseHash,
  join: (user, stored) => `${user}:${formatHash(stored)}`,
  hash: (password, settings) => hashPassword(settings, password),
}

/** The bcrypt format of EMQX, htpasswd and others. All of them accept the prefix `$2a$`. */
const bcrypt: LineFormat = {
  name: 'bcrypt',
  split: splitAtColon,
  parse: parseBcrypt,
  join: (user, stored) => `${user}:${formatBcrypt(stored)}`,
  hash: (password, { iterations = defaultIterations.bcrypt }) =>
    hashPassword({ scheme: 'bcrypt', iterations }, password),
}

/** RabbitMQ's `rabbit_password_hashing_sha256`: base64 of 4 bytes of salt and SHA-256 over salt and password. */
const rabbitmq: LineFormat = {
  name: 'rabbitmq',
  split: splitAtColon,
  parse(text) {
    const bytes = decodeBase64(text)
    if (bytes?.length !== 36) return { fault: 'a RabbitMQ hash must be 36 bytes in base64' }
    return { scheme: 'sha256', salt: bytes.subarray(0, 4), hash: bytes.subarray(4) }
  },
  join: (user, { salt, hash }) => `${user}:${base64(Buffer.concat([salt, hash]))}`,
  hash: (password) => hashPassword({ scheme: 'sha256' }, password),
}

/** The import file of EMQX's built-in database, for `sha256` with the salt as prefix. */
const emqxCsv: LineFormat = {
  name: 'emqx-csv',
  header: 'user_id,password_hash,salt,is_superuser',
  split(line) {
    if (line.startsWith('#') || line === emqxCsv.header) return undefined
    const comma = /^("(?:[^"]|"")*"|[^",]*),/.exec(line)
    const [whole, field] = comma ?? []
    if (whole === undefined || field === undefined) return undefined
    const user = field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field
    return { user, hash: line.slice(whole.length).trim() }
  },
  parse(text) {
    const [hex = '', salt = '', superuser = 'false', ...more] = text.split(',')
    if (!/^[0-9a-f]{64}$/i.test(hex)) return { fault: 'the hash is not 64 hexadecimal digits' }
    if (!/^(true|false)$/.test(superuser) || more.length > 0)
      return { fault: `a line must have the form ${emqxCsv.header}` }
    return { scheme: 'sha256', salt: Buffer.from(salt), hash: Buffer.from(hex, 'hex') }
  },
  join(user, { salt, hash }, before) {
    const name = /[",]/.test(user) ? `"${user.replaceAll('"', '""')}"` : user
    const superuser = before?.hash.split(',')[2] ?? 'false'
    return [name, Buffer.from(hash).toString('hex'), Buffer.from(salt).toString(), superuser].join(',')
  },
  hash: (password) => hashPassword({ scheme: 'sha256' }, password, hexSalt()),
}

export const formats: Readonly<Record<FormatName, LineFormat>> = {
  mosquitto,
  bcrypt,
  rabbitmq,
  'emqx-csv': emqxCsv,
}

const digits = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const base64Digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function translated(text: string, from: string, to: string): string {
  return text.replace(/./gs, (digit) => to[from.indexOf(digit)] ?? '')
}

function parseBcrypt(text: string): StoredHash | HashFault {
  const [, cost, salt, hash] = /^\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/.exec(text) ?? []
  const rounds = wholeNumber(cost?.replace(/^0/, ''), 31)
  if (salt === undefined || hash === undefined || rounds === undefined || rounds < 4)
    return { fault: 'a bcrypt hash must be $2a$COST$ and 53 more characters' }
  const bytes = (part: string) => Buffer.from(translated(part, digits, base64Digits), 'base64')
  return affordable({ scheme: 'bcrypt', cost: rounds, salt: bytes(salt), hash: bytes(hash) })
}

function formatBcrypt(stored: StoredHash): string {
  if (stored.scheme !== 'bcrypt') throw new Error(`${stored.scheme} is not bcrypt`)
  const text = (bytes: Uint8Array) => translated(unpadded(base64(bytes)), base64Digits, digits)
  return `$2a$${String(stored.cost).padStart(2, '0')}$${text(stored.salt)}${text(stored.hash)}`
}

/** Trims the white space of C's isspace(), as mosquitto does. U+00A0, U+FEFF and the like stay part of a name. */
export function trimmed(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d)
}
