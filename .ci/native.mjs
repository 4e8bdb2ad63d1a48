// Runs the tests that start mqttx as a process on the executable of this machine: `node .ci/native.mjs [FILE...]`.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { executable, hostTarget, root } from './pack/targets.mjs'

/** How a test file starts the program: with helpers that do, or with functions of run.ts and peers.ts that do. */
const starts =
  /helpers\/(on-a-terminal|memory|readme|golden|clients)\.js'|\b(mqttx|startMqttx|shell|program\w*|startOwnBroker|\w*[bB]rokers)\b[^}]*\} from '[^']*helpers\/(run|peers)\.js'/
/** Tests of the library and of the package for npm, which run on Node. */
const others = /^test\/(library|pack\/(?!native))/

const program = executable(hostTarget)
if (!existsSync(program)) throw new Error(`${program} is not built: npm run pkg`)
const files = process.argv.slice(2)
const all = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .map((file) => `test/${file.replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.test.ts') && !others.test(file))
  .filter((file) => starts.test(readFileSync(join(root, file), 'utf8')))
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const { status, error } = spawnSync(process.execPath, [vitest, 'run', ...(files.length > 0 ? files : all)], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, MQTTX_PROGRAM: program, MQTTX_PROGRAM_RUNTIME: 'bun' },
})
if (error !== undefined) throw error
process.exitCode = status ?? 1
