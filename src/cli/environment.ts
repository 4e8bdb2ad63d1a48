// Options in the environment: what the variable of an option is called, and what its text stands for.
import { type AnyOption, namesOf, type Options } from './option.js'

export type Environment = Readonly<Record<string, string | undefined>>

/** What begins the name of every variable of ours. */
export const prefix = 'MQTTX_'

/** Variables that are no options: the first is set for --exec by rr, the second is for completions. */
export const requestMark = 'MQTTX_REQUEST'
export const completeTopicsVariable = 'MQTTX_COMPLETE_TOPICS'

/** What --exec tells a command about the request; where `requestMark` is set these are not options. */
const aboutRequest = ['TOPIC', 'QOS', 'RESPONSE_TOPIC', 'CORRELATION_DATA', 'CONTENT_TYPE', 'USER_PROPERTIES']

/** Which pager `inspect` uses; --no-pager is the option. */
export const pagerVariable = 'MQTTX_PAGER'

/** Known, and not for the reader of options. MQTTX_VERSION is what installers and images call a version of ours. */
const others = [requestMark, completeTopicsVariable, pagerVariable, 'MQTTX_VERSION']

/** An option with the text of its variable, and the name of that. */
export interface VariableSetting {
  readonly key: string
  readonly variable: string
  readonly text: string
}

interface Owner {
  readonly name: string
  readonly options: Options
}

/** The part of the name behind the prefix: the long name, or where there is none the key. Undefined: it has none. */
export function variableOf(key: string, option: AnyOption): string | undefined {
  if (option.role === 'help' || option.role === 'version') return undefined
  const name = option.variable ?? namesOf(option).long?.slice(2) ?? key.replace(/[A-Z]/g, '-$&')
  return name.replaceAll('-', '_').toUpperCase()
}

/** A command that connects has the short names too: MQTTX_QOS beside MQTTX_SUB_QOS. */
export function connects({ options }: Pick<Owner, 'options'>): boolean {
  return 'context' in options
}

/** Every variable of a command, in the order in which they are to be read; the longer name of two comes first. */
export function variablesOf({ name, options }: Owner): Map<string, string> {
  const variables = new Map<string, string>()
  const own = `${prefix}${name.toUpperCase()}_`
  const entries = Object.entries(options)
  // What a URL says is taken back by variables that say it alone.
  const ordered = [...entries.filter(([key]) => key === 'url'), ...entries.filter(([key]) => key !== 'url')]
  for (const [key, option] of ordered) {
    const variable = variableOf(key, option)
    if (variable === undefined) continue
    variables.set(own + variable, key)
    if (connects({ options })) variables.set(prefix + variable, key)
  }
  return variables
}

/**
 * What Kubernetes sets in every pod for a Service whose name begins with mqttx: MQTTX_SERVICE_HOST, MQTTX_PORT=tcp://...,
 * MQTTX_PORT_1883_TCP_ADDR and more.
 */
function isOfKubernetes(name: string, value: string): boolean {
  if (/_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)_(PROTO|PORT|ADDR)$/.test(name)) return true
  return /_PORT(_\d+_(TCP|UDP|SCTP))?$/.test(name) && /^(tcp|udp|sctp):\/\//.test(value)
}

/** The names in an environment that begin with ours, of variables that are not empty. */
export function namesIn(env: Environment): string[] {
  const names: string[] = []
  for (const name in env) {
    const value = env[name]
    if (!name.startsWith(prefix) || value === undefined || value === '') continue
    if (!isOfKubernetes(name, value)) names.push(name)
  }
  return names
}

/** What an environment says about the options of a command, and the names in it that are not of this command. */
export function readEnvironment(
  owner: Owner,
  env: Environment,
): { settings: VariableSetting[]; foreign: string[] } {
  const names = namesIn(env)
  if (names.length === 0) return { settings: [], foreign: [] }
  const about = env[requestMark] === undefined ? [] : aboutRequest.map((name) => prefix + name)
  const passed = new Set(about)
  const variables = variablesOf(owner)
  const settings: VariableSetting[] = []
  const named = new Set(names)
  const seen = new Set<string>()
  for (const [variable, key] of variables) {
    const text = env[variable]
    if (text === undefined || !named.has(variable) || passed.has(variable) || seen.has(key)) continue
    seen.add(key)
    settings.push({ key, variable, text })
  }
  return {
    settings,
    foreign: names.filter((name) => !variables.has(name) && !passed.has(name) && !others.includes(name)),
  }
}

export function isRepeatable({ many, repeatable }: AnyOption): boolean {
  return many || repeatable === true
}

/** One text for each use of an option: lines, where it may be given more than once. */
export function usesOf(option: AnyOption, text: string): string[] {
  return isRepeatable(option) ? text.split('\n').filter((line) => line !== '') : [text]
}

/** The words of one use: one, or for an option that takes several those between blanks, the last being the rest. */
export function wordsOfUse({ needsAnother }: AnyOption, text: string): string[] {
  const words: string[] = []
  let rest = text
  for (;;) {
    const blank = rest.indexOf(' ')
    if (needsAnother?.([...words, blank < 0 ? rest : rest.slice(0, blank)]) !== true || blank < 0) {
      return [...words, rest]
    }
    words.push(rest.slice(0, blank))
    rest = rest.slice(blank + 1)
  }
}

/** Undefined: it is not one of the four words. */
export function switchOf(text: string): boolean | undefined {
  if (text === '1' || text === 'true') return true
  return text === '0' || text === 'false' ? false : undefined
}

/**
 * The folder of a user's settings, after the XDG Base Directory Specification: a relative path does not count, as it
 * would mean another file in each working directory. Undefined: the environment names none.
 */
export function configFolder({ XDG_CONFIG_HOME: config, HOME: home }: Environment): string | undefined {
  if (isAbsolute(config)) return config
  return isAbsolute(home) ? `${home}/.config` : undefined
}

/** On either kind of system. */
export function isAbsolute(path: string | undefined): path is string {
  return path !== undefined && /^(\/|[A-Za-z]:[\\/]|\\\\)/.test(path)
}
