// Resolves the password: command line, environment, file, command, standard input or prompt.

import { textToBytes } from '../byte-text.js'
import { ExitCode, MqttxError } from '../errors.js'
import type { Host } from '../host.js'
import { strerror } from '../io/system-error.js'
import { isTerminal } from '../io/terminal.js'
import { readSecret } from './files.js'

export interface LoginArgs {
  readonly username?: string | undefined
  readonly pw?: string | undefined
  readonly passwordFile?: string | undefined
  readonly passwordEnv?: string | undefined
  readonly passwordCommand?: string | undefined
  /** Seconds; also the limit for --password-command. */
  readonly connectTimeout: number
  /** -P - */
  readonly askPassword?: boolean | undefined
  /** Standard input is published. */
  readonly stdinLine?: boolean | undefined
  readonly stdinFile?: boolean | undefined
}

const longest = 65_535 // Binary Data (MQTT 5.0, 1.5.6)

/** @throws MqttxError if the password cannot be read or is too long */
export async function password(
  args: LoginArgs,
  host: Host,
  signal?: AbortSignal,
): Promise<Buffer | undefined> {
  const bytes = await resolve(args, host, signal)
  if (bytes === undefined || bytes.length <= longest) return bytes
  const hint = `the password is ${bytes.length} bytes long, the limit is ${longest}`
  throw new MqttxError('Problem setting username and/or password.', { hint })
}

async function resolve(
  args: LoginArgs,
  host: Host,
  signal: AbortSignal | undefined,
): Promise<Buffer | undefined> {
  const patience = args.connectTimeout * 1000
  if (args.passwordFile !== undefined) return readSecret(args.passwordFile, '--password-file', patience)
  if (args.passwordEnv !== undefined) return fromVariable(args.passwordEnv, host)
  if (args.passwordCommand !== undefined) {
    return (await import('./password-command.js')).printedPassword(
      args.passwordCommand,
      host,
      patience,
      signal,
    )
  }
  if (args.askPassword === true) return asked(args, host)
  return args.pw === undefined ? undefined : textToBytes(args.pw)
}

function fromVariable(name: string, { env }: Host): Buffer {
  const text = env[name]
  if (text !== undefined) return textToBytes(text)
  throw new MqttxError(`--password-env: the environment variable ${name} is not set.`, {
    hint: `export ${name} first`,
  })
}

async function asked({ stdinLine, stdinFile }: LoginArgs, host: Host): Promise<Buffer> {
  const { stdin, stderr } = host
  const { askSecret, readLine } = await import('../io/prompt.js')
  if (isTerminal(stdin))
    return (await askSecret('Password: ', { input: stdin, output: stderr })) ?? Buffer.alloc(0)
  if (!stdinLine && !stdinFile) {
    const line = await readLine(stdin, longest + 2).catch((cause: Error) => {
      if (cause instanceof MqttxError) throw cause
      const details = { cause, exitCode: ExitCode.system }
      throw new MqttxError(
        `-P -: unable to read standard input: ${strerror(cause as NodeJS.ErrnoException)}.`,
        details,
      )
    })
    if (line.length > 0) return line
    throw new MqttxError('-P -: the first line of standard input is empty.', {
      hint: "pipe the password in; for an empty password use -P ''",
    })
  }
  throw new MqttxError('-P - cannot read the password from standard input, which is published', {
    hint: 'use --password-file or the variable MQTTX_PASSWORD',
  })
}
