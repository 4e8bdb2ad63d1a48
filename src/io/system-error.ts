// Errors of the operating system with the texts of strerror(3), which scripts look for.
import { getSystemErrorMap } from 'node:util'
import { systemErrno } from '../runtime.js'

/** Texts of strerror(3) that differ from Node's. */
const texts: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  EHOSTUNREACH: 'No route to host',
  EIO: 'Input/output error',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  ENAMETOOLONG: 'File name too long',
}

export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error
}

export function strerror(error: NodeJS.ErrnoException): string {
  const text = texts[error.code ?? ''] ?? getSystemErrorMap().get(systemErrno(error))?.[1] ?? error.message
  return text.charAt(0).toUpperCase() + text.slice(1)
}
