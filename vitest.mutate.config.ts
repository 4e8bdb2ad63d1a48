// The tests that a mutant is tried with (`npm run mutate`): those of units, without processes, peers and fuzzers.
import { mergeConfig } from 'vitest/config'
import base from './vitest.config.js'

const all = 'capture,cli,codec,connection,format,inspect,io,library,passwd,replay,session,sn,top'
const units = (process.env.MQTTX_MUTATE_UNITS ?? all).split(',')
const slow = [
  'inspect/losses',
  'inspect/many',
  'library/packed',
  'library/client',
  'connection/every-loss',
  'connection/whatever-comes',
]

export default mergeConfig(
  { ...base, test: { ...base.test, projects: undefined, include: [], pool: 'threads' } },
  {
    test: {
      setupFiles: ['.ci/skip-long.mjs'],
      include: units.map((unit) => `test/${unit}/**/*.test.ts`),
      exclude: ['test/**/fuzz.test.ts', ...slow.map((name) => `test/${name}.test.ts`)],
    },
  },
)
