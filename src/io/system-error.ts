// What the operating system says, in the words that C programs print: scripts look for them.
import { getSystemErrorMap } from 'node:util'

/** Where Node's words are not those of strerror(3). */
const words: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  EHOSTUNREACH: 'No route to host',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  ENAMETOOLONG: 'File name too long',
}

export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error
}

export function strerror({ code = '', errno = 0, message }: NodeJS.ErrnoException): string {
  const text = words[code] ?? getSystemErrorMap().get(errno)?.[1] ?? message
  return text.charAt(0).toUpperCase() + text.slice(1)
}
