// Generated access control lists: `findRights` finds what they say, of mosquitto and of the embedded broker.
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { expect, it } from 'vitest'
import { type AccessList, parseAccessList } from '../../../src/broker/acl.js'
import { findRights } from '../../../src/check/acl/exchange.js'
import type { Login } from '../../../src/check/acl/participant.js'
import { accessList, topics as names, users } from '../../helpers/access-list.js'
import { amount } from '../../helpers/amount.js'
import { Dice } from '../../helpers/dice.js'
import { peerTest, startMosquitto } from '../../helpers/peers.js'
import { scratch } from '../../helpers/run.js'
import { embedded } from '../rig.js'

const topics = [...names, 'x/+', 'x/a/#', 'x/+/b', '+/a', 'x/#', '#']
const everything = '\nuser root\ntopic readwrite #\n'

/** What the list says, as the check has to find it. */
function said(list: AccessList, version: 4 | 5): string[] {
  return users.flatMap((user, number) =>
    topics.map((filter) => {
      const name = filter.replace(/[+#]/g, 'none')
      const may = (action: 'publish' | 'receive') =>
        list.allows({ clientId: `c${number}`, user }, action, name)
      const read = may('receive') ? 'granted granted' : 'silent silent'
      const write = may('publish') ? 'granted' : version === 5 ? 'refused' : 'silent'
      return `${user} ${filter}: ${write} ${read}`
    }),
  )
}

async function found(dial: () => Promise<Duplex>, version: 4 | 5): Promise<string[]> {
  const login = (username: string | undefined, number: number): Login => ({
    ...{ name: String(username), dial, username, password: username ? Buffer.from('x') : undefined },
    ...{ clientId: `c${number}`, versions: [version] },
  })
  const rights = await findRights({
    ...{ logins: users.map(login), witness: login('root', users.length) },
    ...{ topics: topics.map((filter) => ({ filter, rights: new Map() })), patienceMs: 5000 },
    graceMs: { least: 20, most: 20 }, // both brokers deliver before they answer PINGREQ
    signal: new AbortController().signal,
  })
  return users.flatMap((user, number) =>
    topics.map((filter, at) => {
      const { publish, subscribe, receive } = rights[number * topics.length + at]!
      return `${user} ${filter}: ${publish.outcome} ${subscribe.outcome} ${receive.outcome}`
    }),
  )
}

const versionOf = (seed: number) => (seed % 3 === 0 ? 4 : 5)

it('of the embedded broker', async () => {
  for (let seed = 1; seed <= amount({ inCi: 5, here: 3 }); seed++) {
    const text = accessList(new Dice(seed)) + everything
    const list = parseAccessList(text, 'list')
    const { dial } = await embedded({
      authenticate: async () => true,
      authorize: (client, action, topic) => list.allows(client, action, topic),
    })
    expect(await found(dial, versionOf(seed)), text).toEqual(said(list, versionOf(seed)))
  }
})

const rounds = Number(process.env.ACCESS_LISTS ?? amount({ inCi: 5, here: 2 }))

peerTest(
  `of mosquitto: ${rounds} lists`,
  ['mosquitto'],
  async () => {
    const folder = scratch('access')
    for (let seed = 101; seed <= 100 + rounds; seed++) {
      const text = accessList(new Dice(seed)) + everything
      const file = join(folder, `list-${seed}`)
      writeFileSync(file, text)
      const broker = await startMosquitto(['allow_anonymous true', `acl_file ${file}`])
      const dial = async () => connect(broker.port, '127.0.0.1').on('error', () => {})
      const rights = await found(dial, versionOf(seed))
      expect(rights, `seed ${seed}:\n${text}`).toEqual(said(parseAccessList(text, file), versionOf(seed)))
      await broker.stop()
    }
  },
  rounds * 20_000,
)
