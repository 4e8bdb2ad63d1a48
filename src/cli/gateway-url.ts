// The URL of a gateway of MQTT-SN: mqtt-sn://HOST[:PORT].
import { UsageError } from '../errors.js'
import { snPort } from '../ports.js'
import { shown } from '../text.js'
import type { Parse } from './option.js'
import { parseName, parsePort } from './values.js'

export const snPrefix = /^mqtt-sn:\/\//i

/** A login is not part of it, and is not shown in the error. */
export const parseGateway: Parse<{ readonly host: string; readonly port: number }> = (text, name) => {
  const [, v6, host = v6 ?? '', port] =
    /^(?:\[([^[\]]+)\]|([^:/@[\]]+))(?::([^:/@]*))?\/?$/.exec(text.replace(snPrefix, '')) ?? []
  if (host === '') {
    const withoutLogin = text.replace(/\/\/.*@/, '//...@')
    throw new UsageError(`${name}: '${shown(withoutLogin)}' is not the URL of a gateway`, {
      hint: 'such as mqtt-sn://localhost:1884; MQTT-SN has no login, and a target no topic',
    })
  }
  return { host: parseName(host, name), port: port === undefined ? snPort : parsePort(port, name) }
}
