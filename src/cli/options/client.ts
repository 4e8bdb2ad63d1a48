// The options and checks that pub, sub and rr share.
import {
  checkSession,
  checkUrlTopic,
  connectionOptions,
  reconnectOptions,
  sessionOptions,
} from './connection.js'
import { contextOption, helpOptions, optionsFileOptions, talkOptions, traceOptions } from './general.js'
import { checkProperties, connectProperties } from './properties.js'
import { checkTls } from './tls.js'
import { checkWill, willOptions } from './will.js'

/** In the order of the man page; `own` are `url` and `id`, which differ. */
export function clientOptions<Own>(own: Own) {
  return {
    ...connectionOptions,
    ...reconnectOptions,
    ...own,
    ...sessionOptions,
    ...willOptions,
    ...connectProperties,
  }
}

export const generalOptions = {
  ...contextOption,
  ...optionsFileOptions,
  ...talkOptions,
  ...traceOptions,
  ...helpOptions,
}

/** Of the options that `--help` lists first, those that pub, sub and rr share. */
export const commonOptions = ['host', 'port', 'url', 'username', 'passwordFile', 'cafile', 'debug'] as const

type Checked = Parameters<typeof checkProperties>[0] &
  Parameters<typeof checkWill>[0] &
  Parameters<typeof checkTls>[0] &
  Parameters<typeof checkSession>[0] &
  Parameters<typeof checkUrlTopic>[0]

/** `hasTopic`: a topic is given, so that a URL needs none. @throws UsageError with mosquitto's text, in its order */
export function checkClient(args: Checked, hasTopic: boolean): void {
  checkUrlTopic(args, hasTopic)
  checkProperties(args)
  checkWill(args)
  checkTls(args)
  checkSession(args)
}
