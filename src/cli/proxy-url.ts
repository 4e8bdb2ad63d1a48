// The --proxy URL: socks5h://[user[:password]@]host[:port], or http://. Error texts never show its password.
import { UsageError } from '../errors.js'
import { shown } from '../text.js'
import type { Parse } from './option.js'
import { unbracketed } from './url.js'

export interface ProxyUrl {
  readonly scheme: 'socks5h' | 'http'
  readonly host: string
  readonly port: number
  readonly login?: { readonly user: string; readonly password: string }
}

/** RFC 1928, 3; RFC 9110, 4.2.1. */
const defaultPorts = { socks5h: 1080, http: 80 }
const forms = 'use socks5h://HOST:PORT or http://HOST:PORT'
const longest = 255 // of a user name and of a password (RFC 1929, 2)

export const parseProxy: Parse<ProxyUrl> = (text) => {
  const [, name = '', rest = ''] = /^(socks5h|http):\/\/(.*)$/is.exec(text) ?? []
  const scheme = name.toLowerCase() as ProxyUrl['scheme'] | ''
  if (scheme === '') {
    throw new UsageError(`Unsupported proxy protocol: ${shown(text.replace(/[^/]*@/, '...@'))}`, {
      hint: forms,
    })
  }
  const at = rest.lastIndexOf('@')
  const target = { scheme, ...hostAndPort(rest.slice(at + 1).replace(/\/$/, ''), defaultPorts[scheme]) }
  return at < 0 ? target : { ...target, login: login(rest.slice(0, at)) }
}

function hostAndPort(text: string, defaultPort: number): { host: string; port: number } {
  if (text.startsWith('[[')) throw new UsageError('Duplicate IPv6 address.')
  const [, address, name, port] = /^(?:\[([^[\]]+)\]|([^:[\]/@]+))(?::([^:]*))?$/.exec(text) ?? []
  const host = address === undefined ? name : unbracketed(address)
  if (host === undefined) throw new UsageError('Invalid proxy.', { hint: forms })
  if (port === undefined) return { host, port: defaultPort }
  const number = /^\d+$/.test(port) ? Number(port) : 0
  if (number >= 1 && number <= 65_535) return { host, port: number }
  throw new UsageError(`Invalid proxy port ${shown(port)}`, { hint: 'a port is a number from 1 to 65535' })
}

function login(text: string): { user: string; password: string } {
  const [user = '', password = '', ...more] = text.split(':')
  if (more.length > 0) {
    throw new UsageError("Username cannot contain ':'.", {
      hint: 'write a colon in the user name or password as %3A',
    })
  }
  return { user: decoded(user), password: decoded(password) }
}

function decoded(text: string): string {
  let plain: string
  try {
    plain = decodeURIComponent(text)
  } catch {
    const hint = 'a % in the user name or password is not followed by two hex digits: write % as %25'
    throw new UsageError('Invalid proxy.', { hint })
  }
  if (Buffer.byteLength(plain) <= longest) return plain
  throw new UsageError('Invalid proxy.', {
    hint: `the limit is ${longest} bytes each for user name and password`,
  })
}
