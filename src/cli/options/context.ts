// What a context can hold: every option of the connection. It takes no password itself, only where one is to be found.
import { UsageError } from '../../errors.js'
import { flag, indirect, option } from '../option.js'
import { parseServerUrl } from '../url.js'
import { clientId, connectionOptions, reconnectOptions, sessionOptions } from './connection.js'
import { connectProperties } from './properties.js'
import { willOptions } from './will.js'

const { pw, ...sessionWithoutPassword } = sessionOptions

const holdsNoPassword = 'give --password-file FILE, --password-env NAME or --password-command COMMAND'

const refusedPassword = option({
  flags: pw.flags,
  group: pw.group,
  parse(): string {
    throw new UsageError('A context does not hold a password.', { hint: holdsNoPassword })
  },
  help: 'Refused: a context holds only where the password is.',
  doc: 'See {passwordFile}, {passwordEnv} and {passwordCommand}.',
})

const url = indirect({
  flags: '-L, --url URL',
  group: 'Connection',
  parse(text, name) {
    const parsed = parseServerUrl(text, name)
    if (parsed.pw !== undefined) {
      throw new UsageError('A context does not hold a password, not in a URL either.', {
        hint: holdsNoPassword,
      })
    }
    if (parsed.topic === undefined || parsed.topic === '') return { ...parsed, topic: undefined }
    throw new UsageError('A context has no topic: the URL ends behind the host and port.')
  },
  missing: 'no URL specified',
  help: 'Server and user name in one: mqtt://USER@HOST:PORT.',
  doc: 'mqtts:// is with TLS, ws:// in WebSocket frames, wss:// both. It has no topic and no password here.',
})

const completeTopics = flag({
  flags: '--complete-topics',
  group: 'General',
  help: 'Let the shell complete topics, by asking the server.',
  doc: `With Tab behind -t, retained messages are asked for, for less than a third of a second; their topics are offered.
    MQTTX_COMPLETE_TOPICS in the environment does it without a context.`,
})

/** What a context can hold, in the order in which it counts. */
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

/** Settings that only those who may read the file should see; of `property` and `ws-header` a part is secret. */
export const secretSettings = ['psk', 'proxy', 'tls-engine-kpass-sha1']
