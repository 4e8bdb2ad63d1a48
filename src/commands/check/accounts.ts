// The logins of an access matrix: from contexts, or from the file with the options of the command line.
import { dirname, resolve } from 'node:path'
import type { IConnectPacket } from 'mqtt-packet'
import type { Account } from '../../check/acl/matrix.js'
import type { Login } from '../../check/acl/participant.js'
import { contextsFileKind } from '../../cli/contexts.js'
import { parse } from '../../cli/parse.js'
import type { ProtocolVersion } from '../../codec/publish.js'
import { bareStream } from '../../connection/bare-stream.js'
import { type ConnectionArgs, connectOptions } from '../../connection/options.js'
import { UsageError } from '../../errors.js'
import type { Host } from '../../host.js'
import { readPrivate } from '../../io/private-file.js'
import { withoutMark } from '../../io/small-file.js'
import { isSystemError } from '../../io/system-error.js'
import { type CheckArgs, check } from './spec.js'

export interface AccountsOptions {
  readonly args: CheckArgs
  /** Path of the matrix: password files are relative to it. */
  readonly file: string
  readonly host: Host
  readonly signal: AbortSignal
}

/** No will, no retries, a new Session. */
const fixed = {
  ...({ willQos: 0, willRetain: false } as const),
  ...{ retry: 0, noReconnect: true, disableCleanSession: false },
}

type ConnectProperties = NonNullable<IConnectPacket['properties']>

type LoginArgs = Omit<ConnectionArgs, keyof typeof fixed> & {
  readonly versionGiven?: ProtocolVersion | undefined
}

/** MQTT 5 says why it refuses. */
const newestFirst = [5, 4] as const

/** @throws MqttxError if there is no such context, or a password or certificate cannot be read */
export async function loginOf(account: Account, options: AccountsOptions): Promise<Login> {
  const { args, file } = options
  const { name, context, username, passwordFile, passwordEnv, clientId } = account
  if (context !== undefined) return made(name, clientId, fromContext(account, context, options), options)
  const own = {
    ...{ username, passwordEnv, passwordFile: passwordFile && resolve(dirname(file), passwordFile) },
    ...{ pw: undefined, passwordCommand: undefined, askPassword: undefined },
  }
  return made(name, clientId, { ...args, ...own }, options)
}

/** The login of the command line; undefined if it has none. */
export async function witnessOf(options: AccountsOptions): Promise<Login | undefined> {
  const { args } = options
  if (args.username === undefined && args.cert === undefined) return undefined
  return made('of the command line', args.id, args, options)
}

/** The context's options, with the server of the command line if that names one. */
function fromContext({ name }: Account, context: string, { args, host }: AccountsOptions): LoginArgs {
  const { HOME, XDG_CONFIG_HOME, APPDATA } = host.env
  const found = withPlace(` (user ${name})`, () =>
    parse(check, ['--context', context], { env: { HOME, XDG_CONFIG_HOME, APPDATA }, readFile: contextsText }),
  )
  if (found.wants !== 'run') throw new Error('unreachable: no option asks for help')
  const { args: own } = found
  if (args.host === undefined && args.unix === undefined) return own
  const { username, pw, passwordFile, passwordEnv, passwordCommand, protocolVersion, versionGiven } = own
  const { cert, key, keyPassphraseFile, psk, pskIdentity } = own
  return {
    ...args,
    ...{ username, pw, passwordFile, passwordEnv, passwordCommand, protocolVersion, versionGiven },
    ...{ cert, key, keyPassphraseFile, psk, pskIdentity, askPassword: undefined },
    ...(own.properties && { properties: own.properties }),
  }
}

async function made(
  name: string,
  clientId: string | undefined,
  args: LoginArgs,
  { host, signal }: AccountsOptions,
): Promise<Login> {
  const needs = { pid: host.pid, maxInFlight: 1, receiveMaximum: 20, reconnects: 0, noDelay: true }
  const options = await connectOptions({ ...args, ...fixed }, needs, host)
  const versions: readonly ProtocolVersion[] =
    args.versionGiven === undefined ? newestFirst : [args.versionGiven]
  const { username, password } = options
  const { userProperties, authenticationMethod } = (options.properties.connect ?? {}) as ConnectProperties
  if (authenticationMethod !== undefined) {
    const hint = 'it logs in with a user name, a password or a certificate'
    throw new UsageError(`--acl has no enhanced authentication (user ${name}).`, { hint })
  }
  const dial = () => bareStream(options, signal)
  return { name, username, password, clientId, versions, userProperties, dial }
}

function contextsText(path: string): string | undefined {
  try {
    return withoutMark(readPrivate(path, contextsFileKind)).toString()
  } catch (error) {
    if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined
    throw error
  }
}

function withPlace<T>(place: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new UsageError(`${error.message}${place}`, { hint: error.hints, cause: error })
  }
}
