// Rows of the table of e2e.mjs: hashing of one and of many passwords.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder, time } from './measure.mjs'

const users = 1000

const seconds = (n) => n.toFixed(3)

/** OpenSSL calculates the hash; mqttx adds the start of Node. */
async function singleRow({ mqttx, node, interleave, runs }) {
  const file = join(folder, 'users')
  writeFileSync(file, '', { mode: 0o600 })
  const [ours, empty, mosquitto] = await interleave(
    [
      () => time(`${mqttx} passwd -b '${file}' ada secret >/dev/null`),
      () => time(`${node} -e 0`),
      () => time(`mosquitto_passwd -b '${file}' ada secret >/dev/null`),
    ],
    Math.max(runs, 20),
  )
  const allowed = empty.wall + mosquitto.wall
  const ratio = ours.wall / allowed
  return {
    name: 'passwd -b, whole process (peer: mosquitto_passwd and node -e 0 together)',
    ours: `${seconds(ours.wall)} s`,
    peer: `${seconds(allowed)} s`,
    ratio: ratio.toFixed(2),
    bar: 'at most 1.0',
    met: ratio <= 1,
  }
}

async function bulkRow({ mqttx, interleave, runs }, options, count, bar) {
  const file = join(folder, 'plain')
  writeFileSync(file, Array.from({ length: count }, (_, at) => `user${at}:password${at}\n`).join(''))
  const command = `${mqttx} passwd ${options} -U - <'${file}' >/dev/null`
  const [all, one] = await interleave(
    [() => time(command), () => time(command.replace('passwd', 'passwd --jobs 1'))],
    runs,
  )
  const ratio = one.wall / all.wall
  return {
    name: `passwd ${options} -U -, ${count} users (peer: --jobs 1)`.replaceAll('  ', ' '),
    ours: `${seconds(all.wall)} s`,
    peer: `${seconds(one.wall)} s`,
    ratio: ratio.toFixed(2),
    bar: bar === undefined ? '' : `at least ${bar.toFixed(1)}`,
    met: bar === undefined || ratio >= bar,
  }
}

export async function passwdRows(tools) {
  return [
    await singleRow(tools),
    await bulkRow(tools, '', users, 1.7),
    await bulkRow(tools, '-H argon2id', users / 10),
  ]
}
