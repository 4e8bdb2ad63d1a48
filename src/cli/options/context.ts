// The options that a context can hold: every connection option. Not the password, only where to find it.
import { UsageError } from '../../errors.js'
import { optionsOf } from '../option.js'
import { parseServerUrl } from '../url.js'
import { clientId, connectionOptions, reconnectOptions, sessionOptions } from './connection.js'
import { connectProperties } from './properties.js'
import { willOptions } from './will.js'

const { flag } = optionsOf('General')
const inConnection = optionsOf('Connection')
const inSession = optionsOf('Session')

const { pw, ...sessionWithoutPassword } = sessionOptions

const holdsNoPassword = 'use --password-file FILE, --password-env NAME or --password-command COMMAND'

const refusedPassword = inSession.option({
  flags: pw.flags,
  parse(): string {
    throw new UsageError('A context cannot hold a password.', { hint: holdsNoPassword })
  },
  help: 'Refused: a context only says where to find the password.',
  doc: 'See {passwordFile}, {passwordEnv} and {passwordCommand}.',
})

const url = inConnection.indirect({
  flags: '-L, --url URL',
  parse(text, name) {
    const parsed = parseServerUrl(text, name)
    if (parsed.pw !== undefined) {
      throw new UsageError('A context cannot hold a password, not even in a URL.', { hint: holdsNoPassword })
    }
    if (parsed.topic === undefined || parsed.topic === '') return { ...parsed, topic: undefined }
    throw new UsageError('A context has no topic: end the URL after host and port.')
  },
  missing: 'no URL specified',
  help: 'Server and user name in one: mqtt://USER@HOST:PORT.',
  doc: 'mqtts:// uses TLS, ws:// WebSocket, wss:// both. No topic and no password here.',
})

const completeTopics = flag({
  flags: '--complete-topics',
  help: 'Let the shell complete topics by asking the server.',
  doc: `Tab after -t offers the topics of retained messages that arrive within about 0.3 s. MQTTX_COMPLETE_TOPICS in the
    environment does the same without a context.`,
})

/** The settings of a context, in the order in which they are applied. */
export const contextSettings = {
  url,
  ...connectionOptions,
  ...reconnectOptions,
  id: clientId('Invalid id.'),
  ...sessionWithoutPassword,
  pw: refusedPassword,
  ...willOptions,
  ...connectProperties,
  completeTopics,
}

/** Settings whose values `context show` hides; of `property` and `ws-header` it hides a part. */
export const secretSettings = ['psk', 'proxy', 'tls-engine-kpass-sha1']
