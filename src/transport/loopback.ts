// Addresses of this machine only, and web pages from there.
import { isIP, isIPv4 } from 'node:net'

/** True for an address that only this machine can have. A name is none. */
export function isLoopback(address: string | undefined): boolean {
  if (address === undefined || address === '::1') return true
  const mapped = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
  if (isIPv4(mapped)) return mapped.startsWith('127.')
  return isIP(address) === 6 && mapped.startsWith('7f') && /^7f[\da-f]{2}:[\da-f]{1,4}$/.test(mapped) // as a URL has it
}

/** True for the origin (RFC 6454) of a page of this machine. Those of other sites run in its browsers too. */
export function isLocalPage(page: string): boolean {
  const { protocol, hostname } = URL.canParse(page) ? new URL(page) : { protocol: '', hostname: '' }
  if (protocol !== 'http:' && protocol !== 'https:') return false
  return hostname === 'localhost' || (hostname !== '' && isLoopback(hostname.replace(/^\[|\]$/g, '')))
}
