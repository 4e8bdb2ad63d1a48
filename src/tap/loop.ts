// Recognises a target that is the tap itself.
import dns from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import { resolve } from 'node:path'
import { UsageError } from '../errors.js'
import type { Endpoint } from '../transport/endpoint.js'
import type { Listener } from '../transport/listeners.js'
import { isLoopback } from '../transport/loopback.js'

const anyAddress = ['0.0.0.0', '::']

/** @throws UsageError if a connection to `target` would arrive at one of `listeners` */
export async function refuseLoop(
  { address, proxy }: Pick<Endpoint, 'address' | 'proxy'>,
  listeners: readonly Pick<Listener, 'address' | 'url'>[],
): Promise<void> {
  const same = async (listener: Pick<Listener, 'address' | 'url'>): Promise<boolean> => {
    if ('path' in address) return listener.url === `unix://${resolve(address.path)}`
    const own = listener.address
    if (own === undefined || own.port !== address.port || proxy !== undefined) return false
    return (await addressesOf(address.host)).some((target) => reaches(target, own.host))
  }
  for (const listener of listeners) {
    if (!(await same(listener))) continue
    throw new UsageError(`the target is this tap itself: ${listener.url}`, {
      hint: 'give --to the address of the server, and --listen another port',
    })
  }
}

async function addressesOf(host: string): Promise<string[]> {
  const found = await dns.lookup(host, { all: true }).catch(() => [])
  return found.map(({ address }) => plain(address))
}

/** A connection to the address `target` arrives at a listener on `own`. */
function reaches(target: string, own: string): boolean {
  const here = plain(own)
  if (target === here) return true
  if (anyAddress.includes(target)) return isLoopback(here) || anyAddress.includes(here)
  if (!anyAddress.includes(here)) return false
  if (isLoopback(target)) return true
  return Object.values(networkInterfaces()).some((all) =>
    all?.some(({ address }) => plain(address) === target),
  )
}

/** An IPv4 address in IPv6 notation as IPv4. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '')
}
