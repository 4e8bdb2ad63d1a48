// mqttx broker: starts the embedded broker, prints its addresses and runs until a signal.
import { type AccessList, parseAccessList } from '../../broker/acl.js'
import type { Authenticate, RunningBroker, Settings } from '../../broker/broker.js'
import { otherListeners } from '../../cli/options/listeners.js'
import { ExitCode, explain } from '../../errors.js'
import type { RunningGateway } from '../../gateway/gateway.js'
import type { Host } from '../../host.js'
import { print } from '../../io/print.js'
import { readGiven } from '../../io/small-file.js'
import { type PasswordEntries, parsePasswords, verifyUser } from '../../passwd/file.js'
import { shownLine } from '../../text.js'
import { Log } from '../log.js'
import { readCertificate, untilSignal } from '../server.js'

export interface BrokerArgs {
  readonly port: number
  readonly bind: string
  readonly tlsPort?: number | undefined
  readonly wsPort?: number | undefined
  readonly wssPort?: number | undefined
  readonly unix?: string | undefined
  readonly snPort?: number | undefined
  readonly predefinedTopics?: string | undefined
  readonly certfile?: string | undefined
  readonly keyfile?: string | undefined
  readonly passwordFile?: string | undefined
  readonly aclFile?: string | undefined
  readonly allowAnonymous: boolean
  readonly maxQos: 0 | 1 | 2
  readonly noRetain: boolean
  readonly maxPacketSize?: number | undefined
  readonly receiveMaximum: number
  readonly maxKeepalive: number
  readonly topicAliasMaximum: number
  readonly verbose: boolean
  readonly quiet: boolean
}

export async function run(args: BrokerArgs, host: Host): Promise<number> {
  const journal = new Log(host.stderr)
  const log = (line: string): void => {
    if (!args.quiet) journal.write(shownLine(line))
  }
  const { passwordFile, allowAnonymous, port, bind, unix } = args
  const { startBroker } = await import('../../broker/broker.js')
  const users = passwordFile === undefined ? undefined : await openUsers(passwordFile)
  const access = args.aclFile === undefined ? undefined : openAccessList(args.aclFile)
  const certificate = readCertificate(args)

  const { stopped, release } = untilSignal(host)
  const offs = [release]
  try {
    const authenticate = users?.authenticate
    const others = otherListeners(args)
    const broker = await startBroker({
      ...{ port, bind, others, unix, certificate, allowAnonymous, authenticate, log },
      authorize: access && ((client, action, topic) => access.list().allows(client, action, topic)),
      settings: settingsOf(args),
      wire: args.verbose ? await verbose(journal) : undefined,
    })
    const warn = (...lines: string[]) => journal.write(lines.map(shownLine).join('\n'))
    offs.push(host.onSignal(['SIGHUP'], () => void reload({ users, access }, log, warn)))
    let gateway: RunningGateway | undefined
    try {
      gateway = await snGateway(args, broker, log)
      const urls = gateway === undefined ? broker.urls : [...broker.urls, gateway.url]
      await print(host.stdout, urls.map((url) => `${url}\n`).join(''))
      log(whoMayConnect(args))
      if (users?.count() === 0) warn(...nobody(passwordFile))
      await stopped
    } finally {
      await gateway?.close()
      await broker.close()
    }
    return ExitCode.ok
  } finally {
    for (const off of offs) off()
  }
}

/** --sn-port: a gateway whose clients come to the broker without a network. */
async function snGateway(
  { snPort: port, bind, predefinedTopics }: BrokerArgs,
  broker: RunningBroker,
  log: (line: string) => void,
): Promise<RunningGateway | undefined> {
  if (port === undefined) return undefined
  const [{ startGateway }, { gatewayBeside }, { readPredefined }] = await Promise.all([
    import('../../gateway/gateway.js'),
    import('../../gateway/beside-broker.js'),
    import('../../connection/sn-predefined.js'),
  ])
  const predefined = readPredefined(predefinedTopics)
  return startGateway({
    ...gatewayBeside(broker),
    names: ['--sn-port', '--bind'],
    port,
    bind,
    predefined,
    log,
  })
}

/** --verbose: each packet as `inspect --view line` shows it. */
async function verbose(journal: Log) {
  const { packetLines } = await import('../../inspect/packet-lines.js')
  const now = () => performance.timeOrigin + performance.now()
  return packetLines((lines) => journal.write(lines), now)
}

function whoMayConnect({ passwordFile, allowAnonymous }: BrokerArgs): string {
  const users = passwordFile === undefined ? [] : [`the users of ${passwordFile}`]
  if (allowAnonymous) return `Access: ${[...users, 'any client without a user name'].join(', ')}.`
  if (passwordFile !== undefined) return `Access: ${users.join(', ')}.`
  return 'Access: local clients only (for others use --password-file or --allow-anonymous).'
}

function settingsOf(args: BrokerArgs): Partial<Settings> {
  const { maxQos, noRetain, maxPacketSize, receiveMaximum, maxKeepalive, topicAliasMaximum } = args
  return {
    ...{ maxQos, retain: !noRetain, maxPacketSize, receiveMaximum, topicAliasMaximum },
    maxKeepAlive: maxKeepalive,
  }
}

/** SIGHUP reloads the password file and the access control list, and never ends the broker. */
async function reload(
  { users, access }: { users: Users | undefined; access: OpenAccessList | undefined },
  log: (line: string) => void,
  warn: (...lines: string[]) => void,
): Promise<void> {
  if (users === undefined && access === undefined) return log('SIGHUP: no password file to reload.')
  try {
    await users?.reload()
    if (users !== undefined) log(`Reloaded ${users.file}: ${users.count()} users.`)
    if (users?.count() === 0) warn(...nobody(users.file))
  } catch (error) {
    warn(...explain(error).trimEnd().split('\n'), 'Keeping the users loaded before.')
  }
  try {
    access?.reload()
    if (access !== undefined) log(`Reloaded ${access.file}.`)
  } catch (error) {
    warn(...explain(error).trimEnd().split('\n'), 'Keeping the access control list loaded before.')
  }
}

interface OpenAccessList {
  readonly file: string
  list(): AccessList
  /** Keeps the list loaded before if it throws. @throws MqttxError */
  reload(): void
}

function openAccessList(file: string): OpenAccessList {
  const read = (silence?: number): AccessList =>
    parseAccessList(readText(file, 'access control list', silence), file)
  let list = read()
  return {
    file,
    list: () => list,
    reload() {
      list = read(reloadPatienceMs)
    },
  }
}

function nobody(file = ''): [string, string] {
  return [
    `Warning: ${file} has no users, so no client can log in.`,
    `hint: add one with mqttx passwd ${file} USER, then send SIGHUP to reload the file`,
  ]
}

interface Users {
  readonly file: string
  readonly authenticate: Authenticate
  count(): number
  /** Reloads the file; keeps the current users on an error. @throws MqttxError */
  reload(): Promise<void>
}

async function openUsers(file: string): Promise<Users> {
  let entries = readUsers(file)
  return {
    file,
    authenticate: (user, password) => verifyUser(entries, user, password),
    count: () => entries.size,
    async reload() {
      entries = readUsers(file, reloadPatienceMs)
    },
  }
}

/** In bytes: over a million users. */
const longestPasswordFile = 256 * 1024 * 1024

/** At SIGHUP: how long to wait for a named pipe in place of the file, in milliseconds. Clients wait meanwhile. */
const reloadPatienceMs = 1000

function readUsers(file: string, silence?: number): PasswordEntries {
  return parsePasswords(readText(file, 'password file', silence), file)
}

function readText(file: string, what: string, silence?: number): string {
  return readGiven(file, {
    ...{ what: `the ${what} `, longest: longestPasswordFile },
    ...(silence !== undefined && { silence }),
  }).toString()
}
