// Options of listeners for TLS, WebSocket and unix sockets, of every command that accepts connections.
import { UsageError } from '../../errors.js'
import { optionsOf } from '../option.js'
import { parseListenPort, parseName, parseSocketPath } from '../values.js'

const { option } = optionsOf('Server')

const tlsPort = option({
  flags: '--tls-port PORT',
  parse: parseListenPort,
  help: 'Listen for TLS as well; needs --certfile and --keyfile.',
  doc: 'As with {wsPort} and {wssPort}, 0 picks a free port; the address is printed as mqtts://.',
})

const certfile = option({
  flags: '--certfile FILE',
  parse: parseName,
  complete: 'file',
  help: "The server's certificate, in PEM format.",
  doc: 'Intermediate certificates follow it in the same file.',
})

const keyfile = option({
  flags: '--keyfile FILE',
  parse: parseName,
  complete: 'file',
  help: 'The unencrypted private key of --certfile.',
})

const wsPort = option({
  flags: '--ws-port PORT',
  parse: parseListenPort,
  help: 'Listen for WebSocket as well.',
  doc: "Any path is accepted. WebSocket connections from other sites' pages are refused.",
})

const wssPort = option({
  flags: '--wss-port PORT',
  parse: parseListenPort,
  help: 'Listen for WebSocket over TLS as well; needs --certfile.',
})

const unix = option({
  flags: '--unix PATH',
  parse: parseSocketPath,
  complete: 'file',
  help: 'Listen on a unix socket as well.',
  doc: 'Its clients are local clients. A socket that nobody listens on is replaced. Printed as unix://PATH.',
})

export const listenerOptions = { tlsPort, wsPort, wssPort, unix, certfile, keyfile }

interface ListenerArgs {
  readonly tlsPort?: number | undefined
  readonly wsPort?: number | undefined
  readonly wssPort?: number | undefined
  readonly certfile?: string | undefined
  readonly keyfile?: string | undefined
}

/** The listeners that the options ask for, without those of unix sockets. */
export function otherListeners({ tlsPort, wsPort, wssPort }: ListenerArgs) {
  const ports = [
    ['mqtts', tlsPort],
    ['ws', wsPort],
    ['wss', wssPort],
  ] as const
  return ports.flatMap(([scheme, port]) => (port === undefined ? [] : [{ scheme, port }]))
}

/** @throws UsageError if TLS has no certificate, or a certificate no use */
export function checkListeners({ tlsPort, wssPort, certfile, keyfile }: ListenerArgs): void {
  const usesTls = tlsPort !== undefined || wssPort !== undefined
  const hasCertificate = certfile !== undefined && keyfile !== undefined
  if (usesTls && !hasCertificate)
    throw new UsageError('--tls-port and --wss-port need both --certfile and --keyfile.')
  if (!usesTls && (certfile !== undefined || keyfile !== undefined)) {
    throw new UsageError('--certfile and --keyfile need --tls-port or --wss-port.')
  }
}
