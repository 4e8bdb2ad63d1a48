// What differs between the runtimes: Node 20.19 or later, and Bun, which is in the native executables (seen with 1.4.5).
import { fstatSync, write } from 'node:fs'
import { Writable } from 'node:stream'
import { isatty } from 'node:tty'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

declare const Bun: { gc(synchronously: boolean): void }

const bun = process.versions.bun

/** The runtime and its version: `Node v20.19.0`, `Bun v1.4.5`. */
export const runtime = bun === undefined ? `Node ${process.version}` : `Bun v${bun}`

export const can = {
  /** TLS with a pre-shared key. Bun never calls `pskCallback`, and the handshake does not end. */
  psk: bun === undefined,
  /** The secrets of a TLS connection. Bun emits no `keylog` event. */
  keyLog: bun === undefined,
  /**
   * A named pipe without a thread. Bun reads nothing from its descriptor, and systems other than Linux report the end of a
   * pipe that has no writer yet.
   */
  readPipes: bun === undefined && process.platform === 'linux',
  /** Entries of garbage collection in `PerformanceObserver`. Bun has none. */
  observeGarbage: bun === undefined,
}

/** The library that does TLS. Bun has BoringSSL, which refuses `@SECLEVEL` in a list of ciphers. */
export const tlsLibrary = process.versions.boringssl === undefined ? 'OpenSSL' : 'BoringSSL'
export const hasSecurityLevels = tlsLibrary === 'OpenSSL'

/** Node aborts at exit when it cannot restore the settings of a terminal that has been closed. */
export const restoresTerminals = bun === undefined

/** The reason of an error of TLS, as OpenSSL words it. Bun gives its name: `KEY_VALUES_MISMATCH`. */
export function tlsReason(error: Error): string {
  const reason = 'reason' in error ? String(error.reason) : error.message
  return /^[A-Z_]+$/.test(reason) ? reason.toLowerCase().replaceAll('_', ' ') : reason
}

/** Milliseconds in the values of `monitorEventLoopDelay` for a loop without delay. Bun leaves the resolution out. */
export const idleDelayMs = (resolutionMs: number): number => (bun === undefined ? resolutionMs : 0)

/** The error number, negative as in `util.getSystemErrorMap`. Bun's errors of `listen` have it positive. */
export const systemErrno = ({ errno = 0 }: NodeJS.ErrnoException): number => -Math.abs(errno)

/** The code of an error of `listen`. Bun's has none if the address is a name that is not found. */
export const listenCode = ({ code }: NodeJS.ErrnoException): string =>
  code ?? (bun === undefined ? '' : 'ENOTFOUND')

/**
 * The local address that `connect` could not bind to; undefined for other errors. Bun names the address of the server
 * and the call `connect`.
 */
export function unboundAddress(error: Error, localAddress: string | undefined): string | undefined {
  const { code, syscall, address } = error as NodeJS.ErrnoException & { address?: string }
  if (bun === undefined) return syscall === 'bind' ? address : undefined
  return code === 'EADDRNOTAVAIL' || code === 'EINVAL' ? localAddress : undefined
}

/** Standard error. Bun's takes everything at once, without a word of how much its reader has not read. */
export function standardError(): Writable {
  if (bun === undefined || isatty(2)) return process.stderr
  const stream = new Writable({ write: (chunk: Buffer, _encoding, done) => writeAll(chunk, done) })
  return fstatSync(2).isFile() ? Object.assign(stream, { fd: 2 }) : stream
}

const retryMs = 50

function writeAll(chunk: Buffer, done: (error?: Error) => void): void {
  write(2, chunk, (error, length) => {
    if (error?.code === 'EAGAIN') setTimeout(writeAll, retryMs, chunk, done).unref()
    else if (error !== null) done(error)
    else if (length < chunk.length) writeAll(chunk.subarray(length), done)
    else done()
  })
}

/** Full collection in this thread. Blocks about 10 ms with 1,000 connections. */
export function collectGarbage(): void {
  if (bun !== undefined) return Bun.gc(true)
  setFlagsFromString('--expose-gc') // affects new contexts only
  collect ??= runInNewContext('gc') as () => void
  collect()
}

let collect: (() => void) | undefined
