// User name and password: from the command line, the environment, a file, a command or a prompt.
import { UsageError } from '../../errors.js'
import { optionsOf, type Parse } from '../option.js'
import { largestString, mqttString, type ProtocolVersion, parseName } from '../values.js'

const { option } = optionsOf('Session')

export interface Login {
  username?: string
  pw?: string
  passwordFile?: string
  passwordEnv?: string
  passwordCommand?: string
  askPassword?: boolean
}

/** Sets the source of the password; it replaces an earlier one. */
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
  parse: mqttString('Problem setting username and/or password.', { empty: 'allowed' }),
  missing: 'no username specified',
  help: 'User name for the server.',
})

const pw = option({
  flags: '-P, --pw PASSWORD',
  parse: parsePassword,
  variable: 'PASSWORD',
  help: 'Password for the server; - prompts for it.',
  doc: `Before MQTT 5 it needs a user name. Other users of this machine can read command lines, but not MQTTX_PASSWORD in the
    environment, a line \`--pw PASSWORD\` in the options file, or {passwordFile}. With - it is read from the terminal
    without echo, or from the first line of standard input if that is not a terminal.`,
  assign(args: Login, value) {
    setPassword(args, value === '-' ? { askPassword: true } : { pw: value })
  },
})

const passwordFile = option({
  flags: '--password-file FILE',
  parse: parseName,
  complete: 'file',
  help: 'Read the password from the first line of this file.',
  doc: 'The last of {pw}, {passwordFile}, {passwordEnv} and {passwordCommand} counts.',
  assign(args: Login, value) {
    setPassword(args, { passwordFile: value })
  },
})

const parseVariableName: Parse<string> = (text, name) => {
  if (/^[A-Za-z_]\w*$/.test(text)) return text
  throw new UsageError(`${name}: the argument is not the name of a variable`, {
    hint: 'give the name of a variable (letters, digits and _), not the password itself',
  })
}

const passwordEnv = option({
  flags: '--password-env NAME',
  parse: parseVariableName,
  help: 'Read the password from this environment variable.',
  doc: 'The variable must be set when the connection is made.',
  assign(args: Login, value) {
    setPassword(args, { passwordEnv: value })
  },
})

const passwordCommand = option({
  flags: '--password-command COMMAND',
  parse: parseName,
  help: 'Read the password from the first line this command prints.',
  doc: `The shell runs it once, before connecting, without standard input. A non-zero status is an error. For password
    managers: \`pass show mqtt/prod\`, for example.`,
  assign(args: Login, value) {
    setPassword(args, { passwordCommand: value })
  },
})

/** Binary Data: at most 65,535 bytes, any content. */
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
