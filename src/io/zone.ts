// Checks the zone of an IPv6 address (RFC 4007, 11): the interface of a link-local address, as in fe80::1%eth0.
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { shown } from '../text.js'

const mostNames = 5

/** A hint about an invalid zone of `address`; undefined if it is valid or not an IPv6 address. */
export function zoneHint(address: string): string | undefined {
  const percent = address.indexOf('%')
  const bare = percent < 0 ? address : address.slice(0, percent)
  if (isIP(bare) !== 6) return undefined
  const zone = percent < 0 ? '' : address.slice(percent + 1)
  const interfaces = interfaceNames()
  const example = `${bare}%${interfaces[0] ?? 'eth0'}`
  if (zone === '') {
    if (percent < 0 && !/^fe[89ab]/i.test(bare)) return undefined
    return `a link-local address needs an interface of this machine, as in ${example}`
  }
  if (process.platform === 'win32' && /^\d+$/.test(zone)) return undefined // there the zone is an interface number
  if (interfaces.includes(zone)) return undefined
  if (zone.startsWith('25') && interfaces.includes(zone.slice(2)))
    return `%25 is for URLs: use ${bare}%${shown(zone.slice(2))}`
  return `'${shown(zone)}' is not an interface of this machine with an IPv6 address; it has: ${listed(interfaces)}`
}

/** Interfaces with an IPv6 address, those with a link-local one first. */
function interfaceNames(): string[] {
  const rank = (addresses: { family: string; address: string }[] = []) => {
    const ipv6 = addresses.filter(({ family }) => family === 'IPv6')
    return ipv6.some(({ address }) => /^fe80/i.test(address)) ? 2 : ipv6.length > 0 ? 1 : 0
  }
  const ranked = Object.entries(networkInterfaces()).map(([name, addresses]) => ({
    name,
    rank: rank(addresses),
  }))
  return ranked
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank)
    .map(({ name }) => name)
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none'
  return (
    names
      .slice(0, mostNames)
      .map((name) => shown(name))
      .join(', ') + (names.length > mostNames ? ', ...' : '')
  )
}
