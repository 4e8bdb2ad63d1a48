// Transport options: WebSocket, proxies, DNS SRV records.
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'
import { optionsOf, type Parse } from '../option.js'
import { type ProxyUrl, parseProxy } from '../proxy-url.js'

const { flag, list, option } = optionsOf('Connection')

const ws = flag({ flags: '--ws', help: 'Connect by WebSocket; ws:// in -L does the same.' })

const parsePath: Parse<string> = (text, name) => {
  if (/^\/[!-"$-~]*$/.test(text)) return text
  throw new UsageError(`${name}: '${shown(text)}' is not the path of a URL`, {
    hint: 'begin it with a slash, and write non-ASCII bytes as %XX',
  })
}

const wsPath = option({
  flags: '--ws-path PATH',
  parse: parsePath,
  default: '/mqtt',
  help: 'Path of the WebSocket.',
  doc: 'The part of {url} after the host is the topic, not this path.',
})

/** Headers that the WebSocket upgrade sets itself. */
const reserved = /^(connection|upgrade|host|content-length|transfer-encoding|sec-websocket-.*)$/i

/** The value may be a secret: errors must not show it. */
const parseHeader: Parse<readonly [string, string]> = (text, name) => {
  const [, field, value] = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\t -~]*)$/.exec(text) ?? []
  if (field === undefined || value === undefined) {
    throw new UsageError(`${name}: the argument is not a header`, {
      hint: "write it as 'Name: value', in ASCII",
    })
  }
  if (reserved.test(field))
    throw new UsageError(`${name}: ${field} cannot be set: the WebSocket upgrade sets it`)
  return [field, value.trimEnd()]
}

const wsHeaders = list({
  flags: '--ws-header HEADER',
  parse: parseHeader,
  help: "Header of the WebSocket request: 'Name: value'; repeatable.",
  doc: "For servers that need a login there: `--ws-header 'Authorization: Bearer ...'`.",
})

const proxy = option<ProxyUrl>({
  flags: '--proxy URL',
  parse: parseProxy,
  missing: 'no proxy url specified',
  help: 'SOCKS5 or HTTP proxy: socks5h://USER:PW@HOST:PORT, http://...',
  doc: `Login and port are optional; the default port is 1080, for HTTP 80. The proxy resolves the server name. An HTTP
    proxy must allow CONNECT to the port; the login is sent unencrypted (Basic). In USER and PW, %XX stands for any byte.
    Not used for unix sockets.`,
})

const srv = flag({
  flags: '-S, --srv',
  help: 'Find the servers of the host by DNS SRV records.',
  doc: `The records of _mqtt._tcp.HOST, with TLS of _secure-mqtt._tcp.HOST, are tried by priority and weight; {port} is
    ignored. A certificate must be for HOST, or for the server if its name ends in HOST.`,
})

export const transportOptions = { ws, wsPath, wsHeaders, proxy, srv }
