// User name and password: on the command line, in the environment, in a file, or asked for.
import { UsageError } from '../../errors.js'
import { option, type Parse } from '../option.js'
import { largestString, mqttString, type ProtocolVersion, parseName } from '../values.js'

export interface Login {
  username?: string
  pw?: string
  passwordFile?: string
  passwordEnv?: string
  passwordCommand?: string
  askPassword?: boolean
}

/** A password from one source takes back one from another. */
export function setPassword(args: Login, source: Omit<Login, 'username'>): void {
  delete args.pw
  delete args.passwordFile
  delete args.passwordEnv
  delete args.passwordCommand
  delete args.askPassword
  Object.assign(args, source)
}

const username = option({
  flags: '-u, --username NAME',
  group: 'Session',
  parse: mqttString('Problem setting username and/or password.', { empty: 'allowed' }),
  missing: 'no username specified',
  help: 'User name for the server.',
})

const pw = option({
  flags: '-P, --pw PASSWORD',
  group: 'Session',
  parse: parsePassword,
  variable: 'PASSWORD',
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
  doc: 'Without its line end. The last of {pw}, {passwordFile}, {passwordEnv} and {passwordCommand} counts.',
  assign(args: Login, value) {
    setPassword(args, { passwordFile: value })
  },
})

const parseVariableName: Parse<string> = (text, name) => {
  if (/^[A-Za-z_]\w*$/.test(text)) return text
  throw new UsageError(`${name}: the argument is not the name of a variable`, {
    hint: 'letters, digits and _; the password itself does not stand here',
  })
}

const passwordEnv = option({
  flags: '--password-env NAME',
  group: 'Session',
  parse: parseVariableName,
  help: 'Password for the server: what this variable holds.',
  doc: 'A variable of the environment, which has to be there when the connection is made.',
  assign(args: Login, value) {
    setPassword(args, { passwordEnv: value })
  },
})

const passwordCommand = option({
  flags: '--password-command COMMAND',
  group: 'Session',
  parse: parseName,
  help: 'Password for the server: the first line this command prints.',
  doc: `The shell runs it, once, before the connection is made, without standard input. A status that is not 0 is an error.
    For keepers of passwords: \`pass show mqtt/prod\`, for example.`,
  assign(args: Login, value) {
    setPassword(args, { passwordCommand: value })
  },
})

/** Binary Data: a length of two bytes, any content. */
function parsePassword(text: string): string {
  const bytes = Buffer.byteLength(text)
  if (bytes <= largestString) return text
  const hint = `the password is ${bytes} bytes long, the limit is ${largestString}`
  throw new UsageError('Problem setting username and/or password.', { hint })
}

export const loginOptions = { username, pw, passwordFile, passwordEnv, passwordCommand }

export function checkLogin(args: Login & { protocolVersion: ProtocolVersion }): void {
  const { username, pw, passwordFile, passwordEnv, passwordCommand, askPassword, protocolVersion } = args
  const source = pw ?? passwordFile ?? passwordEnv ?? passwordCommand
  const hasPassword = source !== undefined || askPassword === true
  if (!hasPassword || username !== undefined || protocolVersion === 5) return
  throw new UsageError('Problem setting username and/or password.', {
    hint: 'before MQTT 5 a password needs a user name: -u NAME',
  })
}
