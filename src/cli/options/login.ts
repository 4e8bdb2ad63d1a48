// User name and password: on the command line, in the environment, in a file, or asked for.
import { UsageError } from '../../errors.js'
import { option } from '../option.js'
import { largestString, mqttString, type ProtocolVersion, parseName } from '../values.js'

export interface Login {
  username?: string
  pw?: string
  passwordFile?: string
  askPassword?: boolean
}

/** A password from one source takes back one from another. */
export function setPassword(args: Login, { pw, passwordFile, askPassword }: Omit<Login, 'username'>): void {
  delete args.pw
  delete args.passwordFile
  delete args.askPassword
  if (pw !== undefined) args.pw = pw
  if (passwordFile !== undefined) args.passwordFile = passwordFile
  if (askPassword !== undefined) args.askPassword = askPassword
}

const username = option({
  flags: '-u, --username NAME',
  group: 'Session',
  parse: mqttString('Problem setting username and/or password.', { empty: 'allowed' }),
  variable: 'MQTTX_USERNAME',
  missing: 'no username specified',
  help: 'User name for the server.',
})

const pw = option({
  flags: '-P, --pw PASSWORD',
  group: 'Session',
  parse: parsePassword,
  variable: 'MQTTX_PASSWORD',
  help: 'Password for the server, or - to ask for it.',
  doc: `Before MQTT 5 it needs a user name. Other users of this machine can read command lines; they cannot read
    MQTTX_PASSWORD in the environment, a line \`--pw PASSWORD\` in the options file, or {passwordFile}. With - it is asked
    for on the terminal and not shown, or where standard input is no terminal, the first line of that.`,
  assign(args: Login, value) {
    setPassword(args, value === '-' ? { askPassword: true } : { pw: value })
  },
})

const passwordFile = option({
  flags: '--password-file FILE',
  group: 'Session',
  parse: parseName,
  complete: 'file',
  help: 'Password for the server: the first line of this file.',
  doc: 'Without its line end. The last of {pw} and {passwordFile} counts.',
  assign(args: Login, value) {
    setPassword(args, { passwordFile: value })
  },
})

/** Binary Data: a length of two bytes, any content. */
function parsePassword(text: string): string {
  const bytes = Buffer.byteLength(text)
  if (bytes <= largestString) return text
  const hint = `the password is ${bytes} bytes long, the limit is ${largestString}`
  throw new UsageError('Problem setting username and/or password.', { hint })
}

export const loginOptions = { username, pw, passwordFile }

export function checkLogin(args: Login & { protocolVersion: ProtocolVersion }): void {
  const { username, pw, passwordFile, askPassword, protocolVersion } = args
  const hasPassword = pw !== undefined || passwordFile !== undefined || askPassword === true
  if (!hasPassword || username !== undefined || protocolVersion === 5) return
  throw new UsageError('Problem setting username and/or password.', {
    hint: 'before MQTT 5 a password needs a user name: -u NAME',
  })
}
