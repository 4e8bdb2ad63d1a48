// What commands that accept connections share: their certificate, and running until a signal.
import type { Certificate } from '../broker/broker.js'
import type { Host } from '../host.js'
import { withResolvers } from '../io/promises.js'
import { readGiven } from '../io/small-file.js'

interface CertificateArgs {
  readonly certfile?: string | undefined
  readonly keyfile?: string | undefined
}

/** @throws MqttxError if a file cannot be read */
export function readCertificate({ certfile, keyfile }: CertificateArgs): Certificate | undefined {
  if (certfile === undefined || keyfile === undefined) return undefined
  return { cert: readGiven(certfile), key: readGiven(keyfile) }
}

/** Registered before start-up: a signal during start-up stops the server when it has started. */
export function untilSignal(host: Host): {
  readonly stopped: Promise<void>
  /** A second signal: end at once. */
  readonly again: Promise<void>
  release(): void
} {
  const signals = [withResolvers(), withResolvers()] as const
  let count = 0
  const release = host.onSignal(['SIGINT', 'SIGTERM'], () => signals[count++]?.resolve())
  return { stopped: signals[0].promise, again: signals[1].promise, release }
}
