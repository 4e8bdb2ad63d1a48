// The file of --acl: users, topics, and what each user is expected to be able to do with each topic.
import { MqttxError } from '../../errors.js'
import { misplacedWildcards } from '../../session/topic-filter.js'
import { quoted, shown } from '../../text.js'

export const actions = ['publish', 'subscribe', 'receive'] as const
export type Action = (typeof actions)[number]

export const outcomes = [
  'granted', // shown by a message that arrived
  'silent', // acknowledged, but no message arrives
  'refused', // by a Reason Code
  'disconnected', // the server ended the connection
  'unknown', // nothing shows which
] as const
export type Outcome = (typeof outcomes)[number]

/** `no` is every outcome except `granted`; `any` is not compared. */
export type Expected = Outcome | 'no' | 'any'

/** Where a user's login comes from. */
export interface Account {
  readonly name: string
  /** Name of a context; undefined if the login is in the file. */
  readonly context: string | undefined
  /** undefined with a context, and for an anonymous client. */
  readonly username: string | undefined
  /** Path, relative to the file. */
  readonly passwordFile: string | undefined
  /** Name of an environment variable. */
  readonly passwordEnv: string | undefined
  /** undefined: a new one for each connection. */
  readonly clientId: string | undefined
  /** The server must refuse the login. */
  readonly mustBeRefused: boolean
}

export interface MatrixTopic {
  /** Topic Name or Topic Filter. */
  readonly filter: string
  /** By name of the user; `*` stands for all without an entry. */
  readonly rights: ReadonlyMap<string, Readonly<Record<Action, Expected>>>
}

export interface Matrix {
  readonly users: readonly Account[]
  readonly topics: readonly MatrixTopic[]
  /** Topics have no entries for users: nothing is expected. */
  readonly asksOnly: boolean
}

/** What the file may have. */
export const limits = { bytes: 1024 * 1024, users: 100, topics: 1000, pairs: 10_000 } as const

const formatHint = "see 'mqttx help access-rights' for the format of the file"
const settingWords = [
  ...['context', 'username', 'password-file', 'password-env', 'client-id'],
  ...['anonymous', 'refused'],
] as const
type SettingWord = (typeof settingWords)[number]

const everybody = '*'
const nothing = { publish: 'no', subscribe: 'no', receive: 'no' } as const

interface UserDraft {
  readonly name: string
  readonly line: number
  readonly settings: Map<SettingWord, string>
}

interface TopicDraft {
  readonly filter: string
  readonly rights: Map<string, Record<Action, Expected>>
}

/** @throws MqttxError that names the line */
export function parseMatrix(text: string, file: string): Matrix {
  return new MatrixParser(file).parse(text)
}

/** What a user is expected to be able to do with a topic. */
export function expectedOf({ rights }: MatrixTopic, user: string): Readonly<Record<Action, Expected>> {
  return rights.get(user) ?? rights.get(everybody) ?? nothing
}

/** A topic as the file has it: bare, or as a JSON string if a reader would not get it back. */
export function writtenTopic(topic: string): string {
  return /^[!#-~]([ -~]*[!-~])?$/.test(topic) ? topic : quoted(topic)
}

class MatrixParser {
  readonly #file: string
  readonly #users = new Map<string, UserDraft>()
  readonly #topics = new Map<string, TopicDraft>()
  #line = 0
  #section: UserDraft | TopicDraft | undefined

  constructor(file: string) {
    this.#file = file
  }

  parse(text: string): Matrix {
    for (const line of text.split('\n')) {
      this.#line++
      const words = line.trim()
      if (words !== '' && !words.startsWith('#')) this.#take(words)
    }
    if (this.#users.size === 0) throw this.#error('it names no user', formatHint, 0)
    if (this.#topics.size === 0) throw this.#error('it names no topic', formatHint, 0)
    const pairs = this.#users.size * this.#topics.size
    if (pairs > limits.pairs)
      throw this.#error(`users times topics are ${pairs}, the limit is ${limits.pairs}`, formatHint, 0)
    const users = [...this.#users.values()].map((draft) => this.#account(draft))
    this.#checkIdentifiers(users)
    const topics = [...this.#topics.values()]
    this.#checkRows(topics, users)
    return { users, topics, asksOnly: topics.every(({ rights }) => rights.size === 0) }
  }

  #take(words: string): void {
    const [, keyword = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(words) ?? []
    if (keyword === 'user') this.#section = this.#user(rest)
    else if (keyword === 'topic') this.#section = this.#topic(rest)
    else if (this.#section === undefined)
      throw this.#error(`'${shown(keyword)}' comes before the first user or topic`)
    else if ('settings' in this.#section) this.#setting(this.#section, keyword, rest)
    else this.#row(this.#section, keyword, rest)
  }

  #user(rest: string): UserDraft {
    const name = withoutComment(rest)
    if (!/^[A-Za-z\d][\w.@-]{0,99}$/.test(name) || name === 'user' || name === 'topic') {
      throw this.#error(
        `'${shown(name)}' is no name for a user`,
        'use letters, digits, ".", "_", "@" and "-"; another user name of MQTT goes on the line username NAME',
      )
    }
    if (this.#users.has(name)) throw this.#error(`user ${name} is there already`)
    if (this.#users.size >= limits.users) throw this.#error(`more than ${limits.users} users`)
    const draft = { name, line: this.#line, settings: new Map() }
    this.#users.set(name, draft)
    return draft
  }

  #setting({ name, settings }: UserDraft, word: string, value: string): void {
    const known = settingWords.find((one) => one === word)
    if (known === undefined) {
      const hint =
        word === 'password'
          ? 'the file holds no passwords: use password-file FILE, password-env NAME or context NAME'
          : `a user has ${settingWords.join(', ')}`
      throw this.#error(`'${shown(word)}' is no setting of a user`, hint)
    }
    const isFlag = known === 'anonymous' || known === 'refused'
    const text = withoutComment(value)
    if (isFlag !== (text === '')) throw this.#error(`${known} takes ${isFlag ? 'no' : 'a'} value`)
    if (settings.has(known)) throw this.#error(`user ${name} has ${known} already`)
    settings.set(known, text)
  }

  #account({ name, line, settings }: UserDraft): Account {
    const wrong = (why: string) => this.#error(why, formatHint, line)
    const given = (word: SettingWord): string | undefined => settings.get(word)
    const sources = (['context', 'username', 'anonymous'] as const).filter((word) => settings.has(word))
    if (sources.length > 1) throw wrong(`user ${name} has both ${sources[0]} and ${sources[1]}`)
    const hasFile = settings.has('password-file')
    if (hasFile && settings.has('password-env'))
      throw wrong(`user ${name} has both password-file and password-env`)
    if ((hasFile || settings.has('password-env')) && sources[0] !== 'username')
      throw wrong(`user ${name} has a password but no username`)
    return {
      name,
      context: sources.length === 0 ? name : given('context'),
      username: given('username'),
      passwordFile: given('password-file'),
      passwordEnv: given('password-env'),
      clientId: given('client-id'),
      mustBeRefused: settings.has('refused'),
    }
  }

  #checkIdentifiers(users: readonly Account[]): void {
    const seen = new Map<string, string>()
    for (const { name, clientId } of users) {
      if (clientId === undefined) continue
      const other = seen.get(clientId)
      if (other !== undefined)
        throw this.#error(`users ${other} and ${name} have the same client-id`, formatHint, 0)
      seen.set(clientId, name)
    }
  }

  #topic(rest: string): TopicDraft {
    const filter = this.#unquoted(rest.replace(/\s+#.*$/s, '')) // the Topic Filter # is no comment
    const fault = topicFault(filter)
    if (fault !== undefined) throw this.#error(`invalid topic '${shown(filter)}': ${fault}`)
    const before = this.#topics.get(filter)
    if (before !== undefined) return before
    if (this.#topics.size >= limits.topics) throw this.#error(`more than ${limits.topics} topics`)
    const draft = { filter, rights: new Map() }
    this.#topics.set(filter, draft)
    return draft
  }

  #unquoted(text: string): string {
    if (!text.startsWith('"')) return text
    try {
      return String(JSON.parse(text))
    } catch {
      throw this.#error(`${shown(text)} is no JSON string`, 'a topic in double quotes is a JSON string')
    }
  }

  #row({ filter, rights }: TopicDraft, user: string, rest: string): void {
    if (user !== everybody && !this.#users.has(user))
      throw this.#error(`there is no user '${shown(user)}' before this line`, 'user NAME adds one')
    if (rights.has(user)) throw this.#error(`topic ${shown(filter)} has a line for ${user} already`)
    const words = withoutComment(rest).split(/\s+/)
    const row: Record<Action, Expected> = { ...nothing }
    rights.set(user, row)
    if (words.length === 1 && words[0] === 'none') return
    const seen = new Set<Action>()
    for (const word of words) {
      const [, name = '', value] = /^([^:]*)(?::(.*))?$/s.exec(word) ?? []
      const action = actions.find((one) => one === name)
      if (action === undefined) {
        const hint = `name ${actions.join(', ')}, or none`
        throw this.#error(`'${shown(word)}' is nothing that a user can do`, hint)
      }
      if (seen.has(action)) throw this.#error(`${action} is there twice`)
      seen.add(action)
      row[action] = value === undefined ? 'granted' : this.#expected(value)
    }
  }

  #expected(text: string): Expected {
    const found = ([...outcomes, 'no', 'any'] as const).find((one) => one === text)
    if (found !== undefined) return found
    throw this.#error(`'${shown(text)}' is no outcome`, `the outcomes are ${outcomes.join(', ')}, no and any`)
  }

  #checkRows(topics: readonly TopicDraft[], users: readonly Account[]): void {
    const refused = new Set(users.filter(({ mustBeRefused }) => mustBeRefused).map(({ name }) => name))
    for (const { filter, rights } of topics) {
      const wrong = [...rights.keys()].find((name) => refused.has(name))
      if (wrong !== undefined)
        throw this.#error(
          `topic ${shown(filter)} has a line for ${wrong}, whose login must be refused`,
          formatHint,
          0,
        )
    }
  }

  /** `line` 0: the file as a whole. */
  #error(why: string, hint = formatHint, line = this.#line): MqttxError {
    const place = line === 0 ? '' : `, line ${line}`
    return new MqttxError(`${shown(this.#file)}${place}: ${why}`, { hint })
  }
}

function withoutComment(text: string): string {
  return text.replace(/(^|\s)#.*$/s, '').trimEnd()
}

/** The longest UTF-8 string, in bytes (MQTT 5.0, 1.5.4). */
const longest = 65_535
const mostLevels = 200

function topicFault(filter: string): string | undefined {
  if (filter === '') return 'it is empty [MQTT-4.7.3-1]'
  if (/[\0\p{Cs}]/u.test(filter)) return 'it has a character that MQTT does not allow'
  if (Buffer.byteLength(filter) > longest) return `it is longer than ${longest} bytes`
  if (filter.split('/').length > mostLevels) return `it has more than ${mostLevels} levels`
  if (filter.startsWith('$share/')) return 'shared subscriptions are tried without being named'
  const [misplaced] = misplacedWildcards(filter)
  return misplaced && `${misplaced.wildcard} is not ${misplaced.mustBe}`
}
