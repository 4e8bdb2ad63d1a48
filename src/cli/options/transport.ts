// Ways to a server other than a TCP connection to its address: WebSocket, a proxy, the DNS' list of servers.
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'
import { flag, list, option, type Parse } from '../option.js'
import { type ProxyUrl, parseProxy } from '../proxy-url.js'

const ws = flag({
  flags: '--ws',
  group: 'Connection',
  help: 'Speak MQTT in WebSocket frames; ws:// in -L means the same.',
})

const parsePath: Parse<string> = (text, name) => {
  if (/^\/[!-"$-~]*$/.test(text)) return text
  throw new UsageError(`${name}: '${shown(text)}' is not the path of a URL`, {
    hint: 'it begins with a slash, and what is not ASCII is written as %XX',
  })
}

const wsPath = option({
  flags: '--ws-path PATH',
  group: 'Connection',
  parse: parsePath,
  default: '/mqtt',
  help: 'Path of the WebSocket.',
  doc: 'What stands behind the first slash of {url} is the topic, and never the path.',
})

/** Those of the upgrade itself. */
const reserved = /^(connection|upgrade|host|content-length|transfer-encoding|sec-websocket-.*)$/i

/** The value may be a secret: no error shows it. */
const parseHeader: Parse<readonly [string, string]> = (text, name) => {
  const [, field, value] = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\t -~]*)$/.exec(text) ?? []
  if (field === undefined || value === undefined) {
    throw new UsageError(`${name}: the argument is not a header`, {
      hint: "write it as 'Name: value', in ASCII",
    })
  }
  if (reserved.test(field)) throw new UsageError(`${name}: ${field} cannot be set, it belongs to the upgrade`)
  return [field, value.trimEnd()]
}

const wsHeaders = list({
  flags: '--ws-header HEADER',
  group: 'Connection',
  parse: parseHeader,
  help: "Header of the WebSocket request: 'Name: value'; repeatable.",
  doc: "For servers that want a login there: `--ws-header 'Authorization: Bearer ...'`.",
})

const proxy = option<ProxyUrl>({
  flags: '--proxy URL',
  group: 'Connection',
  parse: parseProxy,
  missing: 'no proxy url specified',
  help: 'SOCKS5 or HTTP proxy: socks5h://USER:PW@HOST:PORT, http://...',
  doc: `Login and port may be left out; the port is then 1080, or 80 for HTTP. The proxy looks up the name of the server.
    An HTTP proxy has to allow the method CONNECT to the port; the login is sent as it stands (Basic). In USER and PW the form %XX stands for any byte. Not used for unix sockets.`,
})

const srv = flag({
  flags: '-S, --srv',
  group: 'Connection',
  help: 'Let the DNS say which servers the host has (SRV records).',
  doc: `The records of _mqtt._tcp.HOST, or with TLS of _secure-mqtt._tcp.HOST, are tried by priority and weight;
    {port} does not matter. A certificate must be for HOST, or for the server where its name ends in HOST.`,
})

export const transportOptions = { ws, wsPath, wsHeaders, proxy, srv }
