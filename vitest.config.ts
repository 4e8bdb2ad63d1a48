import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'
// @ts-expect-error -- a script without types
import { packedGuides } from './.ci/guides.mjs'

export default defineConfig({
  define: {
    MQTTX_VERSION: JSON.stringify('0.1.0-test'),
    MQTTX_GUIDES: JSON.stringify(packedGuides()),
    // A thread cannot start from TypeScript: the bundled one is used, which `npm test` has built.
    MQTTX_PASSWD_WORKER: JSON.stringify(resolve(import.meta.dirname, 'dist/passwd-worker.cjs')),
    MQTTX_BENCH_WORKER: JSON.stringify(resolve(import.meta.dirname, 'dist/bench-worker.cjs')),
  },
  test: {
    include: ['test/**/*.test.ts'],
    // For what hangs: tests wait for events, which a busy machine is slow to bring.
    testTimeout: 90_000,
    hookTimeout: 90_000,
    expect: { poll: { timeout: 60_000 } },
    pool: 'forks',
    maxWorkers: 4, // most of the time is spent waiting for servers and programs
  },
})
