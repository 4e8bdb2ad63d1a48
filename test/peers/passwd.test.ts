// Password files in both directions: what one program writes, mosquitto and the other program read.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { oneOfEvery } from '../helpers/amount.js'
import { type Broker, findPeer, peerTest, startMosquitto, startOwnBroker } from '../helpers/peers.js'
import { mqttx, scratch, start } from '../helpers/run.js'

const folder = scratch('passwd-peers')
const passwd = (args: readonly string[], stdin?: string) =>
  mqttx(['passwd', ...args], stdin === undefined ? {} : { stdin })
const theirs = (args: readonly string[], stdin?: string) =>
  start(findPeer('mosquitto_passwd')!, args, stdin === undefined ? {} : { stdin }).ended

const awkward = 'å :b ü'

/** The statuses of a login with the right and with a wrong password. */
async function logins(broker: Broker, user: string, password: string): Promise<number[]> {
  const login = async (word: string) => {
    const words = ['pub', ...broker.at, '-u', user, '-P', word, '-t', 't', '-m', 'm']
    return (await mqttx(words)).status
  }
  return [await login(password), await login(`${password}x`)]
}

async function withMosquitto(file: string, body: (broker: Broker) => Promise<void>): Promise<void> {
  const broker = await startMosquitto(['allow_anonymous false', `password_file ${file}`])
  try {
    await body(broker)
  } finally {
    await broker.stop()
  }
}

const schemes = [
  ['the default', []],
  ['sha512-pbkdf2, 20000 iterations', ['-H', 'sha512-pbkdf2', '-I', '20000']],
  ['sha512', ['-H', 'sha512']],
] as const

describe.each(schemes)('%s', (name, options) => {
  const file = join(folder, name.replaceAll(/\W/g, '-'))

  peerTest('mosquitto and mqttx broker let in whom mqttx passwd has written', ['mosquitto'], async () => {
    await passwd([...options, '-c', '-b', file, 'ada', awkward])
    await passwd([...options, file, 'böb c'], 'x\nx\n')
    await withMosquitto(file, async (broker) => {
      expect(await logins(broker, 'ada', awkward)).toEqual([0, 5])
      expect(await logins(broker, 'böb c', 'x')).toEqual([0, 5])
    })
    const own = await startOwnBroker(['--password-file', file])
    expect(await logins(own, 'ada', awkward)).toEqual([0, 5])
    await own.stop()
  })

  peerTest('mosquitto_passwd updates a file of mqttx passwd', ['mosquitto', 'mosquitto_passwd'], async () => {
    await passwd([...options, '-c', '-b', file, 'ada', 'old'])
    await passwd([...options, '-b', file, 'bob', 'kept'])
    const updated = await theirs(['-b', file, 'ada', 'new'])
    await theirs(['-b', file, 'eve', 'x'])
    const deleted = await theirs(['-D', file, 'eve'])

    expect([updated.status, updated.stderr, deleted.status]).toEqual([0, '', 0])
    await withMosquitto(file, async (broker) => {
      expect(await logins(broker, 'ada', 'new')).toEqual([0, 5])
      expect(await logins(broker, 'bob', 'kept')).toEqual([0, 5])
    })
  })
})

describe.each([
  ['the default', []],
  ['sha512', ['-H', 'sha512']],
])('mosquitto_passwd with %s', (_, options) => {
  peerTest('mqttx passwd verifies and updates its file', ['mosquitto', 'mosquitto_passwd'], async () => {
    const file = join(folder, 'theirs')
    await theirs([...options, '-c', '-b', file, 'ada', awkward])
    await theirs([...options, '-b', file, 'bob', 'x'])
    const before = readFileSync(file, 'utf8').split('\n')

    expect((await passwd(['--verify', '-b', file, 'ada', awkward])).status).toBe(0)
    expect((await passwd(['--verify', '-b', file, 'ada', 'x'])).status).toBe(4)
    expect((await passwd(['-b', file, 'bob', 'y'])).stdout.toString()).toBe(
      'Updating password for user bob\n',
    )
    expect(readFileSync(file, 'utf8').split('\n')[0]).toBe(before[0])
    await withMosquitto(file, async (broker) => {
      expect(await logins(broker, 'ada', awkward)).toEqual([0, 5])
      expect(await logins(broker, 'bob', 'y')).toEqual([0, 5])
    })
  })
})

peerTest('-U and -U - write files that mosquitto reads', ['mosquitto'], async () => {
  const [file, other] = [join(folder, 'plain'), join(folder, 'imported')]
  writeFileSync(file, '# c\nada:x y\nbob:z\n')
  await passwd(['-U', file])
  await passwd(['-U', '-', other], 'ada:x y\nbob:z\n')
  for (const path of [file, other]) {
    await withMosquitto(path, async (broker) => {
      expect(await logins(broker, 'ada', 'x y')).toEqual([0, 5])
      expect(await logins(broker, 'bob', 'z')).toEqual([0, 5])
    })
  }
})

// The statuses and texts of 2.0 and 2.1, which a script may look at; what differs on purpose is in the README.
const refused: [string[], string][] = [
  [['-b', 'NONE', 'u', 'p'], ''],
  [['-b', 'FOLDER', 'u', 'p'], ''],
  [['-c', '-b', 'FOLDER', 'u', 'p'], ''],
  [['-D', 'FILE', 'nobody'], ''],
  [['-c', '-D', 'FILE', 'u'], ''],
  [['-c', '-U', 'FILE'], ''],
  [['-D', '-U', 'FILE'], ''],
  [['-b', '-D', 'FILE', 'u'], ''],
  [['-H', 'x', 'FILE', 'u'], ''],
  [['-H'], ''],
  [['-I'], ''],
  [['-I', '0', 'FILE', 'u'], ''],
  [['-c'], ''],
  [['-c', '-b', 'FILE', 'u'], ''],
  [['-D', 'FILE'], ''],
  [['-U'], ''],
  [['FILE', 'u'], 'a\nb\n'],
  [['FILE', 'u'], 'a\n'],
  [['FILE', 'u'], ''],
  [['FILE', 'u:v'], ''],
]
describe.each(oneOfEvery(2, refused))('mosquitto_passwd and mqttx passwd %j', (words, stdin) => {
  peerTest('say the same and end with the same status', ['mosquitto_passwd'], async () => {
    const file = join(folder, 'same')
    const places = { FILE: file, FOLDER: folder, NONE: join(folder, 'none') } as const
    const args = words.map((word) => (word in places ? places[word as keyof typeof places] : word))
    writeFileSync(file, '', { mode: 0o600 })
    const [theirRun, ourRun] = [await theirs(args, stdin), await passwd(args, stdin)]

    expect(ourRun.status).toBe(theirRun.status)
    expect(ourRun.stderr.split('\n')[0]).toBe(theirRun.stderr.split('\n')[0])
    expect(ourRun.stdout.toString().trimEnd()).toBe(theirRun.stdout.toString().trimEnd())
  })
})
