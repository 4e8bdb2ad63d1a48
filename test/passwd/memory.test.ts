// Memory use of argon2id on each installed Node.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { amount } from '../helpers/amount.js'
import { measured } from '../helpers/memory.js'

const users = amount({ inCi: 60, here: 12 })
const stdin = Array.from({ length: users }, (_, at) => `user${at}:x\n`).join('')

/** The Node binaries of `npm run pkg`, and those in MQTTX_NODES, separated by `:`. */
const engines = [
  process.execPath,
  ...(process.env.MQTTX_NODES?.split(':') ?? []),
  resolve('build/cache/.pkg-cache/sea/node-v26.10.0-linux-x64/bin/node'),
].filter((path) => existsSync(path))

test.each(engines)(
  `E76: ${users} hashes with argon2id take less than 200 MB: %s`,
  async (engine) => {
    const args = ['passwd', '-H', 'argon2id', '--jobs', '2', '-U', '-']
    const { stdout, peakMiB } = await measured(args, { engine, stdin, timeoutMs: 300_000 })
    expect(stdout.toString().match(/:\$argon2id\$v=19\$m=47104,t=1,p=1\$/g)).toHaveLength(users)
    expect(peakMiB).toBeLessThan(200)
  },
  300_000,
)
