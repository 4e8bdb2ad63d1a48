// Runs a part of the tests on the newest Node with long-term support: the one that the executables carry, from npm. Where
// there is none for this machine, or npm does not have it, that is said and is no failure; a wrong hash is one.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { nodeOf } from './pack/node-runtime.mjs'
import { hostTarget, root, versions } from './pack/targets.mjs'

/** Unit tests of what runs for each message, and commands as processes: within a minute, on a machine with two cores. */
const tests = [
  ...['test/session', 'test/codec', 'test/io', 'test/format', 'test/text.test.ts', 'test/byte-text.test.ts'],
  ...['test/passwd/hash.test.ts', 'test/transport/websocket.test.ts', 'test/transport/certificate.test.ts'],
  ...['test/commands/help.test.ts', 'test/commands/removal.test.ts', 'test/commands/inspect-hex.test.ts'],
  ...['test/broker/access.test.ts', 'test/broker/run.test.ts', 'test/peers/directions.test.ts'],
]

function newestNode() {
  if (hostTarget === undefined) return skip(`npm has no Node for ${process.platform} on ${process.arch}`)
  try {
    return nodeOf(hostTarget)
  } catch (error) {
    if (/is not what it was/.test(error.message)) throw error
    return skip(error.message)
  }
}

function skip(why) {
  process.stdout.write(`The tests do not run on Node ${versions.node}: ${why}\n`)
}

const node = newestNode()
if (node !== undefined) {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  process.stdout.write(
    `Node ${versions.node}, with long-term support; npm test runs on ${process.version}.\n`,
  )
  const { status, error } = spawnSync(node, [vitest, 'run', ...tests], { cwd: root, stdio: 'inherit' })
  if (error !== undefined) throw error
  process.exitCode = status ?? 1
}
