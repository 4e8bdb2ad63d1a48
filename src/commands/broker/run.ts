// mqttx broker: starts the embedded broker, prints its address, and runs it until a signal says stop.
import { readFile } from 'node:fs/promises'
import { type Authenticate, type Certificate, startBroker, type Wanted } from '../../broker/broker.js'
import { ExitCode, explain, MqttxError } from '../../errors.js'
import type { Host } from '../../host.js'
import { print } from '../../io/print.js'
import { type PasswordEntries, parsePasswords, verifyUser } from '../../passwd/file.js'

export interface BrokerArgs {
  readonly port: number
  readonly bind: string
  readonly tlsPort?: number | undefined
  readonly wsPort?: number | undefined
  readonly wssPort?: number | undefined
  readonly certfile?: string | undefined
  readonly keyfile?: string | undefined
  readonly passwordFile?: string | undefined
  readonly allowAnonymous: boolean
  readonly quiet: boolean
}

export async function run(args: BrokerArgs, host: Host): Promise<number> {
  const log = (line: string): void => {
    if (!args.quiet) host.stderr.write(`${line}\n`)
  }
  const { passwordFile, allowAnonymous, port, bind } = args
  const users = passwordFile === undefined ? undefined : await openUsers(passwordFile)
  const certificate = await readCertificate(args)

  const { stopped, release } = untilSignal(host)
  const offs = [release]
  try {
    const authenticate = users?.authenticate
    const others = otherListeners(args)
    const broker = await startBroker({ port, bind, others, certificate, allowAnonymous, authenticate, log })
    if (users !== undefined) offs.push(host.onSignal(['SIGHUP'], () => void users.reload(host, log)))
    try {
      await print(host.stdout, broker.urls.map((url) => `${url}\n`).join(''))
      log(whoMayConnect(args))
      await stopped
    } finally {
      await broker.close()
    }
    return ExitCode.ok
  } finally {
    for (const off of offs) off()
  }
}

function otherListeners({ tlsPort, wsPort, wssPort }: BrokerArgs): Omit<Wanted, 'bind'>[] {
  const ports = [
    ['mqtts', tlsPort],
    ['ws', wsPort],
    ['wss', wssPort],
  ] as const
  return ports.flatMap(([scheme, port]) => (port === undefined ? [] : [{ scheme, port }]))
}

async function readCertificate({ certfile, keyfile }: BrokerArgs): Promise<Certificate | undefined> {
  if (certfile === undefined || keyfile === undefined) return undefined
  return { cert: await readPem(certfile), key: await readPem(keyfile) }
}

function readPem(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new MqttxError(`cannot read ${file}: ${reasonOf(cause)}`, { cause })
  })
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  return code === 'ENOENT' ? 'No such file' : message
}

/** Listened for from the start: a signal that comes while the broker starts stops it as soon as it has. */
function untilSignal(host: Host): { stopped: Promise<void>; release: () => void } {
  let release = (): void => {}
  const stopped = new Promise<void>((resolve) => {
    release = host.onSignal(['SIGINT', 'SIGTERM'], () => resolve())
  })
  return { stopped, release }
}

function whoMayConnect({ passwordFile, allowAnonymous }: BrokerArgs): string {
  const users = passwordFile === undefined ? [] : [`the users of ${passwordFile}`]
  if (allowAnonymous) return `Admitted: ${[...users, 'everybody without a user name'].join(', ')}.`
  if (passwordFile !== undefined) return `Admitted: ${users.join(', ')}.`
  return 'Admitted: clients on this machine only (--password-file or --allow-anonymous admits others).'
}

interface Users {
  readonly authenticate: Authenticate
  /** Reads the file again; keeps what it has if the file is no good. */
  reload(host: Host, log: (line: string) => void): Promise<void>
}

async function openUsers(file: string): Promise<Users> {
  let entries = await readUsers(file)
  return {
    authenticate: (user, password) => verifyUser(entries, user, password),
    async reload(host, log) {
      try {
        entries = await readUsers(file)
        log(`Read ${file} again: ${entries.size} users.`)
      } catch (error) {
        host.stderr.write(`${explain(error).trimEnd()}\nThe users as last read remain.\n`)
      }
    },
  }
}

async function readUsers(file: string): Promise<PasswordEntries> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new MqttxError(`cannot read the password file ${file}: ${reasonOf(cause)}`, { cause })
  })
  return parsePasswords(text, file)
}
