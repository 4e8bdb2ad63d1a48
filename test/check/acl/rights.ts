// The check of access rights against the embedded broker with an access control list of mosquitto.
import { parseAccessList } from '../../../src/broker/acl.js'
import type { BrokerOptions } from '../../../src/broker/broker.js'
import { findRights } from '../../../src/check/acl/exchange.js'
import { parseMatrix } from '../../../src/check/acl/matrix.js'
import type { Login } from '../../../src/check/acl/participant.js'
import { type Cell, compared } from '../../../src/check/acl/report.js'
import type { ProtocolVersion } from '../../../src/codec/publish.js'
import { type Breaking, embedded } from '../rig.js'

export interface Setting {
  /** An access control list of mosquitto. */
  readonly list: string
  readonly users: readonly string[]
  readonly topics: readonly string[]
  /** Lines of the matrix after its topics. */
  readonly expected?: string
  readonly version?: ProtocolVersion
  readonly breaking?: Breaking
  readonly witness?: string
  readonly graceMs?: number
  readonly settings?: BrokerOptions['settings']
}

export async function cellsOf({
  list,
  users,
  topics,
  expected = '',
  breaking,
  ...more
}: Setting): Promise<Cell[]> {
  const access = parseAccessList(list, 'list')
  const options: Partial<BrokerOptions> = {
    authenticate: async (_, password) => password.toString() === 'right',
    authorize: (client, action, topic) => access.allows(client, action, topic),
    settings: more.settings ?? {},
  }
  const { dial } = await embedded(options, breaking)
  const { version = 5, witness, graceMs = 30 } = more
  const login = (name: string): Login => ({
    ...{ name, dial, username: name, password: Buffer.from('right'), clientId: undefined },
    versions: [version],
  })
  const matrix = parseMatrix(
    [...users.map((user) => `user ${user}`), ...topics.map((topic) => `topic ${topic}`), expected].join('\n'),
    'matrix',
  )
  const found = await findRights({
    ...{ logins: users.map(login), witness: witness === undefined ? undefined : login(witness) },
    ...{
      topics: matrix.topics,
      patienceMs: 1000,
      graceMs: { least: graceMs, most: 5000 },
      signal: new AbortController().signal,
    },
  })
  return compared(matrix, matrix.users, found)
}

/** `ada a/b: publish silent receive`: an action without an outcome is granted. */
export async function rightsOf(setting: Setting): Promise<string[]> {
  const rows = new Map<string, string[]>()
  for (const { user, topic, action, outcome } of await cellsOf(setting)) {
    const row = rows.get(`${user} ${topic}`) ?? []
    rows.set(`${user} ${topic}`, [...row, outcome === 'granted' ? action : `${action}:${outcome}`])
  }
  return [...rows].map(([name, row]) => `${name}: ${row.join(' ')}`)
}
