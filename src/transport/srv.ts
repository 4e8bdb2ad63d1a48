// Looks up the servers of a service in SRV records (RFC 2782).
import { Resolver } from 'node:dns/promises'
import { ConnectionError, MqttxError } from '../errors.js'

interface Server {
  readonly name: string
  readonly port: number
  readonly priority: number
  readonly weight: number
}

/**
 * The servers in the order in which to try them.
 * @param service `_mqtt._tcp`
 * @throws ConnectionError if the DNS does not answer or has no record; MqttxError if the domain does not offer the service
 */
export async function serversOf(
  service: string,
  domain: string,
  signal: AbortSignal,
  resolver = new Resolver(),
): Promise<{ host: string; port: number }[]> {
  const cancel = () => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  const question = `${service}.${domain}`
  try {
    const records = await resolver.resolveSrv(question)
    if (records.length === 1 && /^\.?$/.test(records[0]!.name)) throw none(domain, service)
    return inOrder(records, Math.random).map(({ name, port }) => ({ host: name, port }))
  } catch (error) {
    if (error instanceof MqttxError) throw error
    throw signal.aborted ? signal.reason : lookupError(question, error)
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

/** Lower priorities first, then at random by weight. `random` is in [0, 1). */
export function inOrder(records: readonly Server[], random: () => number): Server[] {
  const rest = records.toSorted((a, b) => a.priority - b.priority || a.weight - b.weight)
  const order: Server[] = []
  while (rest.length > 0) {
    const peers = rest.filter(({ priority }) => priority === rest[0]!.priority)
    let ticket = random() * peers.reduce((sum, { weight }) => sum + weight, 0)
    const drawn = peers.findIndex(({ weight }) => (ticket -= weight) < 0)
    order.push(...rest.splice(Math.max(0, drawn), 1))
  }
  return order
}

function none(domain: string, service: string): MqttxError {
  const hint = `the DNS says that ${domain} does not offer ${service}`
  return new MqttxError('Unable to connect (Lookup error).', { hint, prefix: '' })
}

function lookupError(question: string, cause: unknown): ConnectionError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
  const known = code === 'ENOTFOUND' || code === 'ENODATA'
  const hint = known
    ? `the DNS has no SRV record ${question}: connect without -S?`
    : `the DNS did not answer for ${question} (${code})`
  return new ConnectionError('Unable to connect (Lookup error).', { code, hint, cause, prefix: '' })
}
