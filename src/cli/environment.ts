// Environment variables: the name of each option's variable, and how its value is read.
import { type AnyOption, namesOf, type Options } from './option.js'

export type Environment = Readonly<Record<string, string | undefined>>

/** All our variables begin with this. */
export const prefix = 'MQTTX_'

/** Variables that are not options: the first is set by --exec, the second enables the completion of topics. */
export const requestMark = 'MQTTX_REQUEST'
export const completeTopicsVariable = 'MQTTX_COMPLETE_TOPICS'

/** What --exec of rr and sub sets for its command. If `requestMark` is set these are not options. */
const messageVariables = [
  'TOPIC',
  'QOS',
  'RETAIN',
  'DUP',
  'ATTEMPT',
  'PAYLOAD_FORMAT_INDICATOR',
  'MESSAGE_EXPIRY_INTERVAL',
  'RESPONSE_TOPIC',
  'CORRELATION_DATA',
  'CONTENT_TYPE',
  'USER_PROPERTIES',
]

/** The pager of `inspect`. */
export const pagerVariable = 'MQTTX_PAGER'

/** Known, but not options. MQTTX_VERSION is set by installers and container images. */
const otherVariables = [requestMark, completeTopicsVariable, pagerVariable, 'MQTTX_VERSION']

/** The value of an option's variable, and the name of the variable. */
export interface VariableSetting {
  readonly key: string
  readonly variable: string
  readonly text: string
}

interface Owner {
  readonly name: string
  readonly options: Options
}

/** The variable's name after the prefix: the long name, else the key. Undefined: the option has no variable. */
export function variableOf(key: string, option: AnyOption): string | undefined {
  if (option.role === 'help' || option.role === 'version') return undefined
  const name = option.variable ?? namesOf(option).long?.slice(2) ?? key.replace(/[A-Z]/g, '-$&')
  return name.replaceAll('-', '_').toUpperCase()
}

/** True for a command that connects, which has short names too: MQTTX_QOS in addition to MQTTX_SUB_QOS. */
export function connects({ options }: Pick<Owner, 'options'>): boolean {
  return 'context' in options
}

/** Every variable of a command with its option's key, in the order of application; MQTTX_SUB_QOS before MQTTX_QOS. */
export function variablesOf({ name, options }: Owner): Map<string, string> {
  const variables = new Map<string, string>()
  const own = `${prefix}${name.toUpperCase()}_`
  const entries = Object.entries(options)
  // The URL first: MQTTX_HOST and other variables override its parts.
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
 * True for the variables that Kubernetes sets in every pod for a Service whose name begins with mqttx:
 * MQTTX_SERVICE_HOST, MQTTX_PORT=tcp://..., MQTTX_PORT_1883_TCP_ADDR and more.
 */
function isOfKubernetes(name: string, value: string): boolean {
  if (/_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)_(PROTO|PORT|ADDR)$/.test(name)) return true
  return /_PORT(_\d+_(TCP|UDP|SCTP))?$/.test(name) && /^(tcp|udp|sctp):\/\//.test(value)
}

/** The names of the variables that begin with our prefix and are not empty. */
export function namesIn(env: Environment): string[] {
  const names: string[] = []
  for (const name in env) {
    const value = env[name]
    if (!name.startsWith(prefix) || value === undefined || value === '') continue
    if (!isOfKubernetes(name, value)) names.push(name)
  }
  return names
}

/** The options that the environment sets for a command, and the names of variables that the command does not have. */
export function readEnvironment(
  owner: Owner,
  env: Environment,
): { settings: VariableSetting[]; foreign: string[] } {
  const names = namesIn(env)
  if (names.length === 0) return { settings: [], foreign: [] }
  const about = env[requestMark] === undefined ? [] : messageVariables.map((name) => prefix + name)
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
    foreign: names.filter(
      (name) => !variables.has(name) && !passed.has(name) && !otherVariables.includes(name),
    ),
  }
}

export function isRepeatable({ many, repeatable }: AnyOption): boolean {
  return many || repeatable === true
}

/** The values in a variable: one per line for an option that may be given more than once. */
export function valuesIn(option: AnyOption, text: string): string[] {
  return isRepeatable(option) ? text.split('\n').filter((line) => line !== '') : [text]
}

/** Splits a value at blanks for an option that takes several arguments; the last argument is the rest of the text. */
export function splitArguments({ needsAnother }: AnyOption, text: string): string[] {
  const args: string[] = []
  let rest = text
  for (;;) {
    const blank = rest.indexOf(' ')
    if (needsAnother?.([...args, blank < 0 ? rest : rest.slice(0, blank)]) !== true || blank < 0) {
      return [...args, rest]
    }
    args.push(rest.slice(0, blank))
    rest = rest.slice(blank + 1)
  }
}

/** The value of a switch; undefined if the text is not 1, true, 0 or false. */
export function switchOf(text: string): boolean | undefined {
  if (text === '1' || text === 'true') return true
  return text === '0' || text === 'false' ? false : undefined
}

/**
 * The folder of a user's settings (XDG Base Directory Specification). A relative path is ignored, as it would name a
 * different file in each working directory. Undefined: the environment names none.
 */
export function configFolder({ XDG_CONFIG_HOME: config, HOME: home }: Environment): string | undefined {
  if (isAbsolute(config)) return config
  return isAbsolute(home) ? `${home}/.config` : undefined
}

/** Absolute on POSIX or on Windows. */
export function isAbsolute(path: string | undefined): path is string {
  return path !== undefined && /^(\/|[A-Za-z]:[\\/]|\\\\)/.test(path)
}
