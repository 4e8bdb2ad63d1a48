// Options of tap: where clients connect, where their connections go, and faults.
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'
import { parseGateway, snPrefix } from '../gateway-url.js'
import { optionsOf, type Parse } from '../option.js'
import { parseServerUrl, type Transport } from '../url.js'
import { integer, parseListenPort, parseName, parseSeconds, parseSocketPath, parseText } from '../values.js'
import { inspectOptions, views } from './inspect.js'

const { option } = optionsOf('Server')
const inConnection = optionsOf('Connection')
const inFaults = optionsOf('Faults')
const inOutput = optionsOf('Output')

interface ListenAddress {
  readonly bind: string | undefined
  readonly port: number
}

export const parseListen: Parse<ListenAddress> = (text, name) => {
  const parts = /^(?:(?:\[([^[\]]*)\]|([^:[\]]*)):)?([^:]*)$/s.exec(text)
  if (parts === null) {
    throw new UsageError(`${name}: '${shown(text)}' is not [BIND:]PORT`, {
      hint: 'such as 1884, 0.0.0.0:1884 or [::1]:1884',
    })
  }
  const bind = parts[1] ?? parts[2]
  return {
    bind: bind === undefined ? undefined : parseName(bind, name),
    port: parseListenPort(parts[3]!, name),
  }
}

export interface Target {
  readonly host?: string
  readonly port?: number
  readonly unix?: string
  readonly transport?: Transport
  readonly wsPath?: string
}

export interface TargetWithLogin extends Target {
  readonly username?: string
  readonly pw?: string
}

const parseTarget: Parse<Target> = (text, name) => {
  const { username, pw: _, ...target } = parseTargetWithLogin(text, name)
  if (username === undefined) return target
  throw notATarget(text, name, 'clients send their own login: omit it')
}

/** mqtt(s)://, ws(s):// or unix:///, without a topic. */
export const parseTargetWithLogin: Parse<TargetWithLogin> = (text, name) => {
  const [, path] = /^unix:(?:\/\/)?(\/.*)$/is.exec(text) ?? []
  if (path !== undefined) return { unix: parseSocketPath(path, name) }
  try {
    const { transport, host, port, username, pw, topic = '' } = parseServerUrl(text, name)
    const isWebSocket = transport === 'ws' || transport === 'wss'
    if (topic !== '' && !isWebSocket) throw new UsageError('', { hint: 'a target has no topic: omit it' })
    return {
      ...{ transport, host, port },
      ...(topic !== '' && { wsPath: `/${topic}` }),
      ...(username !== undefined && { username }),
      ...(pw !== undefined && { pw }),
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    const hint = error.hint
      ?.replace(/,? (or wss:\/\/)/, ', wss:// $1')
      .replace('wss:// or wss://', 'wss:// or unix:///PATH')
    throw notATarget(text, name, hint, error)
  }
}

function notATarget(text: string, name: string, hint: string | undefined, cause?: Error): UsageError {
  return new UsageError(`${name}: '${withoutLogin(text)}' is not the URL of a server`, { hint, cause })
}

/** A URL with a password must not be shown. */
function withoutLogin(text: string): string {
  return shown(text.replace(/\/\/[^/]*@/, '//...@'))
}

/** `mqtt-sn://` before it is for UDP. */
const parseTapListen: Parse<ListenAddress & { readonly udp?: true }> = (text, name) => {
  if (!snPrefix.test(text)) return parseListen(text, name)
  return { ...parseListen(text.replace(snPrefix, '').replace(/\/$/, ''), name), udp: true }
}

/** A gateway of MQTT-SN, or as `parseTarget`. */
const parseTapTarget: Parse<Target & { readonly udp?: true }> = (text, name) =>
  snPrefix.test(text) ? { ...parseGateway(text, name), udp: true } : parseTarget(text, name)

const listen = option({
  flags: '--listen PORT',
  parse: parseTapListen,
  missing: 'no port specified',
  help: 'Port to listen on, or BIND:PORT; 0 picks a free port.',
  doc: `BIND is an address of this machine, by default 127.0.0.1; 0.0.0.0 is all its addresses. It holds for the other
    listeners too. The address with the actual port is printed on standard error. The port is of UDP if {to} is
    mqtt-sn://, which may also be written before it.`,
})

const to = inConnection.option({
  flags: '--to URL',
  parse: parseTapTarget,
  missing: 'no URL specified',
  help: 'The server: mqtt(s)://HOST:PORT, ws(s)://, unix://, mqtt-sn://.',
  doc: `After ws:// and wss:// a path may follow; unix:///PATH is a unix socket. The options of TLS are for this connection.
    mqtt-sn://HOST[:1884] is a gateway of MQTT-SN: clients come over UDP, and each has a socket of its own towards it.`,
})

const connectTimeout = inConnection.option({
  flags: '--connect-timeout SECONDS',
  parse: parseSeconds,
  default: 30,
  missing: 'no timeout specified',
  help: 'Close a client if there is no connection to the server by then.',
})

const fault = inFaults.list({
  flags: '--fault RULE',
  parse: parseText,
  missing: 'no rule specified',
  help: 'Cause a fault, by a rule such as "puback s2c #2 drop"; repeatable.',
  doc: 'See FAULTS.',
})

const faultFile = inFaults.option({
  flags: '--fault-file FILE',
  parse: parseName,
  complete: 'file',
  help: 'Read faults from this file: one per line, # begins a comment.',
  doc: 'They come before those of {fault}.',
})

const seed = inFaults.option({
  flags: '--seed NUMBER',
  parse: integer({ min: 0, max: 0xffffffff }),
  default: 1,
  help: 'Seed of p=: the same traffic gets the same faults.',
})

export const tapViews = [...views, 'none'] as const
export type TapView = (typeof tapViews)[number]

const parseView: Parse<TapView> = (text, name) => {
  const known = tapViews.find((view) => view === text)
  if (known !== undefined) return known
  throw new UsageError(`${name}: '${shown(text)}' is not a view`, { hint: `use ${tapViews.join(', ')}` })
}

const view = inOutput.option({
  flags: '--view VIEW',
  parse: parseView,
  choices: tapViews,
  default: 'line',
  help: 'What to show: line, bytes, tree, flow, json, stats or none.',
  doc: 'As `mqttx inspect --view`. What the output cannot take in time is left out and counted; clients never wait for it.',
})

const write = {
  ...inspectOptions.write,
  doc: `Each becomes one TCP segment (MQTT-SN: one UDP datagram) between generated or real addresses. Packets with a fault have a comment. Passwords are
    included, so a new file has mode 0600.`,
}

const {
  protocolVersion,
  full,
  fields,
  sparkplug,
  showSecrets,
  color,
  type,
  client,
  topic,
  connection,
  only,
} = inspectOptions

export const tapOptions = { listen, to, connectTimeout, fault, faultFile, seed }
export const tapViewOptions = {
  ...{ view, write, full, fields, sparkplug, showSecrets, color, protocolVersion },
  ...{ type, client, topic, connection, only },
}
