// The TLS context of a connection: versions, ciphers, certificates.
import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import { MqttxError } from '../errors.js'
import { hasSecurityLevels, tlsLibrary, tlsReason } from '../runtime.js'
import { weakHint } from './certificate.js'
import { tlsError } from './tls-failures.js'

export interface ContextOptions {
  /** Certificates in PEM format. */
  readonly trusted: readonly string[]
  readonly cert?: Buffer | undefined
  readonly key?: Buffer | undefined
  readonly passphrase?: string | undefined
  readonly ciphers?: string | undefined
  /** As in mosquitto, tlsv1.2 means 1.2 or newer. */
  readonly version?: 'tlsv1.2' | 'tlsv1.3' | undefined
  readonly psk: boolean
}

/** Level 2 refuses keys below 112 bits of security (RSA 2048) and SHA-1 signatures. */
const level = hasSecurityLevels ? ':@SECLEVEL=2' : ''

/** OpenSSL's default ciphers of TLS 1.3. As in mosquitto, a list of older ciphers does not turn them off. */
const newCiphers = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256'

/** @throws MqttxError */
export function createContext(options: ContextOptions): SecureContext {
  const { trusted, cert, key, passphrase, version, psk } = options
  const { ciphers, onlyNew } = cipherList(options)
  try {
    return createSecureContext({
      ca: [...trusted], // also if empty: without `ca` Node trusts its own CAs
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(passphrase !== undefined && { passphrase }),
      ciphers,
      minVersion: version === 'tlsv1.3' || onlyNew ? 'TLSv1.3' : 'TLSv1.2',
      maxVersion: psk ? 'TLSv1.2' : 'TLSv1.3', // Node has no external PSKs of TLS 1.3
    })
  } catch (error) {
    throw contextError(error as Error, options.ciphers)
  }
}

/**
 * Always an explicit list: Node's default depends on NODE_OPTIONS and OPENSSL_CONF. `onlyNew`: the user's list has
 * ciphers of TLS 1.3 only; DEFAULT is added only to set the level.
 */
function cipherList({ ciphers, version, psk }: ContextOptions): { ciphers: string; onlyNew: boolean } {
  if (psk) return { ciphers: levelled(ciphers ?? 'PSK'), onlyNew: false }
  if (ciphers === undefined) return { ciphers: levelled(constants.defaultCoreCipherList), onlyNew: false }
  const onlyNew = ciphers.split(':').every((name) => name.startsWith('TLS_'))
  if (onlyNew) return { ciphers: levelled(`${ciphers}:DEFAULT`), onlyNew }
  const offered = version === 'tlsv1.3' || ciphers.includes('TLS_') ? ciphers : `${newCiphers}:${ciphers}`
  return { ciphers: levelled(offered), onlyNew }
}

function levelled(ciphers: string): string {
  return ciphers.includes('@SECLEVEL') ? ciphers : `${ciphers}${level}`
}

function contextError(error: Error, ciphers: string | undefined): MqttxError {
  if (!hasSecurityLevels && ciphers?.includes('@SECLEVEL')) {
    const hint = 'leave @SECLEVEL out, or install mqttx with npm: Node has OpenSSL'
    return setupError(`${tlsLibrary} has no security levels (--ciphers ${ciphers})`, hint, error)
  }
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'ERR_SSL_NO_CIPHER_MATCH' || code === 'ERR_INVALID_ARG_VALUE') {
    return setupError(
      `${tlsLibrary} does not know any cipher of --ciphers ${ciphers}`,
      'list them: openssl ciphers',
      error,
    )
  }
  const reason = tlsReason(error)
  const weak = /too (small|weak)/.test(reason) ? weakHint : undefined
  return setupError(`${tlsLibrary} does not accept the certificates or keys: ${reason}`, weak, error)
}

/** The error for an unusable certificate, key or cipher. */
export function setupError(cause: string, hint?: string, error?: unknown): MqttxError {
  return tlsError(MqttxError, { cause, hint }, error)
}
